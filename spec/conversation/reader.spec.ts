// The reader: statuses, time-outs, aborts, one read at a time, and no timer or listener left. Cuts
// and sizes: receive-queue.spec.ts.

import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLOSED_BY_PEER, scripted } from './scripted-transport.ts';
import { ReadTraces, TRACED_READS } from '../../src/conversation/read-mistakes.ts';
import type { Socket } from '../../src/socket/socket.ts';
import { turn } from '../time/hand-clock.ts';
import { BUDGET_MESSAGES } from '../../src/time/turn-budget.ts';

/** The line of this file that calls it. */
function lineHere(): number {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, lineHere);
  return Number(/reader\.spec\.ts:(\d+)/.exec(trace.stack ?? '')?.[1]);
}

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('a read', () => {
  it('takes a queued message', async () => {
    const { link, ws } = scripted();
    link.arrive('a', 'b');
    expect([await ws.read(), await ws.read()]).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
    ]);
  });

  it('waits for a message', async () => {
    const { link, ws } = scripted();
    const read = ws.read();
    link.arrive('a');
    expect(await read).toEqual(['a', 'ok']);
  });

  it('gets the message that it waits for without a copy', async () => {
    const { link, ws } = scripted();
    const chunk = new Uint8Array(65_536);
    const read = ws.read();
    link.arrive(chunk.subarray(0, 10));
    const [data] = await read;
    expect((data as Uint8Array).buffer).toBe(chunk.buffer);
  });

  it('gets a copy of small binary that had to wait, so that nothing pins its chunk', async () => {
    const { link, ws } = scripted();
    link.arrive(new Uint8Array(65_536).subarray(0, 10));
    const [data] = await ws.read();
    expect((data as Uint8Array).buffer.byteLength).toBe(10);
  });

  it('leaves the rest of small binary detached, though a read was waiting for it', async () => {
    const { link, ws } = scripted();
    const read = ws.read(4);
    link.arrive(new Uint8Array(65_536).subarray(0, 10));
    await read;
    const [rest] = await ws.read();
    expect((rest as Uint8Array).buffer.byteLength).toBe(10);
  });

  it('leaves the part beyond len, also when it was waiting', async () => {
    const { link, ws } = scripted();
    const read = ws.read(2);
    link.arrive('abc');
    expect([await read, ws.atEnd, ws.queued]).toEqual([['ab', 'ok'], false, { messages: 1, bytes: 1 }]);
    expect([await ws.read(2), ws.atEnd]).toEqual([['c', 'ok'], true]);
  });

  it('never ends before its time on a clock with parts of a millisecond', async () => {
    const { clock, ws } = scripted();
    clock.nowMs = 0.6;
    const endedMs = ws.read(20, 10).then(() => clock.nowMs);
    for (let step = 0; step < 12; step += 1) {
      clock.tick(1);
      await turn();
    }
    expect(await endedMs).toBe(11.6);
  });

  it('ends in timeout at its time, and takes nothing', async () => {
    const { link, clock, ws } = scripted();
    const read = ws.read(20, 100);
    clock.tick(99);
    link.arrive();
    clock.tick(1);
    expect(await read).toEqual([undefined, 'timeout']);
    link.arrive('late');
    expect(await ws.read()).toEqual(['late', 'ok']);
  });

  it('takes a queued message or nothing when its time is 0', async () => {
    const { link, clock, ws } = scripted();
    expect(await ws.read(10, 0)).toEqual([undefined, 'timeout']);
    link.arrive('a');
    expect(await ws.read(10, 0)).toEqual(['a', 'ok']);
    expect(clock.waits).toEqual([]);
  });

  it('sets no timer when its time is Infinity', async () => {
    const { link, clock, ws } = scripted();
    const read = ws.read(10, Infinity);
    expect(clock.waits).toEqual([]);
    link.arrive('a');
    expect(await read).toEqual(['a', 'ok']);
  });

  it('sets no timer while an earlier one still runs: reads that are answered cost none', async () => {
    const { link, clock, ws } = scripted();
    for (let n = 0; n < 100; n += 1) {
      const read = ws.read(10, 1000);
      link.arrive('a');
      await read;
      clock.tick(1);
    }
    expect(clock.waits).toEqual([1000]);
  });

  it('waits its full time when the timer of an earlier one rings in between', async () => {
    const { link, clock, ws } = scripted();
    const first = ws.read(20, 100);
    link.arrive('a');
    await first;
    clock.tick(60);
    const second = ws.read(20, 100);
    clock.tick(99);
    link.arrive('just in time');
    expect(await second).toEqual(['just in time', 'ok']);
  });

  it('ends in timeout after its full time when the timer of an earlier one rings in between', async () => {
    const { link, clock, ws } = scripted();
    const first = ws.read(20, 100);
    link.arrive('a');
    await first;
    clock.tick(60);
    const second = ws.read(20, 100);
    clock.tick(99);
    expect(clock.timers).toBe(1);
    clock.tick(1);
    expect(await second).toEqual([undefined, 'timeout']);
  });

  it('is not ended by a timer that rings when no read waits', async () => {
    const { link, clock, ws } = scripted();
    const read = ws.read(20, 100);
    link.arrive('a');
    await read;
    clock.tick(1000);
    expect([clock.timers, ws.queued]).toEqual([0, { messages: 0, bytes: 0 }]);
  });

  it('keeps its message when it is cancelled in the turn in which it came', async () => {
    const { link, ws } = scripted();
    const iterator = ws[Symbol.asyncIterator]();
    const next = iterator.next();
    link.arrive('a');
    await iterator.return?.();
    expect(await next).toEqual({ done: false, value: 'a' });
  });

  it('gives closed after everything that was received', async () => {
    const { link, ws } = scripted();
    link.arrive('a', 'b');
    link.end(CLOSED_BY_PEER);
    expect([await ws.read(), await ws.read(), await ws.read()]).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('gives closed when the end comes while it waits', async () => {
    const { link, clock, ws } = scripted();
    const read = ws.read();
    link.end();
    expect(await read).toEqual([undefined, 'closed']);
    expect(clock.timers).toBe(0);
  });
});

