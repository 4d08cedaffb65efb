// Echo with Bun's own server, on Bun. Prints its port.

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request, self) => (self.upgrade(request) ? undefined : new Response(null, { status: 426 })),
  websocket: {
    maxPayloadLength: 1_048_576,
    message: (ws, message) => void ws.send(message),
  },
});
console.log(server.port);
