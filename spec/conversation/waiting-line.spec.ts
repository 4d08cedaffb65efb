// The line of parked reads: first come, first served, and who leaves from anywhere.

import { describe, expect, it } from 'vitest';
import { pendingRead } from '../../src/conversation/pending-read.ts';
import type { PendingRead } from '../../src/conversation/pending-read.ts';
import { WaitingLine } from '../../src/conversation/waiting-line.ts';

const waiter = (): PendingRead =>
  pendingRead(
    { binaryData: false, atEnd: true, closedReads: 0 },
    undefined,
    { timeoutMs: Infinity, signal: undefined },
    () => {},
  );

/** A line of three. */
function three(): {
  readonly line: WaitingLine;
  readonly waiters: readonly [PendingRead, PendingRead, PendingRead];
  /** Their numbers, in order. */
  readonly order: () => readonly number[];
} {
  const line = new WaitingLine();
  const waiters = [waiter(), waiter(), waiter()] as const;
  for (const one of waiters) line.append(one);
  return { line, waiters, order: () => [...line].map((one) => waiters.indexOf(one)) };
}

describe('WaitingLine', () => {
  it('is empty at first', () => {
    const line = new WaitingLine();
    expect([line.first, [...line], line.has(waiter())]).toEqual([undefined, [], false]);
  });

  it('has them in the order in which they came', () => {
    const { line, waiters, order } = three();
    expect([line.first === waiters[0], order()]).toEqual([true, [0, 1, 2]]);
    expect(waiters.every((one) => line.has(one))).toBe(true);
  });

  it.each([
    [0, [1, 2]],
    [1, [0, 2]],
    [2, [0, 1]],
  ])('lets number %i leave, and keeps the order of the others', (leaver, others) => {
    const { line, waiters, order } = three();
    const leaving = waiters[leaver] as PendingRead;
    line.remove(leaving);
    expect([order(), line.has(leaving)]).toEqual([others, false]);
    const last = waiter();
    line.append(last);
    expect([...line].at(-1)).toBe(last);
  });

  it('is not disturbed by who leaves twice, or was never there', () => {
    const { line, waiters, order } = three();
    line.remove(waiters[1]);
    line.remove(waiters[1]);
    line.remove(waiter());
    expect(order()).toEqual([0, 2]);
  });

  it('goes on behind one that leaves at its turn', () => {
    const { line, waiters } = three();
    const seen: number[] = [];
    for (const one of line) {
      seen.push(waiters.indexOf(one));
      line.remove(one);
    }
    expect([seen, line.first]).toEqual([[0, 1, 2], undefined]);
  });

  it('visits those that were there when it began, and passes over who leaves meanwhile', () => {
    const { line, waiters } = three();
    const seen: number[] = [];
    for (const one of line) {
      seen.push(waiters.indexOf(one));
      line.remove(waiters[1]);
      line.append(waiter());
    }
    expect(seen).toEqual([0, 2]);
  });

  it.each<[string, (line: WaitingLine, waiters: readonly PendingRead[]) => unknown]>([
    ['appends', (line) => line.append(waiter())],
    ['knows the last', (line, waiters) => line.has(waiters.at(-1) as PendingRead)],
    ['knows a stranger', (line) => line.has(waiter())],
    ['lets the first leave', (line, waiters) => line.remove(waiters[0] as PendingRead)],
    ['lets the last leave', (line, waiters) => line.remove(waiters.at(-1) as PendingRead)],
    ['lets one leave from the middle', (line, waiters) => line.remove(waiters[500] as PendingRead)],
  ])('%s without going along the line', (_, act) => {
    let looks = 0;
    const waiters = Array.from({ length: 1000 }, () => {
      let next: PendingRead | undefined;
      return Object.defineProperty(waiter(), 'next', {
        get: () => ((looks += 1), next),
        set(one: PendingRead | undefined) {
          next = one;
        },
      });
    });
    const line = new WaitingLine();
    for (const one of waiters) line.append(one);
    looks = 0;
    act(line, waiters);
    expect(looks).toBeLessThan(4);
  });

  it('adds nothing to a waiter that is alone, as that of a dedicated socket is', () => {
    const line = new WaitingLine();
    const alone = waiter();
    const names = Object.keys(alone);
    line.append(alone);
    line.remove(alone);
    expect(Object.keys(alone)).toEqual(names);
  });

  it('has an order again when it was empty in between', () => {
    const { line, waiters, order } = three();
    for (const one of waiters) line.remove(one);
    expect([line.first, order()]).toEqual([undefined, []]);
    for (const one of waiters.toReversed()) line.append(one);
    expect(order()).toEqual([2, 1, 0]);
  });
});
