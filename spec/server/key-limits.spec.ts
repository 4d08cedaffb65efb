// The counts behind `limitBy`: what is refused and for how long, and how many keys are remembered.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from 'corosock';
import { virtualClock } from 'corosock/testing';
import { ForeignPromise } from '../fixtures/patched-promise.ts';
import { heapBytes } from '../faults/left-bytes.ts';
import { checkKeyLimit, KeyLimits, MAX_IDLE_KEYS } from '../../src/server/key-limits.ts';
import type { KeyLimit, LiveKey } from '../../src/server/key-limits.ts';

/** Enters, and fails where a limit is reached. */
function enter(keys: KeyLimits, limit: KeyLimit): LiveKey {
  const live = keys.enter(limit);
  if (typeof live === 'number') throw new Error(`${limit.key} has to wait ${live} ms`);
  return live;
}

describe('sockets of a key', () => {
  it('are refused beyond maxSockets, for 5 s, until one of them leaves', () => {
    const keys = new KeyLimits(virtualClock());
    const [first] = [enter(keys, { key: 'a', maxSockets: 2 }), enter(keys, { key: 'a', maxSockets: 2 })];
    expect(keys.enter({ key: 'a', maxSockets: 2 })).toBe(5000);
    enter(keys, { key: 'b', maxSockets: 2 });
    keys.leave(first);
    enter(keys, { key: 'a', maxSockets: 2 });
    expect(keys.enter({ key: 'a', maxSockets: 2 })).toBe(5000);
  });

  it('are forgotten with the last one where no handshakes are counted, without a timer', () => {
    const clock = virtualClock();
    const keys = new KeyLimits(clock);
    const all = [enter(keys, { key: 'a' }), enter(keys, { key: 'a' })];
    const sizes = all.map((live) => (keys.leave(live), keys.size));
    expect([sizes, clock.timers]).toEqual([[1, 0], 0]);
  });

  it('take no handshake of their key where they are refused', () => {
    const keys = new KeyLimits(virtualClock());
    const limit = { key: 'a', maxSockets: 1, handshakes: { count: 2, perMs: 1000 } };
    const live = enter(keys, limit);
    for (let i = 0; i < 5; i++) expect(keys.enter(limit)).toBe(5000);
    keys.leave(live);
    enter(keys, limit);
  });
});

describe('handshakes of a key', () => {
  const limit = { key: 'a', handshakes: { count: 2, perMs: 1000, burst: 3 } };

  it('are refused beyond their window, for as long as the next one takes', async () => {
    const clock = virtualClock();
    const keys = new KeyLimits(clock);
    const live = [1, 2, 3].map(() => enter(keys, limit));
    for (const one of live) keys.leave(one);
    expect([keys.enter(limit), keys.enter(limit)]).toEqual([500, 500]);
    await clock.advance(499);
    expect(keys.enter(limit)).toBe(1);
    await clock.advance(1);
    enter(keys, limit);
    expect(keys.enter(limit)).toBe(500);
  });

  it('are remembered after the last socket until the bucket is full, and no longer', async () => {
    const clock = virtualClock();
    const keys = new KeyLimits(clock);
    keys.leave(enter(keys, limit));
    expect([keys.size, clock.timers]).toEqual([1, 1]);
    await clock.advance(499);
    expect(keys.size).toBe(1);
    await clock.advance(501);
    expect([keys.size, clock.timers]).toEqual([0, 0]);
  });

  it('are remembered also where other keys are forgotten before', async () => {
    const clock = virtualClock();
    const keys = new KeyLimits(clock);
    const slow = { key: 'slow', handshakes: { count: 1, perMs: 60_000 } };
    keys.leave(enter(keys, limit));
    keys.leave(enter(keys, slow));
    for (let i = 0; i < 59; i++) {
      keys.leave(enter(keys, { ...limit, key: `other ${i}` }));
      await clock.advance(1000);
    }
    expect(keys.enter(slow)).toBe(1000);
    await clock.advance(1000);
    enter(keys, slow);
  });

  it('waits for a bucket that takes longer than a timer can', async () => {
    const clock = virtualClock();
    const keys = new KeyLimits(clock);
    const rare = { key: 'a', handshakes: { count: 1, perMs: 2 ** 31 - 1, burst: 3 } };
    for (const live of [1, 2, 3].map(() => enter(keys, rare))) keys.leave(live);
    for (let i = 0; i < 2; i++) await clock.advance(2 ** 31 - 1);
    expect([keys.size, clock.timers]).toEqual([1, 1]);
    for (let i = 0; i < 2; i++) await clock.advance(2 ** 31 - 1);
    expect([keys.size, clock.timers]).toEqual([0, 0]);
  });

  it('are kept while the key has a socket, whatever number of other keys comes and goes', async () => {
    const clock = virtualClock();
    const keys = new KeyLimits(clock);
    const once = { key: 'with a socket', maxSockets: 1, handshakes: { count: 1, perMs: 1000 } };
    enter(keys, once);
    for (let i = 0; i < 3 * MAX_IDLE_KEYS; i++) keys.leave(enter(keys, { ...limit, key: `other ${i}` }));
    expect(keys.enter(once)).toBe(5000);
    await clock.advance(100_000);
    expect([keys.enter(once), keys.size, clock.timers]).toEqual([5000, 1, 0]);
  });
});

