// Which values can have properties, and what they have where they let us look.

import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { ForeignPromise, patchPromise } from '../fixtures/patched-promise.ts';
import { isObjectLike, isThenable, propertyOf } from '../../src/core/object-like.ts';

describe('isObjectLike', () => {
  it.each([
    ['an object', {}, true],
    ['an object without a prototype', Object.create(null), true],
    ['an object of another realm', runInNewContext('({})'), true],
    ['a function', () => {}, true],
    ['null', null, false],
    ['undefined', undefined, false],
    ['a text', 'a', false],
    ['a number', 1, false],
  ] as ReadonlyArray<readonly [string, unknown, boolean]>)('tells of %s', (_, value, is) => {
    expect(isObjectLike(value)).toBe(is);
  });
});

const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new Error('do not look');
    },
  },
);

/** Gives a value a member `then`. */
function withThen(value: object, then: unknown): object {
  // oxlint-disable-next-line unicorn/no-thenable -- what other libraries give
  return Object.defineProperty(value, 'then', { value: then });
}

describe('isThenable', () => {
  it.each([
    ['a promise', Promise.resolve(1), true],
    ['a promise of another realm', ForeignPromise.resolve(1), true],
    ['an object with then()', withThen({}, () => {}), true],
    [
      'a function with then()',
      withThen(
        () => {},
        () => {},
      ),
      true,
    ],
    ['an object whose then is no function', withThen({}, 1), false],
    ['what throws when it is looked at', hostile, false],
    ['undefined', undefined, false],
    ['a text', 'then', false],
  ] as ReadonlyArray<readonly [string, unknown, boolean]>)('tells of %s', (_, value, is) => {
    expect(isThenable(value)).toBe(is);
  });

  it('tells of the promise of an async function where the global Promise is patched', () => {
    using _ = patchPromise();
    expect(isThenable((async () => 1)())).toBe(true);
  });
});

describe('propertyOf', () => {
  it.each([
    ['what an error has', Object.assign(new Error('no'), { code: 'E' }), 'E'],
    ['what it inherits', Object.create({ code: 'E' }), 'E'],
    ['nothing of an error without', new Error('no'), undefined],
    ['nothing of what throws when it is looked at', hostile, undefined],
    ['nothing of null', null, undefined],
    ['nothing of a text', 'code', undefined],
  ] as ReadonlyArray<readonly [string, unknown, unknown]>)('gives %s', (_, thrown, code) => {
    expect(propertyOf(thrown, 'code')).toBe(code);
  });
});
