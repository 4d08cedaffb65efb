// Echo with Deno's own server, on Deno. Prints its port.

Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(port) }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => socket.send(data));
  return response;
});
