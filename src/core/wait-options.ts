// What may end a wait, the same for all that can be waited for, and its check. What
// a call does when its time is up or its signal aborts is said where the call is.

import { checkMs, checkNames, checkSignal } from './arguments.ts';

/** How long a call waits, and what may end that sooner. */
export interface WaitOptions {
  /** ≥ 0 or Infinity; 0 takes only what is already there. */
  readonly timeoutMs?: number;
  /** Aborting rejects with the signal's reason; nothing is taken. */
  readonly signal?: AbortSignal;
}

const WAIT_OPTIONS: ReadonlySet<string> = new Set<keyof WaitOptions>(['timeoutMs', 'signal']);

/**
 * Refuses options that are not {@link WaitOptions}, and names besides.
 *
 * @param call - Named in the error.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function checkWait(call: string, options: WaitOptions): void {
  checkNames(call, options, WAIT_OPTIONS);
  const { timeoutMs = 0, signal } = options;
  checkMs(call, 'timeoutMs', timeoutMs);
  checkSignal(call, 'signal', signal);
}
