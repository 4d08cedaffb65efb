// The option `heartbeat` of hosts and clients: its table and its check. conversation-options.ts
// calls it; what a heartbeat does is heartbeat.ts's.

import { Heartbeat } from './heartbeat.ts';
import type { HeartbeatTimes } from './heartbeat.ts';
import type { Clock } from '../time/clock.ts';
import { badArgument, checkNames, checkPeriod } from '../core/arguments.ts';
import { checkValues, defaultsOf, namesOf } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';

/** How a lost peer is found out; false: it is not. */
export type HeartbeatOption = HeartbeatTimes | false;

export const HEARTBEAT_OPTIONS: OptionTable<HeartbeatTimes> = {
  // Below the 30 s after which the strictest common proxies drop a silent connection.
  intervalMs: [25_000, checkPeriod],
  timeoutMs: [20_000, checkPeriod],
};

export const DEFAULT_HEARTBEAT: HeartbeatTimes = defaultsOf(HEARTBEAT_OPTIONS);

/**
 * Makes the heartbeat that the option asks for. A given one names both times.
 *
 * @param call - Named in errors.
 * @returns undefined for false.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function heartbeatOf(call: string, option: HeartbeatOption, clock: Clock): Heartbeat | undefined {
  if (option === false) return undefined;
  if (typeof option !== 'object' || option === null)
    throw badArgument(call, 'heartbeat to be { intervalMs, timeoutMs } or false', option);
  checkNames(`${call} heartbeat`, option, namesOf(HEARTBEAT_OPTIONS));
  const { intervalMs, timeoutMs } = option;
  checkValues(call, { intervalMs, timeoutMs }, HEARTBEAT_OPTIONS, 'heartbeat.');
  return new Heartbeat(clock, { intervalMs, timeoutMs });
}
