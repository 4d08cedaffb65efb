// When a program of the examples has to end. It is called first: a program that has started others
// may be told while it still begins.

const EVENTS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const;

/**
 * Resolves at Ctrl+C, when the terminal is closed, and when the process that has started this one
 * over a channel has ended, for whatever reason.
 */
export function untilEnded(): Promise<unknown> {
  if (process.send !== undefined && !process.connected) return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of EVENTS) process.once(event, resolve);
  });
}
