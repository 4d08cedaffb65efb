// Waiting for several sources at once: what is taken, what is left, and how a select ends. Sources
// that throw: selection.spec.ts. Loops over select: select-turns.spec.ts.

import { getEventListeners } from 'node:events';
import { channel, every, select } from 'corosock';
import type { Channel } from 'corosock';
import { describe, expect, it } from 'vitest';
import { handSource } from './hand-source.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { CLOSED_BY_PEER, scripted } from '../conversation/scripted-transport.ts';
import { turn } from '../time/hand-clock.ts';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

/** A socket and a channel on one clock. */
function pair() {
  const all = scripted();
  const jobs: Channel<string> = channel({ clock: all.clock });
  return { ...all, jobs };
}

describe('select', () => {
  it('takes from the source that is ready, and leaves the others alone', async () => {
    const { ws, link, jobs } = pair();
    await jobs.put('job');
    expect(await select({ ws, jobs })).toEqual(['jobs', ['job', 'ok']]);
    link.arrive('a');
    expect(await select({ ws, jobs })).toEqual(['ws', ['a', 'ok']]);
    expect([ws.queued.messages, jobs.size]).toEqual([0, 0]);
  });

  it('takes from the earliest key when several sources are ready', async () => {
    const { ws, link, jobs } = pair();
    link.arrive('a');
    await jobs.put('job');
    expect(await select({ jobs, ws })).toEqual(['jobs', ['job', 'ok']]);
    expect(ws.queued.messages).toBe(1);
    await jobs.put('job');
    expect(await select({ ws, jobs })).toEqual(['ws', ['a', 'ok']]);
    expect(jobs.size).toBe(1);
  });

  it('takes from the source that becomes ready first', async () => {
    const { ws, link, jobs } = pair();
    const first = select({ ws, jobs });
    await jobs.put('job');
    link.arrive('a');
    expect([await first, ws.queued.messages]).toEqual([['jobs', ['job', 'ok']], 1]);
  });

  it('serves several selects in the order of the calls', async () => {
    const { ws, link, jobs } = pair();
    const both = [select({ ws, jobs }), select({ ws })];
    link.arrive('a', 'b');
    expect(await Promise.all(both)).toEqual([
      ['ws', ['a', 'ok']],
      ['ws', ['b', 'ok']],
    ]);
  });

  it('leaves a message to a waiting read', async () => {
    const { ws, link } = pair();
    const [read, selected] = [ws.read(), select({ ws })];
    link.arrive('a', 'b');
    expect([await read, await selected]).toEqual([
      ['a', 'ok'],
      ['ws', ['b', 'ok']],
    ]);
  });

  it('gives closed of a socket and of a channel', async () => {
    const { ws, link, jobs } = pair();
    const waiting = select({ ws, jobs });
    link.end(CLOSED_BY_PEER);
    jobs.close();
    expect([await waiting, await select({ jobs, ws })]).toEqual([
      ['ws', [undefined, 'closed']],
      ['jobs', [undefined, 'closed']],
    ]);
  });

  it('gives the reason of a signal that aborts during the wait or has aborted before', async () => {
    const { ws } = pair();
    const controller = new AbortController();
    const waiting = select({ ws, stop: controller.signal });
    controller.abort('my reason');
    expect([await waiting, await select({ ws, stop: controller.signal })]).toEqual([
      ['stop', 'my reason'],
      ['stop', 'my reason'],
    ]);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  it('gives the value of a promise that settles during the wait or has settled before', async () => {
    const { ws } = pair();
    let settle: (value: number) => void = () => {};
    const late = new Promise<number>((resolve) => {
      settle = resolve;
    });
    const waiting = select({ ws, late });
    settle(1);
    expect([await waiting, await select({ ws, soon: Promise.resolve(2) })]).toEqual([
      ['late', 1],
      ['soon', 2],
    ]);
  });

  it('takes from a promise that has settled before in the order of the keys', async () => {
    const { ws, link } = pair();
    link.arrive('a');
    expect(await select({ soon: Promise.resolve(1), ws }, { timeoutMs: 0 })).toEqual(['soon', 1]);
    expect(ws.queued.messages).toBe(1);
  });

  it('rejects with the error of a promise, and takes nothing from the others', async () => {
    const { ws, link } = pair();
    const error = new Error('mine');
    const waiting = select({ bad: Promise.reject(error), ws });
    link.arrive('a');
    await expect(waiting).rejects.toBe(error);
    expect(ws.queued.messages).toBe(1);
  });

  it('never makes an unhandled rejection of a promise that it has not taken from', async () => {
    using crashes = recordCrashes();
    const { ws, link } = pair();
    let fail: (error: Error) => void = () => {};
    const late = new Promise<never>((_, reject) => {
      fail = reject;
    });
    link.arrive('a');
    expect(await select({ ws, late })).toEqual(['ws', ['a', 'ok']]);
    fail(new Error('nobody looks'));
    await turn();
    expect(crashes.errors).toEqual([]);
  });

  it('never becomes an unhandled rejection when it is not awaited', async () => {
    using crashes = recordCrashes();
    const { ws } = pair();
    void select({});
    void select({ ws }, { signal: AbortSignal.abort() });
    void select({ bad: Promise.reject(new Error('mine')) });
    const broken = handSource();
    void select({ broken });
    broken.break('ready');
    broken.fill('a');
    await turn();
    expect(crashes.errors).toEqual([]);
  });

  it('takes ticks of every', async () => {
    const { ws, clock } = pair();
    const tick = every(10, { clock });
    const waiting = select({ ws, tick });
    clock.tick(25);
    expect([await waiting, await select({ ws, tick })]).toEqual([
      ['tick', 1],
      ['tick', 1],
    ]);
  });

  it('takes from a source that a user has made', async () => {
    const { ws } = pair();
    const mine = handSource();
    const waiting = select({ ws, mine });
    const during = mine.subscribers;
    mine.fill('a', 'b');
    expect([during, await waiting, mine.values, mine.subscribers]).toEqual([1, ['mine', 'a'], ['b'], 0]);
  });
});

describe('the time-out of a select', () => {
  it('gives timeout, takes nothing and leaves no timer and no subscription', async () => {
    const { ws, link, clock, jobs } = pair();
    const mine = handSource();
    const waiting = select({ ws, jobs, mine }, { timeoutMs: 10 });
    clock.tick(9);
    const during = [clock.timers, mine.subscribers];
    clock.tick(1);
    link.arrive('a');
    expect([await waiting, ws.queued.messages]).toEqual([['timeout', undefined], 1]);
    expect([during, clock.timers, mine.subscribers]).toEqual([[1, 1], 0, 0]);
  });

  it('leaves no timer when a message comes in time, either', async () => {
    const { ws, link, clock } = pair();
    const waiting = select({ ws }, { timeoutMs: 10 });
    link.arrive('a');
    expect([await waiting, clock.timers]).toEqual([['ws', ['a', 'ok']], 0]);
  });

  it('of 0 takes what is there, and sets no timer', async () => {
    const { ws, link, clock } = pair();
    expect(await select({ ws }, { timeoutMs: 0 })).toEqual(['timeout', undefined]);
    link.arrive('a');
    expect(await select({ ws }, { timeoutMs: 0 })).toEqual(['ws', ['a', 'ok']]);
    expect(clock.waits).toEqual([]);
  });

  it('of Infinity, the default, sets no timer', async () => {
    const { ws, clock, link } = pair();
    const both = [select({ ws }, { timeoutMs: Infinity }), select({ ws })];
    expect(clock.waits).toEqual([]);
    link.end();
    await Promise.all(both);
  });

  it('waits beyond 2³¹−1 ms in pieces', async () => {
    const { ws, clock } = pair();
    const waiting = select({ ws }, { timeoutMs: 2 ** 32 });
    clock.tick(2 ** 32);
    expect([await waiting, Math.max(...clock.waits)]).toEqual([['timeout', undefined], 2 ** 31 - 1]);
  });

  it('is measured by the option clock rather than by the clock of the socket', async () => {
    const { ws, clock } = pair();
    const other = scripted().clock;
    const waiting = select({ ws }, { timeoutMs: 10, clock: other });
    expect([clock.timers, other.timers]).toEqual([0, 1]);
    other.tick(10);
    expect(await waiting).toEqual(['timeout', undefined]);
  });
});

describe('the signal of a select', () => {
  it('rejects the select with its reason, and takes nothing', async () => {
    const { ws, link, clock } = pair();
    const mine = handSource();
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = select({ ws, mine }, { signal, timeoutMs: 10 });
    const during = listenersOf(signal);
    controller.abort('my reason');
    link.arrive('a');
    await expect(waiting).rejects.toBe('my reason');
    expect([during, listenersOf(signal), mine.subscribers, clock.timers]).toEqual([1, 0, 0, 0]);
    expect(ws.queued.messages).toBe(1);
  });

  it('rejects at once when it has aborted before, and takes nothing that is there', async () => {
    const { ws, link } = pair();
    link.arrive('a');
    await expect(select({ ws }, { signal: AbortSignal.abort('my reason') })).rejects.toBe('my reason');
    expect(ws.queued.messages).toBe(1);
  });

  it('has no listener left when a message has come', async () => {
    const { ws, link } = pair();
    const { signal } = new AbortController();
    const waiting = select({ ws }, { signal });
    link.arrive('a');
    expect([await waiting, listenersOf(signal)]).toEqual([['ws', ['a', 'ok']], 0]);
  });

  it('may be a source, too, and has no listener left', async () => {
    const { ws } = pair();
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = select({ ws, signal }, { signal });
    controller.abort('my reason');
    await Promise.allSettled([waiting]);
    expect(listenersOf(signal)).toBe(0);
  });
});

describe('the options of a select', () => {
  it.each([
    ['an unknown name', { timeout: 1 }],
    ['a negative time', { timeoutMs: -1 }],
    ['NaN', { timeoutMs: Number.NaN }],
    ['a signal that is none', { signal: {} }],
    ['a clock that is none', { clock: {} }],
    ['null', null],
  ])('are refused: %s', async (_, options) => {
    const { ws, link } = pair();
    link.arrive('a');
    await expect(select({ ws }, options as object)).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
    expect(ws.queued.messages).toBe(1);
  });
});