describe('a read with a signal', () => {
  it('rejects with the reason when it aborts, and takes nothing', async () => {
    const { link, ws } = scripted();
    const controller = new AbortController();
    const read = ws.read({ signal: controller.signal });
    controller.abort('my reason');
    link.arrive('a');
    await expect(read).rejects.toBe('my reason');
    expect(await ws.read()).toEqual(['a', 'ok']);
  });

  it('rejects at once when it is aborted already, and takes no queued message', async () => {
    const { link, ws } = scripted();
    link.arrive('a');
    await expect(ws.read({ signal: AbortSignal.abort('my reason') })).rejects.toBe('my reason');
    expect(ws.queued.messages).toBe(1);
  });

  it('has a listener while it waits, and none afterwards, however it ends', async () => {
    const { link, clock, ws } = scripted();
    const controller = new AbortController();
    const { signal } = controller;
    const counts: unknown[] = [listenersOf(signal)];
    const count = (how: string): unknown => counts.push([how, listenersOf(signal)]);

    const answered = ws.read({ signal });
    count('waits');
    link.arrive('a');
    count('answered');
    const timedOut = ws.read({ signal, timeoutMs: 5 });
    clock.tick(5);
    count('timed out');
    const aborted = ws.read({ signal }).catch(() => 'aborted');
    controller.abort();
    count('aborted');

    expect(await Promise.all([answered, timedOut, aborted])).toEqual([
      ['a', 'ok'],
      [undefined, 'timeout'],
      'aborted',
    ]);
    expect(counts).toEqual([0, ['waits', 1], ['answered', 0], ['timed out', 0], ['aborted', 0]]);
  });

  it('adds no listener when the message is there', async () => {
    const { link, ws } = scripted();
    const { signal } = new AbortController();
    link.arrive('a');
    const read = ws.read({ signal });
    expect([listenersOf(signal), await read]).toEqual([0, ['a', 'ok']]);
  });
});

