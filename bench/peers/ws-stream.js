// Echo with `ws` and its createWebSocketStream, piped into itself; text stays text.
// Prints its port.

import { createWebSocketStream, WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 1_048_576 });
server.on('connection', (ws) => {
  // In object mode one chunk stays one message.
  const stream = createWebSocketStream(ws, { readableObjectMode: true, decodeStrings: false });
  stream.on('error', () => {});
  stream.pipe(stream);
});
server.on('listening', () => process.stdout.write(`${server.address().port}\n`));
