// The same work with the callbacks of `ws`, as its documents show them.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as untilNextTurn } from 'node:timers/promises';
import type { RawData, WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { answerParent } from '../../parent.ts';
import type { SubjectQuestion } from '../subject.ts';
import { answerForProcess, readOrder } from './answers.ts';

const SLOW_MS = 100;

const { conduct, options = {} } = readOrder();
let starts = 0;

const server = new WebSocketServer({
  host: '0.0.0.0',
  port: 0,
  maxPayload: options.maxMessageBytes ?? 1_048_576,
  perMessageDeflate: options.compression === true,
});

server.on('connection', (ws) => {
  starts += 1;
  const waiting: RawData[] = [];
  const answer = (data: RawData, isBinary: boolean): void =>
    ws.send(isBinary ? data : (data as Buffer).toString());
  if (conduct === 'echo') ws.on('message', answer);
  if (conduct === 'slow' || conduct === 'silent') ws.on('message', (data: RawData) => waiting.push(data));
  if (conduct === 'slow') {
    const timer = setInterval(() => {
      const data = waiting.shift();
      if (data !== undefined) answer(data, true);
    }, SLOW_MS);
    ws.on('close', () => clearInterval(timer));
  }
  ws.on('close', () => {});
  ws.on('error', () => {});
});

/** Sends to each, whatever it has taken: `ws` keeps what a client does not take. */
async function broadcast(messages: number, bytes: number): Promise<number> {
  const text = 'x'.repeat(bytes);
  for (let message = 0; message < messages; message += 1) {
    for (const ws of server.clients) ws.send(text);
    await untilNextTurn();
  }
  return [...server.clients].filter(({ bufferedAmount }) => bufferedAmount === 0).length;
}

async function close(): Promise<number> {
  const began = performance.now();
  for (const ws of server.clients) (ws as WebSocket).close(1001);
  await new Promise((resolve) => server.close(resolve));
  return performance.now() - began;
}

await once(server, 'listening');
answerParent(async (question: SubjectQuestion) => {
  switch (question.ask) {
    case 'port':
      return (server.address() as AddressInfo).port;
    case 'starts':
      return starts;
    case 'sockets':
      return server.clients.size;
    case 'broadcast':
      return broadcast(question.messages, question.bytes);
    case 'close':
      return close();
    default:
      return (await answerForProcess(question.ask)) ?? NaN;
  }
});
