// Which values can have properties.

import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isReference } from '../../src/words/reference.ts';

describe('isReference', () => {
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
    expect(isReference(value)).toBe(is);
  });
});
