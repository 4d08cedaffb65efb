// Echo with `ws` and events.on: the iterator of Node's own that a straight line can
// be written with. Prints its port.

import { on } from 'node:events';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 1_048_576 });
server.on('connection', async (ws) => {
  ws.on('error', () => {});
  for await (const [data, isBinary] of on(ws, 'message', { close: ['close'] })) {
    ws.send(isBinary ? data : data.toString());
  }
});
server.on('listening', () => process.stdout.write(`${server.address().port}\n`));
