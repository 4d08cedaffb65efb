// The writer: acceptance below the high-water mark, waits in order, and the statuses of writes that
// are not accepted.

import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CLOSED_BY_PEER, scripted } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';
import { TurnBudget } from '../../src/time/turn-budget.ts';
import { HandClock } from '../time/hand-clock.ts';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

/** A conversation whose peer has not taken one accepted message: there is no room. */
function full(): ScriptedConversation {
  const all = scripted({ writeBufferBytes: 10 });
  void all.ws.write('0123456789');
  return all;
}

describe('a write', () => {
  it('is accepted at once below the high-water mark, also when it goes beyond it', async () => {
    const { link, ws } = scripted({ writeBufferBytes: 10 });
    expect(await ws.write('012345678')).toBe('ok');
    expect(await ws.write('x'.repeat(1000))).toBe('ok');
    expect([link.sent.length, ws.bufferedBytes]).toEqual([2, 1009]);
  });

  it('beyond the budget of its turn is answered in the next one, with the promise of all such writes', async () => {
    const budget = Object.assign(new TurnBudget(new HandClock()), { spend: () => true });
    const [one, other] = [scripted({ budget }), scripted({ budget })];
    const answers = [one.ws.write('a'), other.ws.write('b')];
    expect([answers[0] === answers[1], one.link.sentData, other.link.sentData]).toEqual([true, ['a'], ['b']]);
    expect(await Promise.all(answers)).toEqual(['ok', 'ok']);
  });

  it('waits at the high-water mark until the peer has taken enough', async () => {
    const { link, ws } = full();
    const write = ws.write('next');
    link.take(0);
    expect([link.sent.length, ws.bufferedBytes]).toEqual([1, 10]);
    link.take(1);
    expect([await write, link.sentData]).toEqual(['ok', ['0123456789', 'next']]);
  });

  it('is counted while it waits, with its bytes on the wire; of an iterable they are not known', () => {
    const { conversation } = scripted();
    expect(conversation.waitingWrites).toEqual({ count: 0, bytes: 0 });
    const waiting = full();
    void waiting.ws.write('€');
    void waiting.ws.write(['a', 'b']);
    expect(waiting.conversation.waitingWrites).toEqual({ count: 2, bytes: 3 });
  });

  it('that comes too late is told to what watches its link, once for each call', async () => {
    const lateWrites = new WeakMap<object, () => void>();
    const { conversation, link, ws } = scripted({ lateWrites });
    const calls: string[] = [];
    lateWrites.set(link, () => calls.push('late'));
    expect([conversation.writes, await ws.write('in time'), conversation.writes]).toEqual([
      false,
      'ok',
      true,
    ]);
    conversation.close(1000, '', 'local');
    expect([await ws.write('a'), await ws.write(['b'])]).toEqual(['closed', 'closed']);
    expect(calls).toEqual(['late', 'late']);
  });

  it('goes on in the order of the calls, as far as there is room', async () => {
    const { link, ws } = full();
    const order: string[] = [];
    const writes = ['aaaaa', 'bbbbb', 'ccccc'].map((data) => ws.write(data).then(() => order.push(data)));
    link.take();
    expect(link.sentData.slice(1)).toEqual(['aaaaa', 'bbbbb']);
    link.take();
    await Promise.all(writes);
    expect([link.sentData.slice(1), order]).toEqual([
      ['aaaaa', 'bbbbb', 'ccccc'],
      ['aaaaa', 'bbbbb', 'ccccc'],
    ]);
  });

  it('waits behind earlier waiting writes, also when there is room', async () => {
    const { link, clock, ws } = full();
    const first = ws.write('first', { timeoutMs: 5 });
    link.bufferedBytes = 0;
    const second = ws.write('second');
    expect(link.sent.length).toBe(1);
    clock.tick(5);
    link.take();
    expect([await first, await second, link.sentData.slice(1)]).toEqual(['timeout', 'ok', ['second']]);
  });

  it('waits without a timer as long as the peer takes anything at all', async () => {
    const { link, clock, ws } = full();
    const write = ws.write('next');
    clock.tick(2 ** 31);
    expect(clock.waits).toEqual([]);
    link.take();
    expect(await write).toBe('ok');
  });

  it('ends in timeout at its time, and is certainly never sent', async () => {
    const { link, clock, ws } = full();
    const write = ws.write('late', { timeoutMs: 100 });
    clock.tick(99);
    clock.tick(1);
    link.take();
    expect([await write, link.sentData]).toEqual(['timeout', ['0123456789']]);
  });

  it('ends in timeout at once when it may not wait', async () => {
    const { clock, ws } = full();
    expect([await ws.write('late', { timeoutMs: 0 }), clock.waits]).toEqual(['timeout', []]);
  });

  it('has a time-out of its own, whatever the others have', async () => {
    const { clock, ws } = full();
    const order: string[] = [];
    const writes = [300, 100, 200].map((timeoutMs) =>
      ws.write('late', { timeoutMs }).then((status) => order.push(`${timeoutMs} ${status}`)),
    );
    clock.tick(100);
    clock.tick(100);
    clock.tick(100);
    await Promise.all(writes);
    expect(order).toEqual(['100 timeout', '200 timeout', '300 timeout']);
  });

  it('is closed when the end comes while it waits, and is not sent', async () => {
    const { link, ws } = full();
    const writes = [ws.write('a'), ws.write('b')];
    link.end();
    expect([await Promise.all(writes), link.sent.length]).toEqual([['closed', 'closed'], 1]);
  });

  it('is not sent when room comes after the end', async () => {
    const { link, ws } = full();
    const write = ws.write('a');
    link.end();
    link.take();
    expect([await write, link.sent.length, link.calls]).toEqual(['closed', 1, []]);
  });

  it('is closed after the end', async () => {
    const { link, ws } = scripted();
    link.end(CLOSED_BY_PEER);
    expect(await ws.write('a')).toBe('closed');
  });

  it('is closed when the link takes no more, though the end has not come', async () => {
    const { link, ws } = scripted();
    link.close(1000, '');
    expect(await ws.write('a')).toBe('closed');
  });

  it('is closed when the link takes no more while it waits', async () => {
    const { link, ws } = full();
    const write = ws.write('a');
    link.close(1000, '');
    link.take();
    expect(await write).toBe('closed');
  });
});

