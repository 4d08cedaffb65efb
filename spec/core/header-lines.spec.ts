// Header lines as callers give them: which shapes are taken, and what is refused.

import { UsageError } from 'corosock';
import { describe, expect, it } from 'vitest';
import { checkLines, plainLines } from '../../src/core/header-lines.ts';

/** A `Headers` of another package, which is no instance of the global class. */
class OtherHeaders {
  readonly #pairs = [['x-mark', '7']];
  get [Symbol.toStringTag](): string {
    return 'Headers';
  }
  [Symbol.iterator](): Iterator<string[]> {
    return this.#pairs.values();
  }
}

describe('plainLines', () => {
  it.each<[string, Parameters<typeof plainLines>[0], Record<string, string>]>([
    ['an object', { 'X-Mark': '7' }, { 'X-Mark': '7' }],
    ['a Headers', new Headers({ 'X-Mark': '7', Cookie: 'a=1' }), { 'x-mark': '7', cookie: 'a=1' }],
    ['a Headers of another package', new OtherHeaders() as unknown as Headers, { 'x-mark': '7' }],
    ['none', undefined, {}],
  ])('gives the lines of %s', (_, headers, lines) => {
    if (headers !== undefined) checkLines('f()', 'headers', headers);
    expect(plainLines(headers)).toEqual(lines);
  });

  it('gives a copy', () => {
    const lines = { a: '1' };
    expect(plainLines(lines)).not.toBe(lines);
  });
});

describe('checkLines', () => {
  const CURE = ' (of pairs: Object.fromEntries(headers))';

  it.each<[string, unknown, string, string]>([
    ['a Map', new Map([['a', 'b']]), CURE, 'an object'],
    ['an array of pairs', [['a', 'b']], CURE, 'an array'],
    ['parameters of a URL', new URLSearchParams('a=b'), CURE, 'an object'],
    ['a promise', Promise.resolve({ a: 'b' }), '', 'an object'],
    ['text', 'a: b', '', '"a: b"'],
    ['null', null, '', 'null'],
    ['undefined', undefined, '', 'undefined'],
  ])('refuses %s', (_, headers, cure, got) => {
    expect(() => checkLines('f()', 'headers', headers)).toThrow(
      new UsageError(
        'COROSOCK_ARGUMENT',
        `f(): expected headers to be an object of strings or a Headers${cure}, got ${got}`,
      ),
    );
  });
});
