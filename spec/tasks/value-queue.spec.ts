// The queue of a channel: loops over calls that cannot wait, the budget of a turn, and when it
// wakes subscribers.

import { source } from 'corosock';
import type { Source, SourcePort } from 'corosock';
import { describe, expect, it } from 'vitest';
import { ValueQueue } from '../../src/tasks/value-queue.ts';
import { BUDGET_MESSAGES, BUDGET_MS } from '../../src/time/turn-budget.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { yieldsOf } from '../time/yields-of.ts';

const at = { timeoutMs: Infinity, signal: undefined, owner: undefined };
const now = { ...at, timeoutMs: 0 };

function made(capacity = 64, whenFull: ConstructorParameters<typeof ValueQueue>[1] = 'wait') {
  const clock = new HandClock();
  const queue = new ValueQueue<string>(capacity, whenFull, clock);
  const put = (value: string, timeoutMs = Infinity) => queue.put(value, timeoutMs, undefined);
  return { clock, queue, put };
}

/** A queue with these values, after the budget of the turn is spent. */
async function exhausted(...values: readonly string[]) {
  const all = made(1000);
  for (let n = 0; n < BUDGET_MESSAGES; n += 1) void all.put('x');
  all.clock.nowMs += BUDGET_MS + 1;
  for (let n = 0; n < BUDGET_MESSAGES - 1; n += 1) await all.queue.takeOrWait(now);
  all.queue.take();
  for (const value of values) void all.put(value);
  return all;
}

describe('a call on a channel that cannot wait', () => {
  it.each([
    ['take after the end', () => made(), true, ({ queue }: ReturnType<typeof made>) => queue.takeOrWait(at)],
    ['put after the end', () => made(), true, ({ put }: ReturnType<typeof made>) => put('a')],
    ['take of 0 ms', () => made(), false, ({ queue }: ReturnType<typeof made>) => queue.takeOrWait(now)],
    [
      'put of 0 ms without room',
      () => {
        const all = made(1);
        void all.put('a');
        return all;
      },
      false,
      ({ put }: ReturnType<typeof made>) => put('b', 0),
    ],
    [
      'put that is dropped',
      () => {
        const all = made(1, 'drop-newest');
        void all.put('a');
        return all;
      },
      false,
      ({ put }: ReturnType<typeof made>) => put('b'),
    ],
  ])('yields to the event loop from the third in a row on: %s', async (_, make, closes, call) => {
    const all = make();
    if (closes) all.queue.close();
    expect(await yieldsOf(5, () => call(all))).toEqual([false, false, true, true, true]);
  });

  it('does not count the calls on another channel of the same clock', async () => {
    const { queue, clock } = made();
    const other = new ValueQueue<string>(64, 'wait', clock);
    await yieldsOf(3, () => queue.takeOrWait(now));
    expect(await yieldsOf(2, () => other.takeOrWait(now))).toEqual([false, false]);
  });

  it('takes a value that comes while it yields', async () => {
    const { queue, put } = made();
    await yieldsOf(2, () => queue.takeOrWait(now));
    const third = queue.takeOrWait(now);
    void put('a');
    expect(await third).toEqual(['a', 'ok']);
  });

  it('ends in timeout or in closed when no value comes while it yields', async () => {
    const { queue } = made();
    await yieldsOf(2, () => queue.takeOrWait(now));
    expect(await queue.takeOrWait(now)).toEqual([undefined, 'timeout']);
    const next = queue.takeOrWait(now);
    queue.close();
    expect(await next).toEqual([undefined, 'closed']);
  });
});

