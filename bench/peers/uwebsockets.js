// Echo with uWebSockets, in C++ below callbacks; text is decoded, as everywhere.
// Prints its port.

import uWS from 'uwebsockets';

const decoder = new TextDecoder();
uWS
  .App()
  .ws('/*', {
    compression: uWS.DISABLED,
    maxPayloadLength: 1_048_576,
    maxBackpressure: 1_048_576,
    message: (ws, message, isBinary) => {
      ws.send(isBinary ? message : decoder.decode(message), isBinary);
    },
  })
  .listen('127.0.0.1', 0, (socket) => {
    process.stdout.write(`${uWS.us_socket_local_port(socket)}\n`);
  });