describe('a write with a signal', () => {
  it('rejects with the reason when it aborts while it waits, and is certainly not sent', async () => {
    const { link, ws } = full();
    const controller = new AbortController();
    const write = ws.write('never', { signal: controller.signal });
    const next = ws.write('next');
    controller.abort('my reason');
    link.take();
    await expect(write).rejects.toBe('my reason');
    expect([await next, link.sentData.slice(1)]).toEqual(['ok', ['next']]);
  });

  it('rejects at once when it is aborted already, also where there is room', async () => {
    const { link, ws } = scripted();
    await expect(ws.write('never', { signal: AbortSignal.abort('my reason') })).rejects.toBe('my reason');
    expect(link.sent).toEqual([]);
  });

  it('has a listener while it waits, and none afterwards, however it ends', async () => {
    const { link, clock, ws } = full();
    const controller = new AbortController();
    const { signal } = controller;
    const counts: unknown[] = [listenersOf(signal)];
    const count = (how: string): unknown => counts.push([how, listenersOf(signal)]);

    const timedOut = ws.write('a', { signal, timeoutMs: 5 });
    count('waits');
    clock.tick(5);
    count('timed out');
    const accepted = ws.write('0123456789', { signal });
    link.take();
    count('accepted');
    const aborted = ws.write('c', { signal }).catch(() => 'aborted');
    controller.abort();
    count('aborted');

    expect(await Promise.all([timedOut, accepted, aborted])).toEqual(['timeout', 'ok', 'aborted']);
    expect(counts).toEqual([0, ['waits', 1], ['timed out', 0], ['accepted', 0], ['aborted', 0]]);
  });

  it('adds no listener where there is room', async () => {
    const { ws } = scripted();
    const { signal } = new AbortController();
    const write = ws.write('a', { signal });
    expect([listenersOf(signal), await write]).toEqual([0, 'ok']);
  });
});

describe('a writer that is to finish', () => {
  const closing = (all: ScriptedConversation): void => all.conversation.close(1000, '', 'local');

  it('closes once the last write that waits has been sent', async () => {
    const all = full();
    const writes = [all.ws.write('0123456789'), all.ws.write('last')];
    closing(all);
    all.link.take();
    expect([all.link.sent.length, all.link.calls]).toEqual([2, []]);
    all.link.take();
    expect([await Promise.all(writes), all.link.sent.length, all.link.calls]).toEqual([
      ['ok', 'ok'],
      3,
      ['close 1000'],
    ]);
  });

  it('closes once the last write that waits has timed out', async () => {
    const all = full();
    const write = all.ws.write('late', { timeoutMs: 5 });
    closing(all);
    all.clock.tick(5);
    expect([await write, all.link.calls]).toEqual(['timeout', ['close 1000']]);
  });

  it('closes once the last write that waits has been aborted', async () => {
    const all = full();
    const controller = new AbortController();
    const write = all.ws.write('never', { signal: controller.signal }).catch(() => 'aborted');
    closing(all);
    controller.abort();
    expect([await write, all.link.calls]).toEqual(['aborted', ['close 1000']]);
  });

  it('closes at once when nothing waits, and only once', () => {
    const all = scripted();
    closing(all);
    all.link.take();
    all.link.take();
    expect(all.link.calls).toEqual(['close 1000']);
  });
});