describe('a channel after the budget of the turn is spent', () => {
  it('takes in a later turn', async () => {
    const { queue } = await exhausted('a');
    const order: string[] = [];
    setImmediate(() => order.push(`the event loop, ${queue.size} left`));
    await queue.takeOrWait(at).then(([value]) => order.push(`the take of ${value}`));
    expect(order).toEqual(['the event loop, 1 left', 'the take of a']);
  });

  it('puts at once, and answers in a later turn', async () => {
    const { put, queue } = await exhausted();
    const order: string[] = [];
    setImmediate(() => order.push('the event loop'));
    const answer = put('a').then((status) => order.push(`the put: ${status}`));
    const { size } = queue;
    await answer;
    expect([order, size]).toEqual([['the event loop', 'the put: ok'], 1]);
  });

  it('keeps the order of takes: none overtakes a take that yields', async () => {
    const { queue } = await exhausted('a', 'b');
    const takes = [queue.takeOrWait(at), queue.takeOrWait(at)];
    const isReady = queue.ready();
    expect([isReady, await Promise.all(takes)]).toEqual([
      false,
      [
        ['a', 'ok'],
        ['b', 'ok'],
      ],
    ]);
  });

  it('keeps the order of takes in the next turn, too', async () => {
    const { queue } = await exhausted('a', 'b');
    const later = new Promise<unknown>((resolve) => void setImmediate(() => resolve(queue.takeOrWait(at))));
    expect([await queue.takeOrWait(at), await later]).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
    ]);
  });

  it('lets a take wait for its time-out when the value is gone in that turn', async () => {
    const { queue, put, clock } = await exhausted('a');
    const waiting = queue.takeOrWait({ ...at, timeoutMs: 10 });
    queue.take();
    await turn();
    await turn();
    clock.tick(10);
    void put('b');
    expect([await waiting, queue.size]).toEqual([[undefined, 'timeout'], 1]);
  });

  it('wakes subscribers when a take is aborted before that turn, which takes nothing', async () => {
    const { queue } = await exhausted('a');
    const controller = new AbortController();
    const calls: string[] = [];
    const take = queue.takeOrWait({ ...at, signal: controller.signal });
    queue.subscribe(() => calls.push('woken'));
    controller.abort('my reason');
    await expect(take).rejects.toBe('my reason');
    await turn();
    await turn();
    expect([calls, queue.size]).toEqual([['woken'], 1]);
  });

  it('shares that budget with all channels on the same clock', async () => {
    const { clock } = await exhausted();
    const other = new ValueQueue<string>(64, 'wait', clock);
    const order: string[] = [];
    setImmediate(() => order.push('the event loop'));
    await other.put('a', 0, undefined).then(() => order.push('the put'));
    expect(order).toEqual(['the event loop', 'the put']);
  });
});

describe('the port of a channel', () => {
  it('is ready when a value or the end can be taken', () => {
    const { queue, put } = made();
    const states: unknown[] = [[queue.ready(), queue.isOver, queue.take()]];
    void put('a');
    queue.close();
    states.push([queue.ready(), queue.isOver, queue.take()], [queue.ready(), queue.isOver, queue.take()]);
    expect(states).toEqual([
      [false, false, [undefined, 'timeout']],
      [true, false, ['a', 'ok']],
      [true, true, [undefined, 'closed']],
    ]);
  });

  it('gives the room of a taken value to a waiting put', async () => {
    const { queue, put } = made(1);
    void put('a');
    const waiting = put('b');
    expect([queue.take(), await waiting, queue.take()]).toEqual([['a', 'ok'], 'ok', ['b', 'ok']]);
  });

  it('wakes subscribers for a value that no take waits for, and for the end', () => {
    const { queue, put } = made();
    const calls: string[] = [];
    const unsubscribe = queue.subscribe(() => calls.push('woken'));
    void queue.takeOrWait(at);
    void put('a');
    void put('b');
    queue.close();
    unsubscribe();
    queue.close();
    expect(calls).toEqual(['woken', 'woken']);
  });

  it('can be found under the key `source`', () => {
    const queue: SourcePort<unknown> = made().queue;
    const mine: Source<unknown> = { [source]: queue };
    expect(mine[source]).toBe(queue);
  });
});
