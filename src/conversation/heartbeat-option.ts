// The option `heartbeat` of hosts and clients: its defaults and its checks. Both
// hand what it makes to their conversations.

import { Heartbeat } from './heartbeat.ts';
import type { HeartbeatTimes } from './heartbeat.ts';
import type { Clock } from '../time/clock.ts';
import { badArgument, checkNames, checkPeriod } from '../core/arguments.ts';
import { DEFAULT_HEARTBEAT_INTERVAL_MS, DEFAULT_HEARTBEAT_TIMEOUT_MS } from '../core/limits.ts';

/** How a peer that has gone without a word is found out; false: it is not. */
export type HeartbeatOption = HeartbeatTimes | false;

export const DEFAULT_HEARTBEAT: HeartbeatTimes = Object.freeze({
  intervalMs: DEFAULT_HEARTBEAT_INTERVAL_MS,
  timeoutMs: DEFAULT_HEARTBEAT_TIMEOUT_MS,
});

const TIMES: ReadonlySet<string> = new Set<keyof HeartbeatTimes>(['intervalMs', 'timeoutMs']);

/**
 * Makes what the option asks for.
 *
 * @param call - Named in errors.
 * @returns undefined for false.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function heartbeatOf(call: string, option: HeartbeatOption, clock: Clock): Heartbeat | undefined {
  if (option === false) return undefined;
  if (typeof option !== 'object' || option === null)
    throw badArgument(call, 'heartbeat to be { intervalMs, timeoutMs } or false', option);
  checkNames(`${call} heartbeat`, option, TIMES);
  const { intervalMs, timeoutMs } = option;
  checkPeriod(call, 'heartbeat.intervalMs', intervalMs);
  checkPeriod(call, 'heartbeat.timeoutMs', timeoutMs);
  return new Heartbeat(clock, { intervalMs, timeoutMs });
}
