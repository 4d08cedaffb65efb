// Calls that wait for something of no host: listed while they wait, and not kept alive.

import { describe, expect, it, vi } from 'vitest';
import { LooseWaits, MOST_YOUNG, SWEEP_AT } from '../../src/waiting/loose-waits.ts';
import type { LooseSelect, LooseWait } from '../../src/waiting/loose-waits.ts';

const waiting = (sinceMs: number): LooseWait => ['other', { resolver: () => {}, sinceMs }];
const times = (waits: LooseWaits): readonly number[] => [...waits].map(([, { sinceMs }]) => sinceMs);

class Holder implements LooseSelect {
  isDone = false;
  readonly #times: readonly number[];
  previous: LooseSelect | undefined;
  next: LooseSelect | undefined;

  constructor(...at: readonly number[]) {
    this.#times = at;
  }

  get held(): readonly LooseWait[] {
    return this.isDone ? [] : this.#times.map(waiting);
  }
}

/** More selects than a list holds. */
function crowd(waits: LooseWaits, more: number): readonly Holder[] {
  const holders = Array.from({ length: MOST_YOUNG + more }, (_, at) => new Holder(at));
  for (const holder of holders) waits.add(holder);
  return holders;
}

describe('LooseWaits', () => {
  it('lists what selects and channels hold', () => {
    const waits = new LooseWaits();
    const channel = new Holder(1, 2);
    waits.hold(channel);
    for (const at of [3, 4]) waits.add(new Holder(at));
    expect([times(waits), waits.size, channel.isDone]).toEqual([[1, 2, 3, 4], [2, 1], false]);
  });

  it('no longer lists a select that was removed, once or twice', () => {
    const waits = new LooseWaits();
    const [first, second] = [new Holder(1), new Holder(2)];
    for (const select of [first, second]) waits.add(select);
    for (let n = 0; n < 2; n += 1) waits.remove(first);
    expect([times(waits), waits.size]).toEqual([[2], [1, 0]]);
  });

  it('lists old selects, too, without holding them', () => {
    const waits = new LooseWaits();
    const holders = crowd(waits, 2);
    expect([times(waits).slice(0, 3), times(waits).length, waits.size, holders.length]).toEqual([
      [0, 1, 2],
      MOST_YOUNG + 2,
      [MOST_YOUNG, 2],
      MOST_YOUNG + 2,
    ]);
  });

  it('no longer lists an old select that is done', () => {
    const waits = new LooseWaits();
    const [oldest] = crowd(waits, 2);
    if (oldest !== undefined) oldest.isDone = true;
    if (oldest !== undefined) waits.remove(oldest);
    expect([times(waits)[0], waits.size]).toEqual([1, [MOST_YOUNG, 2]]);
  });

  it('drops now and then what is done, or collected', () => {
    const waits = new LooseWaits();
    const living = [new Holder(1), new Holder(2)];
    const done = new Holder(3);
    done.isDone = true;
    for (const holder of living) waits.hold(holder);
    for (let n = 2; n < SWEEP_AT; n += 1) waits.hold(done);
    const before = waits.size;
    waits.hold(new Holder(4));
    expect([before, waits.size, times(waits)]).toEqual([
      [0, SWEEP_AT],
      [0, 3],
      [1, 2, 4],
    ]);
  });

  it('passes over what is collected', () => {
    const waits = new LooseWaits();
    waits.hold(new Holder(1));
    const deref = vi.spyOn(WeakRef.prototype, 'deref').mockReturnValue(undefined);
    const listed = times(waits);
    for (let n = 0; n < SWEEP_AT; n += 1) waits.hold(new Holder(n));
    deref.mockRestore();
    expect([listed, waits.size]).toEqual([[], [0, 1]]);
  });
});
