// Our server under soak.

import { setImmediate as untilNextTurn, setTimeout as delay } from 'node:timers/promises';
import { serve } from 'corosock';
import type { ServerSocket } from 'corosock';
import { answerParent } from '../../parent.ts';
import type { SubjectQuestion } from '../subject.ts';
import { answerForProcess, readOrder } from './answers.ts';

const SLOW_MS = 100;

const { conduct, options = {} } = readOrder();
let starts = 0;

async function converse(ws: ServerSocket): Promise<void> {
  starts += 1;
  if (conduct === 'silent') return void (await ws.closed);
  const waiting = conduct === 'draining' ? { signal: ws.draining } : {};
  for (;;) {
    const [data, status] = await ws.readMessage(waiting);
    if (status !== 'ok') return;
    if (conduct === 'slow') await delay(SLOW_MS);
    await ws.write(data);
  }
}

const members = new Set<ServerSocket>();

async function join(ws: ServerSocket): Promise<void> {
  if (ws.request.headers['x-conduct'] === 'echo') return converse(ws);
  members.add(ws);
  await ws.closed;
  members.delete(ws);
}

const host = await serve(
  { '/': conduct === 'members' ? join : converse },
  { hostname: '0.0.0.0', report: () => {}, ...options },
);

async function broadcast(messages: number, bytes: number): Promise<number> {
  const text = 'x'.repeat(bytes);
  const late = new Set<ServerSocket>();
  for (let message = 0; message < messages; message += 1) {
    for (const ws of members) {
      void ws.write(text, { timeoutMs: 0 }).then((status) => status === 'ok' || late.add(ws));
    }
    await untilNextTurn();
  }
  return members.size - late.size;
}

answerParent(async (question: SubjectQuestion) => {
  switch (question.ask) {
    case 'port':
      return host.port;
    case 'starts':
      return starts;
    case 'sockets':
      return host.sockets.size;
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
