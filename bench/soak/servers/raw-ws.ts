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

const members = new Set<WebSocket>();

server.on('connection', (ws, request) => {
  starts += 1;
  const waiting: RawData[] = [];
  const answer = (data: RawData, isBinary: boolean): void =>
    ws.send(isBinary ? data : (data as Buffer).toString());
  const isMember = conduct === 'members' && request.headers['x-conduct'] !== 'echo';
  if (isMember) members.add(ws);
  else if (conduct === 'echo' || conduct === 'members') ws.on('message', answer);
  if (conduct === 'slow' || conduct === 'silent') ws.on('message', (data: RawData) => waiting.push(data));
  if (conduct === 'slow') {
    const timer = setInterval(() => {
      const data = waiting.shift();
      if (data !== undefined) answer(data, true);
    }, SLOW_MS);
    ws.on('close', () => clearInterval(timer));
  }
  ws.on('close', () => members.delete(ws));
  ws.on('error', () => {});
});

/** Sends to each, whatever it has taken: `ws` keeps what a client does not take. */
async function broadcast(messages: number, bytes: number): Promise<number> {
  const text = 'x'.repeat(bytes);
  for (let message = 0; message < messages; message += 1) {
    for (const ws of members) ws.send(text);
    await untilNextTurn();
  }
  return [...members].filter(({ bufferedAmount }) => bufferedAmount === 0).length;
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
    case 'resident':
    case 'settled':
    case 'heap':
    case 'timers':
    case 'files':
      return answerForProcess(question.ask);
    default:
      return question satisfies never;
  }
});
