// The option `signals` of `serve`: SIGTERM and SIGINT close the host, and a second one ends the
// process. serve.ts calls it once the port is open, and removes the listeners once it is free.

import { constants } from 'node:os';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Calls `close` at the first SIGTERM or SIGINT. The second one, of either kind, ends the process at
 * once with the exit code of a process that it kills: 128 and the number of the signal.
 *
 * The process is not ended otherwise: it ends with code 0 when nothing of it is left.
 *
 * @returns Removes the listeners.
 */
export function closeOnSignals(close: () => Promise<unknown>): () => void {
  let isClosing = false;
  const onSignal = (signal: (typeof SIGNALS)[number]): void => {
    if (isClosing) process.exit(128 + constants.signals[signal]);
    isClosing = true;
    void close();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}