describe('idle keys', () => {
  const limit = { handshakes: { count: 1, perMs: 60_000 } };
  const twice = { key: 'a', handshakes: { count: 2, perMs: 60_000 } };

  it('are kept once, also when they come back', async () => {
    const clock = virtualClock();
    const keys = new KeyLimits(clock);
    keys.leave(enter(keys, twice));
    const sizes = [keys.size];
    const again = enter(keys, twice);
    sizes.push(keys.size);
    keys.leave(again);
    // The generation of the key is the older one now.
    await clock.advance(30_000);
    enter(keys, twice);
    expect([...sizes, keys.size]).toEqual([1, 1, 1]);
  });

  it('hold no header that their text was cut from', () => {
    const keys = new KeyLimits(virtualClock());
    const before = heapBytes();
    for (let i = 0; i < 1000; i++) {
      const header = `${i} `.padStart(20, '0').padEnd(10_000, String(i));
      keys.leave(enter(keys, { ...limit, key: header.slice(0, 20) }));
    }
    expect(heapBytes() - before).toBeLessThan(2 ** 20);
  });

  it('are bounded: two generations, of which the older is forgotten as a whole', () => {
    const clock = virtualClock();
    const keys = new KeyLimits(clock);
    for (let i = 0; i < 2 * MAX_IDLE_KEYS; i++) keys.leave(enter(keys, { ...limit, key: `${i}` }));
    expect([keys.size, clock.timers]).toEqual([2 * MAX_IDLE_KEYS, 1]);
    keys.leave(enter(keys, { ...limit, key: 'one more' }));
    expect([keys.size, clock.timers]).toEqual([MAX_IDLE_KEYS + 1, 1]);
    expect(keys.enter({ ...limit, key: `${MAX_IDLE_KEYS}` })).toBe(60_000);
    enter(keys, { ...limit, key: '0' });
  });

  it('take less than 16 MiB, whatever number of addresses was seen', () => {
    const keys = new KeyLimits(virtualClock());
    const before = heapBytes();
    for (let i = 0; i < 2 * MAX_IDLE_KEYS + 100_000; i++) {
      keys.leave(enter(keys, { ...limit, key: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` }));
    }
    expect(heapBytes() - before).toBeLessThan(16 * 2 ** 20);
    expect(keys.size).toBeLessThanOrEqual(2 * MAX_IDLE_KEYS);
  });

  it('are forgotten with stop, which leaves no timer, and none is set later', () => {
    const clock = virtualClock();
    const keys = new KeyLimits(clock);
    const late = enter(keys, { ...limit, key: 'late' });
    keys.leave(enter(keys, { ...limit, key: 'a' }));
    keys.stop();
    keys.leave(late);
    expect([keys.size, clock.timers]).toEqual([0, 0]);
  });
});

describe('a key', () => {
  it('counts whole, also where it is long', () => {
    const keys = new KeyLimits(virtualClock());
    const long = 'k'.repeat(10_000);
    enter(keys, { key: `${long}1`, maxSockets: 1 });
    enter(keys, { key: `${long}2`, maxSockets: 1 });
    expect(keys.enter({ key: `${long}1`, maxSockets: 1 })).toBe(5000);
  });

  it.each(['', '__proto__', 'constructor', 'a\u0000b', '\ud800', 'ü'.repeat(64)])('may be %j', (key) => {
    const keys = new KeyLimits(virtualClock());
    keys.leave(enter(keys, { key, maxSockets: 1 }));
    enter(keys, { key, maxSockets: 1 });
    expect(keys.enter({ key, maxSockets: 1 })).toBe(5000);
  });
});

describe('checkKeyLimit', () => {
  it.each([
    [{ key: '' }],
    [{ key: 'a', maxSockets: 1, handshakes: { count: 1, perMs: 1 } }],
    [{ key: 'a', maxSockets: undefined, handshakes: undefined }],
  ])('takes %j', (limit) => {
    expect(() => checkKeyLimit('limitBy()', limit)).not.toThrow();
  });

  it.each([
    [null, 'expected { key, maxSockets, handshakes } or undefined, got null'],
    ['key', 'expected { key, maxSockets, handshakes } or undefined, got "key"'],
    [false, 'expected { key, maxSockets, handshakes } or undefined, got false'],
    [Promise.resolve({ key: 'a' }), 'expected { key, maxSockets, handshakes } or undefined, got an object'],
    [ForeignPromise.resolve(), 'expected { key, maxSockets, handshakes } or undefined, got an object'],
    [{}, 'expected key to be a string, got undefined'],
    [{ key: 1 }, 'expected key to be a string, got 1'],
    [{ key: 'a', max: 1 }, 'unknown option "max". The options are key, maxSockets, handshakes'],
    [{ key: 'a', maxSockets: 0 }, 'expected maxSockets to be an integer from 1 to 2147483647, got 0'],
    [
      { key: 'a', handshakes: { count: 1, perMs: 0 } },
      'expected handshakes.perMs to be a number of milliseconds from 1 to 2147483647, got 0',
    ],
  ])('refuses %j', (limit, text) => {
    expect(() => checkKeyLimit('limitBy()', limit)).toThrow(
      new UsageError('COROSOCK_ARGUMENT', `limitBy(): ${text}`),
    );
  });
});

describe('the counts of a key', () => {
  it('are those of a model that forgets nothing, in any order of handshakes and ends', async () => {
    const handshakes = { count: 2, perMs: 1000, burst: 4 };
    const step = fc.oneof(
      fc.record({ enter: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ leave: fc.nat() }),
      fc.record({ pass: fc.integer({ min: 1, max: 3000 }) }),
    );
    const play = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = virtualClock();
      const keys = new KeyLimits(clock);
      const model = new Map<string, { sockets: number; tokens: number; atMs: number }>();
      const live: LiveKey[] = [];
      for (const does of steps) {
        if ('pass' in does) await clock.advance(does.pass);
        if ('leave' in does && live.length > 0) {
          const [one] = live.splice(does.leave % live.length, 1) as [LiveKey];
          keys.leave(one);
          (model.get(one.key) as { sockets: number }).sockets -= 1;
        }
        if (!('enter' in does)) continue;
        const key = `k${does.enter}`;
        const known = model.get(key) ?? { sockets: 0, tokens: 4, atMs: clock.now() };
        known.tokens = Math.min(4, known.tokens + ((clock.now() - known.atMs) * 2) / 1000);
        known.atMs = clock.now();
        model.set(key, known);
        const isRoom = known.sockets < 3 && known.tokens >= 1 - 1e-6;
        const entered = keys.enter({ key, maxSockets: 3, handshakes });
        expect(typeof entered).toBe(isRoom ? 'object' : 'number');
        if (typeof entered === 'number') continue;
        live.push(entered);
        known.sockets += 1;
        known.tokens -= 1;
      }
      for (const one of live) keys.leave(one);
      await clock.advance(10_000);
      expect([keys.size, clock.timers]).toEqual([0, 0]);
    });
    await fc.assert(play, { numRuns: 100 });
  });
});
