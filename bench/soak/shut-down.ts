// Shutting down with five thousand sockets: handlers that finish when they are asked to, and a tenth
// of clients that are stalled; fifty processes, each of which has to end by itself with code 0.

import type { Socket } from 'node:net';
import { openMany } from './peer.ts';
import { percentile } from './row.ts';
import type { Figure, Row } from './row.ts';
import { startSubject } from './subject.ts';

const SOCKETS = 5000;
const PROCESSES = 50;
const CLOSE_TIMEOUT_MS = 500;
/** What `host.close` takes at most by default: its grace, three time-outs of closing, and a margin. */
const DEADLINE_MS = 10_000 + 3 * CLOSE_TIMEOUT_MS + 1000;
const MOST_P99_MS = 2000;
const MOST_LATER_MS = 250;

interface Down {
  /** From SIGTERM until the process has ended. */
  readonly tookMs: number;
  readonly code: number | null;
}

async function shutDown(isTenthStalled: boolean): Promise<Down> {
  const subject = startSubject('corosock', {
    conduct: 'draining',
    options: { closeTimeoutMs: CLOSE_TIMEOUT_MS, signals: true },
  });
  const sockets: Socket[] = [];
  try {
    const port = await subject.ask({ ask: 'port' });
    sockets.push(...(await openMany(port, SOCKETS)));
    for (const [index, socket] of sockets.entries()) {
      if (!isTenthStalled || index % 10 > 0) answerClose(socket);
    }
    const began = performance.now();
    subject.signal('SIGTERM');
    const code = await subject.exited();
    return { tookMs: performance.now() - began, code };
  } finally {
    subject.stop();
    for (const socket of sockets) socket.destroy();
  }
}

/** An empty masked close frame is answer enough. */
function answerClose(socket: Socket): void {
  socket.resume();
  socket.once('data', () => socket.end(Buffer.from([0x88, 0x80, 0, 0, 0, 0])));
}

async function measure(): Promise<readonly Figure[]> {
  const willing: Down[] = [];
  const stalled: Down[] = [];
  for (let run = 0; run < PROCESSES; run += 1) {
    const isTenthStalled = run % 2 === 1;
    (isTenthStalled ? stalled : willing).push(await shutDown(isTenthStalled));
  }
  const p99 = percentile(
    willing.map(({ tookMs }) => tookMs),
    99,
  );
  const longest = Math.max(...stalled.map(({ tookMs }) => tookMs));
  const zeros = [...willing, ...stalled].filter(({ code }) => code === 0).length;
  return [
    {
      what: `shut-down, ${SOCKETS} sockets that co-operate: p99 of ${willing.length}`,
      ours: `${p99.toFixed(0)} ms`,
      limit: `at most ${MOST_P99_MS} ms`,
      isKept: p99 <= MOST_P99_MS,
    },
    {
      what: `shut-down, a tenth stalled: the longest of ${stalled.length}`,
      ours: `${longest.toFixed(0)} ms`,
      limit: `at most the deadline + ${MOST_LATER_MS} ms = ${DEADLINE_MS + MOST_LATER_MS} ms`,
      isKept: longest <= DEADLINE_MS + MOST_LATER_MS,
    },
    {
      what: 'processes that end with code 0',
      ours: `${zeros} of ${PROCESSES}`,
      limit: `${PROCESSES} of ${PROCESSES}`,
      isKept: zeros === PROCESSES,
    },
  ];
}

export const SHUT_DOWN: Row = { name: 'shut-down', measure };
