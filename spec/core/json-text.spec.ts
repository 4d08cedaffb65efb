// What is written of a value as JSON, and what is refused because JSON would lose it.

import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { stringifyJson } from '../../src/core/json-text.ts';
import { thrownBy } from '../fixtures/thrown-by.ts';

const EXPECTED = 'a value that JSON can hold';

describe('stringifyJson', () => {
  it.each([
    [{ a: [1, null, 'b'] }, '{"a":[1,null,"b"]}'],
    [null, 'null'],
    [NaN, 'null'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['\ud800', '"\\ud800"'],
  ])('writes %j', (value, expected) => {
    expect(stringifyJson('ws.writeJson()', value)).toBe(expected);
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;

  it.each([
    ['undefined', undefined, 'undefined'],
    ['a function', () => 1, 'a function'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a BigInt', { a: 1n }, 'one that it cannot'],
    ['a cycle', cycle, 'one that it cannot'],
    [
      'an object whose toJSON throws',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
      'one that it cannot',
    ],
  ])('refuses %s', (_, value, got) => {
    expect(thrownBy(() => stringifyJson('ws.writeJson()', value))).toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: `ws.writeJson(): expected a value that JSON can hold, got ${got}`,
    });
  });

  it.each([
    ['a promise', Promise.resolve({ a: 1 })],
    ['a thenable of no class', Object.create(Promise.resolve())],
  ])('refuses %s, of which JSON would make {}', (_, value) => {
    expect(thrownBy(() => stringifyJson('ws.writeJson()', value))).toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: 'ws.writeJson(): expected a value that JSON can hold, got Promise at "value"',
    });
  });

  const later = Promise.resolve(1);
  // oxlint-disable-next-line unicorn/no-thenable -- what query builders give
  const thenable = { then: (): void => {} };
  const withGetter = Object.defineProperty({}, 'user', { get: () => later, enumerable: true });

  it.each([
    ['a member', { user: later }, 'value.user'],
    ['a member of a member', { a: [{}, { name: '{}', user: later }] }, 'value.a.1.user'],
    ['an element', [1, [later]], 'value.1.0'],
    ['what a getter gives', withGetter, 'value.user'],
    ['a thenable of another library', { total: { ok: 1, query: thenable } }, 'value.total.query'],
  ])('refuses a promise that is %s, and names it', (_, value, name) => {
    expect(thrownBy(() => stringifyJson('ws.writeJson()', value))).toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: `ws.writeJson(): expected ${EXPECTED}, got Promise at "${name}"`,
    });
  });

  it('does not look into a text with {} in it, which a client may have sent: it would take seconds', () => {
    const entries = vi.spyOn(Object, 'entries');
    const text = stringifyJson('ws.writeJson()', `{}${'a'.repeat(1000)}`);
    const { length: looks } = entries.mock.calls;
    entries.mockRestore();
    expect([text.length, looks]).toEqual([1004, 0]);
  });

  it('finds a promise behind objects that are nested deeper than functions can be', () => {
    let value: object = { deep: later };
    // As text: up to Node 25 JSON.stringify has a limit of its own.
    for (let depth = 0; depth < 3000; depth += 1) value = [value];
    expect(() => stringifyJson('ws.writeJson()', value)).toThrow(/got Promise at "value(?:\.0){27}\."$/);
  });

  it.each<[string, unknown]>([
    ['Map', new Map([['ann', 1]])],
    ['Map', new Map()],
    ['Map', runInNewContext('new Map()')],
    ['Set', new Set([1])],
    ['WeakMap', new WeakMap()],
    ['Error', new TypeError('no')],
    ['RegExp', /a/u],
    ['ArrayBuffer', new ArrayBuffer(1)],
    ['Headers', new Headers({ a: 'b' })],
    ['URLSearchParams', new URLSearchParams('a=b')],
    [
      'Generator',
      (function* one() {
        yield 1;
      })(),
    ],
  ])('refuses a %s, of which JSON would make {}, and says where it stands', (kind, value) => {
    const members = { ok: {}, rooms: [{ members: value }] };
    const messages = [value, members].map((given) => thrownBy(() => stringifyJson('ws.writeJson()', given)));
    expect(messages).toMatchObject([
      { message: `ws.writeJson(): expected ${EXPECTED}, got ${kind} at "value"` },
      { message: `ws.writeJson(): expected ${EXPECTED}, got ${kind} at "value.rooms.0.members"` },
    ]);
  });

  class Point {
    readonly #x = 1;

    get x(): number {
      return this.#x;
    }
  }

  it.each([
    ['{}', {}],
    ['{}', Object.create(null)],
    ['{"a":1}', Object.assign(Promise.resolve(), { a: 1 })],
    ['{"a":1,"b":{}}', Object.assign(new Map(), { a: 1, b: {} })],
    ['{"a":{},"b":[]}', { a: new Uint8Array(0), b: [] }],
    ['{"a":{},"b":{}}', { a: new Point(), b: {} }],
    ['{"a":[1],"b":{}}', { a: Object.assign(new Set([1]), { toJSON: () => [1] }), b: {} }],
    ['{}', { toJSON: () => ({}) }],
    ['{"a":{},"b":[{}],"c":null}', { a: {}, b: [{}], c: null }],
    ['{"a":{}}', { a: { toJSON: () => ({}), user: later } }],
    ['{"a":"later","b":{}}', { a: Object.assign(Promise.resolve(), { toJSON: () => 'later' }), b: {} }],
    ['{"a":{}}', Object.create({ user: later }, { a: { value: {}, enumerable: true } })],
    ['{"c":{}}', { a: undefined, b: Symbol('b'), c: {} }],
    ['"{}"', '{}'],
    ['{"b":{}}', { a: Object.assign(() => {}, { user: later }), b: {} }],
  ])('writes %s', (text, value: unknown) => {
    expect(stringifyJson('ws.writeJson()', value)).toBe(text);
  });

  it('refuses a value that is too deep for JSON.stringify, and writes it where there is no limit', () => {
    const deep: unknown = JSON.parse('['.repeat(500_000) + ']'.repeat(500_000));
    const outcomeOf = (write: () => string): unknown => {
      try {
        return write();
      } catch (error) {
        return error;
      }
    };
    const native = outcomeOf(() => JSON.stringify(deep));
    expect(outcomeOf(() => stringifyJson('ws.writeJson()', deep))).toEqual(
      typeof native === 'string'
        ? native
        : expect.objectContaining({ code: 'COROSOCK_ARGUMENT', cause: native as RangeError }),
    );
  });

  it('has the error of JSON.stringify as its cause', () => {
    expect(thrownBy(() => stringifyJson('ws.writeJson()', cycle))).toMatchObject({
      cause: expect.objectContaining({ name: 'TypeError' }) as unknown,
    });
  });
});
