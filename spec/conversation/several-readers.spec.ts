// Several readers of one shared socket, served in the order of their calls, each with its own
// time-out, signal and `atEnd`. One reader: reader.spec.ts.

import { describe, expect, it } from 'vitest';
import { ScriptedBudget } from './scripted-budget.ts';
import { scripted, ScriptedTransport } from './scripted-transport.ts';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import { TurnBudget } from '../../src/time/turn-budget.ts';
import { HandClock, turn } from '../time/hand-clock.ts';

describe('several reads of a shared socket', () => {
  /** A shared conversation, and a second handle on it. */
  function shared(settings: Parameters<typeof scripted>[0] = {}) {
    const all = scripted(settings, new ScriptedTransport(), new HandClock(), 'many');
    return { ...all, other: new MessageSocket(all.conversation) };
  }

  /** One whose turn is over at every read. */
  const exhausted = (): ReturnType<typeof shared> =>
    shared({ budget: Object.assign(new TurnBudget(new HandClock()), { spend: () => true }) });

  it('are served in the order in which they came', async () => {
    const { link, ws, other } = shared();
    const reads = [ws.read(), other.read(), ws.read()];
    link.arrive('a', 'b', 'c');
    expect((await Promise.all(reads)).map(([data]) => data)).toEqual(['a', 'b', 'c']);
  });

  it('get messages of one chunk in memory of their own: each may transfer it', async () => {
    const { link, ws, other } = shared();
    const reads = [ws.read(), other.read()];
    const chunk = new Uint8Array([1, 2]);
    link.arrive(chunk.subarray(0, 1), chunk.subarray(1));
    const [first, second] = (await Promise.all(reads)).map(([data]) => data as Uint8Array<ArrayBuffer>);
    structuredClone(0, { transfer: [(first as Uint8Array<ArrayBuffer>).buffer] });
    expect(second).toEqual(new Uint8Array([2]));
  });

  it('share a message that one of them has cut', async () => {
    const { link, ws, other } = shared();
    const reads = [ws.read(2), other.read()];
    link.arrive('abc');
    expect((await Promise.all(reads)).map(([data]) => data)).toEqual(['ab', 'c']);
    expect([ws.atEnd, other.atEnd]).toEqual([false, true]);
  });

  it('report the end of a whole message, also where they had cut one whose rest another has read', async () => {
    const { link, ws, other } = shared();
    link.arrive('abc');
    await ws.read(2);
    await other.read();
    const read = ws.read();
    link.arrive('d');
    expect([await read, ws.atEnd]).toEqual([['d', 'ok'], true]);
  });

  it('keep the form of a cut message: the rest of a text begun with binaryData comes as bytes to any of them', async () => {
    const { link, ws, other } = shared();
    ws.binaryData = true;
    link.arrive('a\u00e9', 'next');
    expect(await ws.read(2)).toEqual([Buffer.from('a\u00e9').subarray(0, 2), 'ok']);
    expect(await other.read()).toEqual([Buffer.from('a\u00e9').subarray(2), 'ok']);
    expect(await other.read()).toEqual(['next', 'ok']);
  });

  it('end each at its own time', async () => {
    const { link, clock, ws, other } = shared();
    const [long, short] = [ws.read({ timeoutMs: 200 }), other.read({ timeoutMs: 100 })];
    clock.tick(100);
    expect(await short).toEqual([undefined, 'timeout']);
    clock.tick(99);
    link.arrive('a');
    expect(await long).toEqual(['a', 'ok']);
  });

  it('end each by its own signal, and take nothing', async () => {
    const { link, ws, other } = shared();
    const controller = new AbortController();
    const [aborted, read] = [ws.read({ signal: controller.signal }), other.read()];
    controller.abort('my reason');
    await expect(aborted).rejects.toBe('my reason');
    link.arrive('a');
    expect(await read).toEqual(['a', 'ok']);
  });

  it('give closed all together', async () => {
    const { link, clock, ws, other } = shared();
    const reads = [ws.read(), other.read(), ws.read()];
    link.arrive('a');
    link.end();
    expect((await Promise.all(reads)).map(([, status]) => status)).toEqual(['ok', 'closed', 'closed']);
    expect(clock.timers).toBe(0);
  });

  it('leave the others waiting when an iteration is broken off', async () => {
    const { link, ws, other } = shared();
    const iterator = ws[Symbol.asyncIterator]();
    const [next, read] = [iterator.next(), other.read()];
    await iterator.return?.();
    link.arrive('a');
    expect([await next, await read]).toEqual([{ done: true, value: undefined }, ['a', 'ok']]);
  });

  it('do not overtake a read that waits for the next turn', async () => {
    const { link, ws, other } = exhausted();
    link.arrive('a', 'b');
    const reads = [ws.read(), other.read({ timeoutMs: 0 })];
    expect(await Promise.all(reads)).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
    ]);
  });

  it('do not end in timeout while they wait for the next turn', async () => {
    const { link, clock, ws, other } = exhausted();
    clock.tick(1000);
    const earlier = other.read({ timeoutMs: 5 });
    link.arrive('a', 'b');
    const later = ws.read({ timeoutMs: 10 });
    clock.tick(5);
    expect(await Promise.all([earlier, later])).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
    ]);
  });

  it('do not overtake such a read when the next turn has begun already', async () => {
    const { link, ws, other } = shared({ budget: new ScriptedBudget([false, true]) });
    link.arrive('a', 'b');
    const reads = [ws.read(), other.read()];
    expect((await Promise.all(reads)).map(([data]) => data)).toEqual(['a', 'b']);
  });

  it('wait on when an earlier read has taken the message that they waited a turn for', async () => {
    const { link, clock, ws, other } = exhausted();
    link.arrive('a');
    const reads = [
      ws.read(),
      other.read({ timeoutMs: 0 }),
      other.read({ timeoutMs: 100 }),
      ws.readMessage(Infinity),
    ];
    expect(await Promise.all(reads.slice(0, 2))).toEqual([
      ['a', 'ok'],
      [undefined, 'timeout'],
    ]);
    await turn();
    clock.tick(100);
    expect(await reads[2]).toEqual([undefined, 'timeout']);
    link.arrive('b');
    expect(await reads[3]).toEqual(['b', 'ok']);
  });
});
