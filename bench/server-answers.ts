// What every server program under `servers/` tells of itself: where it listens
// and what the operating system has charged to it so far. The servers bring
// nothing but what they do for their clients.

import { createRequire } from 'node:module';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { PerformanceEntry } from 'node:perf_hooks';
import { setImmediate as untilNextTurn, setTimeout as delay } from 'node:timers/promises';
import { BlockWatch } from './block-watch.ts';
import { answerParent } from './parent.ts';

export interface ServerQuestion {
  /**
   * The port · µs of processor time, user and system · bytes resident after a full collection ·
   * mark-sweeps since they were first asked for · bytes of the heap and beside it after a full
   * collection · members that the last publish has skipped · nothing, and blocks are watched from now
   * on · ms of the p99 of them.
   */
  readonly ask: 'port' | 'cpu' | 'memory' | 'mark-sweeps' | 'heap' | 'skipped' | 'watch blocks' | 'blocked';
}

/** What only some servers can tell. */
export interface OwnAnswers {
  readonly skipped?: () => number;
}

let blockWatch: BlockWatch | undefined;

/** Tells a server's port and costs, until the parent ends it. @throws Error where `ws` is not as it should be. */
export function answerForServer(port: number, { skipped = () => NaN }: OwnAnswers = {}): void {
  expectBufferutil(process.env[NO_BUFFERUTIL] === '');
  answerParent(({ ask }: ServerQuestion) => {
    switch (ask) {
      case 'port':
        return port;
      case 'cpu':
        return cpuMicroseconds();
      case 'memory':
        return residentBytes();
      case 'mark-sweeps':
        return countMarkSweeps();
      case 'heap':
        return heapBytes();
      case 'skipped':
        return skipped();
      case 'watch blocks':
        blockWatch = new BlockWatch();
        return 0;
      case 'blocked':
        return blockWatch?.end() ?? NaN;
      default:
        return ask satisfies never;
    }
  });
}

/** Of `ws`: it looks for bufferutil unless this is set. child.ts sets it, peers.ts makes it empty. */
const NO_BUFFERUTIL = 'WS_NO_BUFFER_UTIL';

/** `ws` falls back to its own code without a word, and takes bufferutil without being asked. */
function expectBufferutil(isExpected: boolean): void {
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  const has = loaded.some((path) => path.endsWith('bufferutil.node'));
  if (has !== isExpected) throw new Error(`ws is measured with${has ? '' : 'out'} bufferutil`);
}

/**
 * Of the whole process: the threads of its collector and compiler count. What has
 * come from clients by now, such as the end of their connections, is dealt with
 * first: it takes a turn to be read, and one to be told to those who listen.
 */
async function cpuMicroseconds(): Promise<number> {
  await untilNextTurn();
  await untilNextTurn();
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Collects more than once: what a finalizer lets go of, and pages that are given back late. */
async function residentBytes(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await delay(100);
  }
  return process.memoryUsage.rss();
}

/** After full collections: in use, and outside of the heap. */
export async function heapBytes(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await untilNextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let markSweeps: number | undefined;

/** They are watched from the first question on: rows that do not ask pay nothing. */
async function countMarkSweeps(): Promise<number> {
  if (markSweeps === undefined) watchMarkSweeps();
  // What is observed is told in a turn of its own.
  await untilNextTurn();
  await untilNextTurn();
  return markSweeps ?? 0;
}

function watchMarkSweeps(): void {
  markSweeps = 0;
  const observer = new PerformanceObserver((list) => {
    markSweeps = (markSweeps ?? 0) + list.getEntries().filter(isMarkSweep).length;
  });
  observer.observe({ entryTypes: ['gc'] });
}

function isMarkSweep(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { readonly detail: { readonly kind: number } };
  return detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
