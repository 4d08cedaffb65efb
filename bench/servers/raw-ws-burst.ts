// What is said by one is sent to all so many times, with the callbacks of `ws`.

import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { answerForServer } from '../server-answers.ts';

const times = Number(process.argv[2]);

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 1_048_576 });

server.on('connection', (ws) => {
  ws.on('message', (data: Buffer) => {
    const text = data.toString();
    for (const client of server.clients) {
      for (let n = 0; n < times; n += 1) client.send(text);
    }
  });
  ws.on('close', () => {});
  ws.on('error', () => {});
});

server.on('listening', () => answerForServer((server.address() as AddressInfo).port));
