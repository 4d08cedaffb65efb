// What a read costs: its promises, timers and listeners are counted, and text is decoded once,
// however it is read.

import { createHook } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { serve } from 'corosock';
import { textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import { scripted } from './scripted-transport.ts';
import { ReceiveQueue } from '../../src/conversation/receive-queue.ts';

type Decode = (this: Buffer, ...how: unknown[]) => string;

/** Counts the promises that are made in a call, those of its callees included. */
function promisesIn(call: () => void): number {
  let promises = 0;
  const hook = createHook({
    init: (_, type) => {
      if (type === 'PROMISE') promises += 1;
    },
  }).enable();
  call();
  hook.disable();
  return promises;
}

describe('a read', () => {
  it('makes one promise when the message is there, and neither a timer nor a look at the clock', () => {
    const { link, clock, ws } = scripted();
    link.arrive('a');
    // What a socket makes for its first read is not the read's.
    void ws.read();
    link.arrive('b');
    const { looks } = clock;
    expect(promisesIn(() => void ws.read())).toBe(1);
    expect([clock.waits, clock.looks - looks]).toEqual([[], 0]);
  });

  it('makes one promise when it waits', () => {
    const { ws } = scripted();
    expect(promisesIn(() => void ws.read())).toBe(1);
  });

  it('gets the message that it waits for past the queue, unless it cuts the message', async () => {
    const { link, ws } = scripted();
    const push = vi.spyOn(ReceiveQueue.prototype, 'push');
    onTestFinished(() => push.mockRestore());
    const whole = [ws.read(3)];
    link.arrive('abc');
    ws.binaryData = true;
    whole.push(ws.read(4));
    link.arrive('a€');
    expect([await Promise.all(whole), push.mock.calls]).toEqual([
      [
        ['abc', 'ok'],
        [Buffer.from('a€'), 'ok'],
      ],
      [],
    ]);
    const cut = ws.read(3);
    link.arrive('a€');
    expect([await cut, ws.queued.bytes, push.mock.calls.length]).toEqual([
      [Buffer.from('a€').subarray(0, 3), 'ok'],
      1,
      1,
    ]);
  });

  it('makes bytes of a text once, though the read that waits for it cuts it', async () => {
    const { link, ws } = scripted();
    ws.binaryData = true;
    const text = 'longer than the read';
    const read = ws.read(3);
    const from = vi.spyOn(Buffer, 'from');
    onTestFinished(() => from.mockRestore());
    link.arrive(text);
    expect([await read, from.mock.calls.filter(([of]) => (of as unknown) === text).length]).toEqual([
      [Buffer.from('lon'), 'ok'],
      1,
    ]);
  });

  it('makes none when the conversation is over', () => {
    const { link, ws } = scripted();
    void ws.closed;
    link.end();
    expect(promisesIn(() => void ws.read())).toBe(0);
  });

  it('costs no timer operation with the default time-out, except the first of a socket', async () => {
    const { link, clock, ws } = scripted();
    const cleared = vi.spyOn(clock, 'clearTimeout');
    for (let n = 0; n < 1000; n += 1) {
      const read = ws.read();
      link.arrive('a');
      await read;
    }
    expect([clock.waits.length, cleared.mock.calls.length, clock.timers]).toEqual([1, 0, 1]);
  });

  it('has one listener on its signal while it waits, and makes no signal of its own', () => {
    const { ws } = scripted();
    const { signal } = new AbortController();
    const made = vi.fn();
    onTestFinished(() => void vi.unstubAllGlobals());
    vi.stubGlobal('AbortController', made);
    void ws.read({ signal });
    expect([getEventListeners(signal, 'abort').length, made.mock.calls.length]).toEqual([1, 0]);
  });
});

describe('text', () => {
  it('is decoded once, also when it is read in parts', async () => {
    const text = 'once upon a time, \u20ac 5';
    let decoded = 0;
    const decode = Object.getOwnPropertyDescriptor(Buffer.prototype, 'toString')?.value as Decode;
    const spy = vi.spyOn(Buffer.prototype, 'toString').mockImplementation(function (this: Buffer, ...how) {
      const made = decode.apply(this, how);
      if (made === text) decoded += 1;
      return made;
    });
    onTestFinished(() => spy.mockRestore());
    const parts: unknown[] = [];
    await using host = await serve(async (ws) => {
      for (let length = 0; length < text.length; length = parts.join('').length) {
        parts.push((await ws.read(5))[0]);
      }
    });
    using client = await openRaw(host.port);
    await client.send(textFrame(text));
    await client.untilCloseFrame();
    expect([parts.join(''), decoded]).toEqual([text, 1]);
  });
});
