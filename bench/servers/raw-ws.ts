// The yardstick: echo with the callbacks of `ws`, text decoded as corosock
// decodes it, and the same largest message.

import type { AddressInfo } from 'node:net';
import type { RawData } from 'ws';
import { WebSocketServer } from 'ws';
import { answerForServer } from '../server-answers.ts';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 1_048_576 });

server.on('connection', (ws) => {
  ws.on('message', (data: RawData, isBinary) => {
    ws.send(isBinary ? data : (data as Buffer).toString());
  });
  ws.on('close', () => {});
  ws.on('error', () => {});
});

server.on('listening', () => answerForServer((server.address() as AddressInfo).port));