describe('a second read at once', () => {
  const place = /, at .*reader\.spec\.ts:\d+:\d+\)?\. In a loop/;

  it.each([
    ['read', (ws: ReturnType<typeof scripted>['ws']) => ws.read()],
    ['readMessage', (ws: ReturnType<typeof scripted>['ws']) => ws.readMessage()],
    ['next', (ws: ReturnType<typeof scripted>['ws']) => ws[Symbol.asyncIterator]().next()],
  ])('rejects, and names the line where the first %s waits', async (_, start) => {
    const { link, ws } = scripted();
    const first = start(ws);
    const second: unknown = await ws.read().catch((error: unknown) => error);
    expect(second).toMatchObject({ name: 'UsageError', code: 'COROSOCK_CONCURRENT_READ' });
    expect((second as Error).message).toMatch(place);
    link.arrive('a');
    expect(await first).toBeDefined();
  });

  it('rejects with the very line on which the first one waits', async () => {
    const { ws } = scripted();
    const line = [ws.read(), lineHere()][1] as number;
    await expect(ws.read()).rejects.toThrow(`reader.spec.ts:${line}:`);
  });

  it.each<[string, (ws: Socket) => Promise<unknown>]>([
    ['ws.read()', (ws) => ws.read()],
    ['ws.readMessage()', (ws) => ws.readMessage()],
    ['ws.readText()', (ws) => ws.readText()],
    ['ws.readJson()', (ws) => ws.readJson()],
    ['for await', (ws) => ws[Symbol.asyncIterator]().next()],
  ])('names the call that was made, and the cure: %s', async (call, read) => {
    const { ws } = scripted();
    void ws.readMessage();
    const error: unknown = await read(ws).catch((reason: unknown) => reason);
    const { message } = error as Error;
    expect(message).toContain('reader.spec.ts:');
    expect(message.startsWith(`${call}: expected one read at a time, `)).toBe(true);
    expect(message.endsWith('. In a loop of select or Promise.race, give ws itself to select')).toBe(true);
  });

  it('leaves the first one waiting, which gets the message', async () => {
    const { link, ws } = scripted();
    const first = ws.read();
    await expect(ws.read()).rejects.toMatchObject({ code: 'COROSOCK_CONCURRENT_READ' });
    link.arrive('a');
    expect(await first).toEqual(['a', 'ok']);
  });

  it('names no line after the first 64 waits of a host', async () => {
    const traces = new ReadTraces();
    for (let n = 0; n < TRACED_READS; n += 1) void scripted({ traces }).ws.read();
    const { ws } = scripted({ traces });
    void ws.read();
    await expect(ws.read()).rejects.toThrow(
      'ws.read(): expected one read at a time, but another one waits already, where will be remembered for the next time' +
        '. In a loop of select or Promise.race, give ws itself to select',
    );
  });

  it('names lines again once the mistake was made', async () => {
    const traces = new ReadTraces();
    for (let n = 0; n < TRACED_READS; n += 1) void scripted({ traces }).ws.read();
    const [before, after] = [scripted({ traces }).ws, scripted({ traces }).ws];
    void before.read();
    await expect(before.read()).rejects.toThrow('next time');
    const line = [after.read(), lineHere()][1] as number;
    await expect(after.read()).rejects.toThrow(`reader.spec.ts:${line}:`);
  });

  it('leaves the depth of stack traces as it was', () => {
    const before = Error.stackTraceLimit;
    onTestFinished(() => {
      Error.stackTraceLimit = before;
    });
    Error.stackTraceLimit = 17;
    void scripted().ws.read();
    expect(Error.stackTraceLimit).toBe(17);
  });
});

describe('binaryData', () => {
  it('makes every read give bytes', async () => {
    const { link, ws } = scripted();
    ws.binaryData = true;
    link.arrive('€', new Uint8Array([1]));
    expect([await ws.read(), await ws.read()]).toEqual([
      [Buffer.from('€'), 'ok'],
      [new Uint8Array([1]), 'ok'],
    ]);
  });

  it('makes readMessage and iteration give bytes, too', async () => {
    const { link, ws } = scripted();
    ws.binaryData = true;
    link.arrive('€', 'a', 'b');
    await ws.read(1);
    expect(await ws.readMessage()).toEqual([Buffer.from('€').subarray(1), 'ok']);
    const seen: unknown[] = [];
    for await (const data of ws) if (seen.push(data) === 2) break;
    expect(seen).toEqual([Buffer.from('a'), Buffer.from('b')]);
  });

  it('counts len in bytes of text', async () => {
    const { link, ws } = scripted();
    ws.binaryData = true;
    link.arrive('€');
    expect([await ws.read(2), await ws.read(2)]).toEqual([
      [Buffer.from('€').subarray(0, 2), 'ok'],
      [Buffer.from('€').subarray(2), 'ok'],
    ]);
  });

  it('leaves messages as they came once it is false again', async () => {
    const { link, ws } = scripted();
    ws.binaryData = true;
    ws.binaryData = false;
    link.arrive('text');
    expect(await ws.read()).toEqual(['text', 'ok']);
  });
});

describe('a read whose turn is over', () => {
  /** A conversation that has served more than the budget of this turn, with one message left. */
  async function exhausted(): Promise<ReturnType<typeof scripted>> {
    const all = scripted({ queueMessages: 1000 });
    all.link.arrive(...Array.from({ length: 2 * BUDGET_MESSAGES }, () => 'x'), 'last');
    for (let n = 1; n < 2 * BUDGET_MESSAGES; n += 1) {
      await all.ws.read();
      all.clock.nowMs += 1;
    }
    return all;
  }

  it('goes on in a later one', async () => {
    const { ws } = await exhausted();
    const order: string[] = [];
    setImmediate(() => order.push('the event loop'));
    await ws.read().then(() => order.push('the read'));
    expect(order).toEqual(['the event loop', 'the read']);
  });

  it('can be aborted meanwhile, and takes nothing', async () => {
    const { ws } = await exhausted();
    const controller = new AbortController();
    const read = ws.read({ signal: controller.signal });
    controller.abort('my reason');
    await expect(read).rejects.toBe('my reason');
    await turn();
    expect(ws.queued.messages).toBe(2);
  });
});
