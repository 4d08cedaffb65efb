// When a program of the examples has to end. It is called first: a program that starts others may be
// told while it still begins.

import { parentPort } from 'node:worker_threads';

const EVENTS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const;
const LOOKS_EVERY_MS = 500;

/**
 * Resolves at Ctrl+C, when the terminal is closed, and when the process that has started this one
 * has ended, for whatever reason. In a thread also at the first message of the thread that has
 * started it.
 */
export function untilEnded(): Promise<unknown> {
  if (process.send !== undefined && !process.connected) return Promise.resolve();
  const parent = process.ppid;
  return new Promise((resolve) => {
    for (const event of EVENTS) process.once(event, resolve);
    parentPort?.once('message', resolve);
    // The shell of npm ends at SIGTERM without a word to its program.
    setInterval(() => process.ppid !== parent && resolve(undefined), LOOKS_EVERY_MS).unref();
  });
}
