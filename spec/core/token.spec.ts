// Which names can stand in a header as they are.

import { describe, expect, it } from 'vitest';
import { isFieldValue, isToken } from '../../src/core/token.ts';

describe('isToken', () => {
  it.each(['chat', 'v1.json', "!#$%&'*+-.^_`|~09AZaz", '__proto__', 'constructor'])('takes %j', (name) => {
    expect(isToken(name)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a space', 'a b'],
    ['a comma', 'a,b'],
    ['a line break', 'a\r\nSet-Cookie: b'],
    ['a letter that is not ASCII', 'chät'],
    ['NUL', 'a\0'],
    ['a separator', 'a/b'],
    ['what is no string', 1],
    ['a list', ['chat']],
  ])('H22: refuses %s', (_, name) => {
    expect(isToken(name)).toBe(false);
  });
});

describe('isFieldValue', () => {
  it.each(['', 'a b\t', 'ä'])('takes %j', (value) => {
    expect(isFieldValue(value)).toBe(true);
  });

  it.each([
    ['a line break', 'a\nb'],
    ['NUL', 'a\0'],
    ['a letter of no byte', '€'],
    ['a number', 1],
  ])('refuses %s', (_, value) => {
    expect(isFieldValue(value)).toBe(false);
  });
});
