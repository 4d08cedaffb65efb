// One node of several with socket.io and its Redis adapter: what is said by one is emitted to a room
// in which all are, on all nodes. Prints its port.

import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';

const port = Number(process.argv[3]);
const publisher = createClient({ socket: { host: '127.0.0.1', port } });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const http = createServer();
const io = new Server(http, {
  adapter: createAdapter(publisher, subscriber),
  transports: ['websocket'],
  maxHttpBufferSize: 1_048_576,
  // No ping while it is measured.
  pingInterval: 600_000,
});
io.on('connection', async (socket) => {
  await socket.join('all');
  socket.on('m', (text) => io.to('all').emit('m', text));
  socket.emit('joined');
});
// What it has subscribed to is in force.
await subscriber.ping();
http.listen(0, '127.0.0.1', () => process.stdout.write(`${http.address().port}\n`));
