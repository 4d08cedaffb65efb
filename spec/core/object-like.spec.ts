// Which values can have properties, and what they have where they let us look.

import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isObjectLike, propertyOf } from '../../src/core/object-like.ts';

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

describe('propertyOf', () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('do not look');
      },
    },
  );

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
