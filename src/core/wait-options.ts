// The options that end a wait, the same for all calls that wait, and their check. Each call says
// itself what a time-out or an abort leaves, and which time is its default.

import { badArgument, checkMs, checkNames, checkSignal } from './arguments.ts';

/** How long a call waits, and what ends the wait sooner. */
export interface WaitOptions {
  /** Longest wait in milliseconds, ≥ 0 or Infinity. 0 takes only what is there already. */
  readonly timeoutMs?: number;
  /** Ends the wait when it aborts: the call rejects with the signal's reason and takes nothing. */
  readonly signal?: AbortSignal;
}

const WAIT_OPTIONS: ReadonlySet<string> = new Set<keyof WaitOptions>(['timeoutMs', 'signal']);

/**
 * Gives the options of a call that takes the time alone in their place, too. They are not checked.
 *
 * @throws UsageError `COROSOCK_ARGUMENT` for what is neither a number nor an object.
 */
export function waitOf<Options extends WaitOptions>(
  call: string,
  given: number | Options,
): Options | WaitOptions {
  if (typeof given === 'number') return { timeoutMs: given };
  if (typeof given !== 'object' || given === null) throw badArgument(call, 'milliseconds or options', given);
  return given;
}

/**
 * Refuses options that are not {@link WaitOptions}, and unknown names.
 *
 * @param call - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function checkWait(call: string, options: WaitOptions): void {
  checkNames(call, options, WAIT_OPTIONS);
  const { timeoutMs = 0, signal } = options;
  checkMs(call, 'timeoutMs', timeoutMs);
  checkSignal(call, 'signal', signal);
}
