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
  if (conduct === 'push') return;
  for (;;) {
    const [data, status] = await ws.readMessage();
    if (status !== 'ok') return;
    if (conduct === 'slow') await delay(SLOW_MS);
    await ws.write(data);
  }
}

const server = {
  onPreServer(handshake: { sharedConnection: boolean }) {
    handshake.sharedConnection = true;
  },
  server: converse,
};

const host = await serve(
  { '/': conduct === 'push' ? server : converse },
  {
    hostname: '0.0.0.0',
    report: () => {},
    ...options,
  },
);

async function broadcast(messages: number, bytes: number): Promise<number> {
  const text = 'x'.repeat(bytes);
  const late = new Set<ServerSocket>();
  for (let message = 0; message < messages; message += 1) {
    for (const ws of host.sockets.values()) {
      void ws.write(text, { timeoutMs: 0 }).then((status) => status === 'ok' || late.add(ws));
    }
    await untilNextTurn();
  }
  return host.sockets.size - late.size;
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
    case 'close':
      return (await host.close({ graceMs: question.graceMs })).tookMs;
    default:
      return (await answerForProcess(question.ask)) ?? NaN;
  }
});
