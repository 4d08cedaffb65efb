// Loops over select: a call that is served at once spends the budget of the turn, a call that
// cannot wait yields, and a loop that reads on after the end throws
// (docs/internals/decisions/fairness.md).

import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, select, source } from 'corosock';
import { describe, expect, it, vi } from 'vitest';
import { handSource } from './hand-source.ts';
import { LAST_CLOSED_READ } from '../../src/conversation/read-mistakes.ts';
import { ScriptedBudget } from '../conversation/scripted-budget.ts';
import { scripted } from '../conversation/scripted-transport.ts';
import { noop } from '../../src/core/noop.ts';
import { TurnBudget } from '../../src/time/turn-budget.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { yieldsOf } from '../time/yields-of.ts';

const closedChannel = () => {
  const jobs = channel({ clock: new HandClock() });
  jobs.close();
  return { jobs };
};
const closedSocket = () => {
  const { ws, link } = scripted();
  link.end();
  return { ws };
};
const settled = Promise.resolve();

describe('a select that waits for a later turn', () => {
  it('takes from a source of users in the AsyncLocalStorage context of its call', async () => {
    const context = new AsyncLocalStorage<string>();
    const take = (): string | undefined => context.getStore();
    const mine = { [source]: { ready: () => true, take, subscribe: () => noop } };
    const spend = vi.spyOn(TurnBudget.prototype, 'spend').mockReturnValue(true);
    const calls = ['a', 'b', 'c'].map((name) => context.run(name, () => select({ mine })));
    spend.mockRestore();
    expect((await Promise.all(calls)).map(([, taken]) => taken)).toEqual(['a', 'b', 'c']);
  });
});

describe('a select that cannot wait', () => {
  it.each([
    ['a socket that has ended', closedSocket],
    ['a channel that is closed', closedChannel],
    ['a signal that has aborted', () => ({ stop: AbortSignal.abort(), ws: scripted().ws })],
    ['a promise that has settled', () => ({ settled, ws: scripted().ws })],
  ])('yields to the event loop from the third in a row on: %s', async (_, make) => {
    // From here on the port knows that the promise has settled.
    await select({ settled });
    const sources = make();
    await select(sources);
    expect(await yieldsOf(4, () => select(sources))).toEqual([false, true, true, true]);
  });

  it('yields from the third in a row on with timeoutMs 0 and nothing to take', async () => {
    const { ws } = scripted();
    const poll = (): Promise<unknown> => select({ ws }, { timeoutMs: 0 });
    expect(await yieldsOf(4, poll)).toEqual([false, false, true, true]);
  });

  it('counts anew after a select that has taken a message, or has waited', async () => {
    const { ws, link } = scripted();
    const poll = (): Promise<unknown> => select({ ws }, { timeoutMs: 0 });
    await yieldsOf(2, poll);
    link.arrive('a');
    expect(await yieldsOf(3, poll)).toEqual([false, false, false]);
    const waiting = select({ ws });
    link.arrive('b');
    await waiting;
    expect(await yieldsOf(3, poll)).toEqual([false, false, true]);
  });

  it('takes a message that comes while it yields', async () => {
    const { ws, link, clock } = scripted();
    const poll = (): Promise<unknown> => select({ ws }, { timeoutMs: 0 });
    await yieldsOf(2, poll);
    const third = poll();
    link.arrive('a');
    expect([await third, clock.waits]).toEqual([['ws', ['a', 'ok']], []]);
  });

  it('throws at the hundredth closed of a socket in a row, and yields first', async () => {
    const sources = closedSocket();
    for (let n = 1; n < LAST_CLOSED_READ; n += 1) {
      expect(await select(sources)).toEqual(['ws', [undefined, 'closed']]);
    }
    const last = (): Promise<unknown> =>
      expect(select(sources)).rejects.toMatchObject({ code: 'COROSOCK_READ_AFTER_CLOSE' });
    expect(await yieldsOf(2, last)).toEqual([true, true]);
  });

  it('gives closed of a channel any number of times: each of many tasks may select once', async () => {
    const sources = closedChannel();
    for (let n = 0; n < 2 * LAST_CLOSED_READ; n += 1) {
      expect(await select(sources)).toEqual(['jobs', [undefined, 'closed']]);
    }
  });
});

describe('a select after the budget of the turn is spent', () => {
  /** A socket with a message, on a host that has spent its budget. */
  const exhausted = () => {
    const all = scripted({ budget: new ScriptedBudget([true]) });
    all.link.arrive('a');
    return all;
  };

  it('takes in a later turn', async () => {
    const { ws } = exhausted();
    const order: string[] = [];
    setImmediate(() => order.push(`the event loop, ${ws.queued.messages} queued`));
    const selected = select({ ws });
    await selected.then(() => order.push('the select'));
    expect([order, await selected]).toEqual([
      ['the event loop, 1 queued', 'the select'],
      ['ws', ['a', 'ok']],
    ]);
  });

  it('takes nothing when it is aborted before that turn', async () => {
    const { ws } = exhausted();
    const controller = new AbortController();
    const selected = select({ ws }, { signal: controller.signal });
    controller.abort('my reason');
    await expect(selected).rejects.toBe('my reason');
    await turn();
    expect(ws.queued.messages).toBe(1);
  });

  it('waits for its full time when the value is gone in that turn', async () => {
    const { ws, link, clock } = scripted({ budget: new ScriptedBudget([true]) });
    const mine = handSource('x');
    const selected = select({ mine, ws }, { timeoutMs: 10 });
    mine.values.pop();
    clock.nowMs = 100;
    await turn();
    clock.tick(9);
    link.arrive('a');
    expect(await selected).toEqual(['ws', ['a', 'ok']]);
  });

  it('times out in that turn with timeoutMs 0 when the value is gone', async () => {
    const { ws, clock } = scripted({ budget: new ScriptedBudget([true]) });
    const mine = handSource('x');
    const selected = select({ mine, ws }, { timeoutMs: 0 });
    mine.values.pop();
    expect([await selected, clock.waits]).toEqual([['timeout', undefined], []]);
  });

  it('rejects when a source throws in that turn', async () => {
    const mine = handSource('x');
    const selected = select({ mine, ws: scripted({ budget: new ScriptedBudget([true]) }).ws });
    mine.break('ready');
    await expect(selected).rejects.toThrow('broken in ready');
  });
});
