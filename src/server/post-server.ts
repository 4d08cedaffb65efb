// The last hook of a run, `onPostServer`, within its time. When it is called, and
// what comes after it, is handler-run.ts's.

import type { Clock } from '../time/clock.ts';

export interface PostServerSettings {
  readonly clock: Clock;
  readonly closeTimeoutMs: number;
}

/**
 * Calls `onPostServer`. Never rejects.
 *
 * @param report - Hears of what it throws, also late, and of its being late.
 * @returns Resolves when it has settled, or `closeTimeoutMs` later: it holds nothing open.
 */
export function callPostServer(
  hook: () => unknown,
  { clock, closeTimeoutMs }: PostServerSettings,
  report: (error: unknown) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => {
      report(new Error(`onPostServer has not settled in ${closeTimeoutMs} ms`));
      resolve();
    }, closeTimeoutMs);
    const settled = (async () => hook())().catch(report);
    void settled.then(() => {
      clock.clearTimeout(timer);
      resolve();
    });
  });
}
