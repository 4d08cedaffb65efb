// Work on many items in slices: between two of them the sockets of the process have a turn of the
// event loop. Brokers tell gaps, hosts close sockets, hubs end handles and rooms look at keys so.

import type { Clock } from './clock.ts';
import { noop } from '../core/noop.ts';

/**
 * Calls back with slices of a list, in order: with the first inside this call, with one in each
 * later turn.
 *
 * @param items - Must not change meanwhile.
 * @param most - The most items of one slice.
 * @param visit - Gets one slice. Where it returns false, no other follows.
 * @param end - Called right after the last slice.
 */
export function inTurns<T>(
  clock: Clock,
  items: readonly T[],
  most: number,
  visit: (slice: readonly T[]) => void | false,
  end: () => void = noop,
): void {
  let next = 0;
  const step = (): void => {
    const slice = items.slice(next, next + most);
    next += most;
    if (visit(slice) === false) return;
    if (next >= items.length) end();
    else clock.setImmediate(step);
  };
  step();
}
