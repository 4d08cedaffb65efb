// What an iterable gives as the fragments of one message: which fragments are accepted, where text
// is cut between them, and how the iterable is released.

import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isFragmented, Fragments } from '../../src/conversation/fragments.ts';
import type { Fragmented } from '../../src/conversation/fragments.ts';
import type { Data } from '../../src/core/data.ts';

/** All parts, and what is left for the last. */
async function partsOf(iterable: Fragmented): Promise<readonly Data[]> {
  const parts = new Fragments(iterable);
  const all: Data[] = [];
  for (let part = await parts.next(); part !== undefined; part = await parts.next()) all.push(part);
  return [...all, parts.rest];
}

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

describe('isFragmented', () => {
  it.each([
    ['an array', ['a'], true],
    ['an async generator', (async function* () {})(), true],
    ['a stream of the web', new ReadableStream(), true],
    ['an array of another realm', runInNewContext('["a"]'), true],
    [
      'what can be iterated at once alone',
      { [Symbol.asyncIterator]: undefined, [Symbol.iterator]: () => [][Symbol.iterator]() },
      true,
    ],
    ['what only looks like it', { [Symbol.asyncIterator]: 5, [Symbol.iterator]: null }, false],
    ['an object', {}, false],
    ['a function', () => {}, false],
    ['null', null, false],
    ['a number', 5, false],
  ])('says of %s: %j %s', (_, value, expected) => {
    expect(isFragmented(value)).toBe(expected);
  });
});

describe('the fragments of a message', () => {
  it('come one by one from a synchronous and from an asynchronous iterable', async () => {
    const later = (async function* () {
      yield 'one';
      await Promise.resolve();
      yield 'two';
    })();
    expect([await partsOf(['one', 'two']), await partsOf(later)]).toEqual([
      ['one', 'two', ''],
      ['one', 'two', ''],
    ]);
  });

  it('come from the synchronous iterator where the asynchronous one is undefined', async () => {
    const claims = Object.assign(['a'], { [Symbol.asyncIterator]: undefined });
    expect(await partsOf(claims)).toEqual(['a', '']);
  });

  it('may be bytes', async () => {
    expect(await partsOf([bytes(1), bytes(2, 3)])).toEqual([bytes(1), bytes(2, 3), bytes()]);
  });

  it('are none where the iterable gives none: an empty text', async () => {
    expect(await partsOf([])).toEqual(['']);
  });

  it('are of the kind of the first, also where the first is empty', async () => {
    expect([await partsOf(['']), await partsOf([bytes()])]).toEqual([
      ['', ''],
      [bytes(), bytes()],
    ]);
  });

  it('never cut a surrogate pair: both halves go with the second fragment', async () => {
    const [high, low] = ['\ud83d', '\ude00'];
    expect(await partsOf([`a${high}`, `${low}b`, high, low, high])).toEqual(['a', '😀b', '', '😀', '', high]);
  });

  it('end with the first half of a pair whose second half never comes', async () => {
    expect(await partsOf(['\ud83d', 'x', '\ud83d\ud83d'])).toEqual(['', '\ud83dx', '\ud83d', '\ud83d']);
  });

  it.each([
    ['a number', [5], 'each part to be a string or a Uint8Array, got 5'],
    ['undefined', ['a', undefined], 'each part to be a string or a Uint8Array, got undefined'],
    ['bytes behind text', ['a', bytes(1)], 'all parts to be text as the first one is, got an object'],
    ['text behind bytes', [bytes(), 'a'], 'all parts to be binary as the first one is, got "a"'],
  ])('refuse %s', async (_, iterable, expected) => {
    await expect(partsOf(iterable as Data[])).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: `ws.write(): expected ${expected}`,
    });
  });
});

describe('an iterable', () => {
  /** Notes what is asked of it; `return` throws when it is to be stubborn. */
  function watched(options: { readonly fails?: boolean; readonly stubborn?: boolean } = {}) {
    const calls: string[] = [];
    const iterator = {
      next: () => {
        calls.push('next');
        if (options.fails === true) throw new Error('no more');
        return { done: calls.length > 2, value: 'a' };
      },
      return: () => {
        calls.push('return');
        if (options.stubborn === true) throw new Error('no');
        return { done: true, value: undefined };
      },
    };
    const iterable = {
      [Symbol.iterator]: () => {
        calls.push('iterator');
        return iterator;
      },
    };
    return { calls, parts: new Fragments(iterable as unknown as Fragmented) };
  }

  it('is not touched before its first fragment is asked for, nor when it is released before', async () => {
    const { calls, parts } = watched();
    await parts.release();
    expect([await parts.next(), calls]).toEqual([undefined, []]);
  });

  it('is returned once when it is released', async () => {
    const { calls, parts } = watched();
    await parts.next();
    await parts.release();
    await parts.release();
    expect(calls).toEqual(['iterator', 'next', 'return']);
  });

  it('gives nothing more once it was released', async () => {
    const { parts } = watched();
    await parts.next();
    await parts.release();
    expect(await parts.next()).toBe(undefined);
  });

  it('is not returned after its end, nor after it has thrown', async () => {
    const [ended, failing] = [watched(), watched({ fails: true })];
    await ended.parts.next();
    await ended.parts.next();
    await expect(failing.parts.next()).rejects.toThrow('no more');
    await Promise.all([ended.parts.release(), failing.parts.release()]);
    expect([ended.calls, failing.calls]).toEqual([
      ['iterator', 'next', 'next'],
      ['iterator', 'next'],
    ]);
  });

  it('may have no return, or one that throws, and no call waits for it', async () => {
    const { parts } = watched({ stubborn: true });
    const bare = new Fragments({
      [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 'a' }) }),
    } as Fragmented);
    await Promise.all([parts.next(), bare.next()]);
    expect(await Promise.all([parts.release(), bare.release()])).toEqual([undefined, undefined]);
  });
});
