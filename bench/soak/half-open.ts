// Links that end without a word: a network of two namespaces whose cable is pulled, and servers that
// stand still for five seconds while all of their clients live.

import { setTimeout as delay } from 'node:timers/promises';
import type { Figure, Row } from './row.ts';
import type { ClientsQuestion } from './servers/clients.ts';
import { Cable, obstacleToCable } from '../cable.ts';
import { startSubject } from './subject.ts';
import type { Subject } from './subject.ts';
import { Child } from '../child.ts';

const HEARTBEAT = { intervalMs: 1000, timeoutMs: 500 };
const LATEST_MS = HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs + 1000;
const ROUNDS = 20;
const LOOK_MS = 10;
const BLOCK_MS = 5000;
const SERVERS = 5;
const CLIENTS = 10;

const PROGRAM = new URL('servers/clients.js', import.meta.url);

async function untilNone(subject: Subject): Promise<number> {
  const began = performance.now();
  while (performance.now() - began < LATEST_MS * 4) {
    if ((await subject.ask({ ask: 'sockets' })) === 0) return performance.now() - began;
    await delay(LOOK_MS);
  }
  return Infinity;
}

/** Pulls the cable at one moment after the other of the heartbeat's interval. */
async function pulls(): Promise<readonly number[]> {
  const cable = new Cable();
  const order = { conduct: 'silent', options: { heartbeat: HEARTBEAT } } as const;
  const subject = startSubject('corosock', order, ['ip', 'netns', 'exec', cable.server]);
  const times: number[] = [];
  try {
    const url = `ws://${cable.address}:${await subject.ask({ ask: 'port' })}/`;
    for (let round = 0; round < ROUNDS; round += 1) {
      const within = ['ip', 'netns', 'exec', cable.client];
      const clients = new Child<ClientsQuestion>(PROGRAM, { core: 1, within });
      try {
        await clients.ask({ ask: 'open', url, count: 1 });
        await delay(HEARTBEAT.intervalMs * (1 + round / ROUNDS));
        cable.set('down');
        times.push(await untilNone(subject));
      } finally {
        clients.stop();
        cable.set('up');
      }
    }
    return times;
  } finally {
    subject.stop();
    cable.remove();
  }
}

/** Stops a server with its clients' pongs under way. @returns How many clients it has ended. */
async function block(): Promise<number> {
  const subject = startSubject('corosock', { conduct: 'silent', options: { heartbeat: HEARTBEAT } });
  const clients = new Child<ClientsQuestion>(PROGRAM, { core: 1 });
  try {
    const url = `ws://127.0.0.1:${await subject.ask({ ask: 'port' })}/`;
    await clients.ask({ ask: 'open', url, count: CLIENTS });
    for (let round = 0; round < ROUNDS / SERVERS; round += 1) {
      await delay(HEARTBEAT.intervalMs * (1 + round / ROUNDS));
      subject.signal('SIGSTOP');
      await delay(BLOCK_MS);
      subject.signal('SIGCONT');
    }
    await delay(LATEST_MS);
    return CLIENTS - (await subject.ask({ ask: 'sockets' }));
  } finally {
    subject.stop();
    clients.stop();
  }
}

async function measure(): Promise<readonly Figure[]> {
  const times = await pulls();
  const kills = await Promise.all(Array.from({ length: SERVERS }, block));
  const ended = kills.reduce((sum, count) => sum + count, 0);
  const inTime = times.filter((ms) => ms <= LATEST_MS).length;
  return [
    {
      what: `half-open links, found within the interval, the time-out and 1 s = ${LATEST_MS} ms`,
      ours: `${inTime} of ${ROUNDS}, the last after ${Math.max(...times).toFixed(0)} ms`,
      limit: `${ROUNDS} of ${ROUNDS}`,
      isKept: inTime === ROUNDS,
    },
    {
      what: `living clients that were ended, ${ROUNDS} times that a server stood still for 5 s`,
      ours: `${ended} of ${SERVERS * CLIENTS}`,
      limit: '0',
      isKept: ended === 0,
    },
  ];
}

export const HALF_OPEN: Row = { name: 'half-open', obstacle: obstacleToCable, measure };
