// What every server program under `servers/` tells of itself: where it listens
// and what the operating system has charged to it so far. The servers bring
// nothing but what they do for their clients.

import { setImmediate as untilNextTurn, setTimeout as delay } from 'node:timers/promises';
import { answerParent } from './parent.ts';

export interface ServerQuestion {
  /** The port · µs of processor time, user and system · bytes resident after a full collection. */
  readonly ask: 'port' | 'cpu' | 'memory';
}

/** Tells a server's port and costs, until the parent ends it. */
export function answerForServer(port: number): void {
  answerParent(({ ask }: ServerQuestion) => {
    switch (ask) {
      case 'port':
        return port;
      case 'cpu':
        return cpuMicroseconds();
      case 'memory':
        return residentBytes();
      default:
        return ask satisfies never;
    }
  });
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
