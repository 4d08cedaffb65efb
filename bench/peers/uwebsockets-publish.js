// What is said by one is published so many times to all, with uWebSockets. Prints its port.

import uWS from 'uwebsockets';

const times = Number(process.argv[2]);
const decoder = new TextDecoder();
const app = uWS.App();
app
  .ws('/*', {
    compression: uWS.DISABLED,
    maxPayloadLength: 1_048_576,
    maxBackpressure: 1_048_576,
    open: (ws) => void ws.subscribe('all'),
    message: (_, message) => {
      const text = decoder.decode(message);
      for (let n = 0; n < times; n += 1) app.publish('all', text);
    },
  })
  .listen('127.0.0.1', 0, (socket) => {
    process.stdout.write(`${uWS.us_socket_local_port(socket)}\n`);
  });
