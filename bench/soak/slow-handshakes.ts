// A thousand connections that send a byte of their request now and then: when they are gone, and
// whether honest clients wait for them.

import { openSocket } from './peer.ts';
import { percentile } from './row.ts';
import type { Figure, Row } from './row.ts';
import type { DawdlersQuestion } from './servers/dawdlers.ts';
import { withSubject } from './subject.ts';
import { Child } from '../child.ts';

const SLOW = 1000;
const HONEST = 1000;
const TIMEOUT_MS = 2000;
const BYTE_EVERY_MS = 250;
const LATEST_MS = TIMEOUT_MS + 1000;
const MOST_SLOWER = 2;

const PROGRAM = new URL('servers/dawdlers.js', import.meta.url);

/** Opens connections one after the other, and gives the times that it took, in ms. */
async function honest(port: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let connection = 0; connection < HONEST; connection += 1) {
    const began = performance.now();
    const socket = await openSocket(port);
    times.push(performance.now() - began);
    socket.destroy();
  }
  return times;
}

/** Measures honest connects while all slow ones are there, and then waits for the end of these. */
async function beside(
  dawdlers: Child<DawdlersQuestion>,
  port: number,
  alone: number,
): Promise<{ readonly slower: number; readonly longest: number }> {
  await dawdlers.ask({ ask: 'begin', port, clients: SLOW, everyMs: BYTE_EVERY_MS });
  const slower = percentile(await honest(port), 99) / alone;
  const latestMs = LATEST_MS * 10;
  return { slower, longest: await dawdlers.ask({ ask: 'end', latestMs }, latestMs) };
}

async function measure(): Promise<readonly Figure[]> {
  const order = { conduct: 'echo', options: { handshakeTimeoutMs: TIMEOUT_MS } } as const;
  return withSubject('corosock', order, async (_, port) => {
    await honest(port);
    const alone = percentile(await honest(port), 99);
    const dawdlers = new Child<DawdlersQuestion>(PROGRAM, { core: 1 });
    const { slower, longest } = await beside(dawdlers, port, alone).finally(() => dawdlers.stop());
    return [
      {
        what: `${SLOW} slow handshakes: the last is gone`,
        ours: `${longest.toFixed(0)} ms`,
        limit: `at most handshakeTimeoutMs + 1 s = ${LATEST_MS} ms`,
        isKept: longest <= LATEST_MS,
      },
      {
        what: 'p99 of honest connects, over that without them',
        ours: `${slower.toFixed(2)} ×`,
        limit: `at most ${MOST_SLOWER} ×`,
        isKept: slower <= MOST_SLOWER,
      },
    ];
  });
}

export const SLOW_HANDSHAKES: Row = { name: 'slow handshakes', measure };
