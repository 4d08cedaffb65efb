// Echo with socket.io: an event in, the same event out, in its own protocol over
// WebSocket alone. Prints its port.

import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, {
  transports: ['websocket'],
  maxHttpBufferSize: 1_048_576,
  // No ping while it is measured.
  pingInterval: 600_000,
});
io.on('connection', (socket) => {
  socket.on('m', (text) => socket.emit('m', text));
});
http.listen(0, '127.0.0.1', () => process.stdout.write(`${http.address().port}\n`));
