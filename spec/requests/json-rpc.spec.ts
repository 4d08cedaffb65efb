// JSON-RPC 2.0 on the wire: what a value that has come is, and the texts that are sent.

import { describe, expect, it } from 'vitest';
import {
  callText,
  errorText,
  incomingOf,
  INVALID,
  METHOD_NOT_FOUND,
  paramsText,
  resultText,
} from '../../src/requests/json-rpc.ts';

const of = (text: string): unknown => incomingOf(JSON.parse(text));

describe('incomingOf', () => {
  it.each([
    ['a request', '{"jsonrpc":"2.0","method":"add","params":[1,2],"id":7}', 7, [1, 2]],
    ['params by name', '{"jsonrpc":"2.0","method":"add","params":{"a":1},"id":7}', 7, { a: 1 }],
    ['no params', '{"jsonrpc":"2.0","method":"add","id":7}', 7, undefined],
    ['a notification', '{"jsonrpc":"2.0","method":"add","params":[1]}', undefined, [1]],
    ['members of its own', '{"jsonrpc":"2.0","method":"add","id":7,"trace":1,"result":2}', 7, undefined],
  ])('takes %s as a call', (_, text, id, params) => {
    expect(of(text)).toEqual({ kind: 'call', id, method: 'add', params });
  });

  it.each([
    ['text', '"1"', '1'],
    ['empty text', '""', ''],
    ['a lone surrogate', '"\\ud800"', '\ud800'],
    ['null', 'null', null],
    ['a negative number', '-1', -1],
    ['a fraction', '1.5', 1.5],
    ['the largest safe integer', '9007199254740991', 9_007_199_254_740_991],
  ])('Q5: takes an id of %s, which a reply can carry', (_, text, id) => {
    expect(of(`{"jsonrpc":"2.0","method":"add","id":${text}}`)).toMatchObject({ kind: 'call', id });
  });

  it.each([
    ['an integer that a double does not hold', '9007199254740993'],
    ['a number that is infinite as a double', '1e400'],
    ['true', 'true'],
    ['an array', '[1]'],
    ['an object', '{}'],
  ])('Q5: refuses an id of %s: a reply could not carry it', (_, text) => {
    expect(of(`{"jsonrpc":"2.0","method":"add","id":${text}}`)).toEqual(INVALID);
  });

  it.each([
    ['no version', '{"method":"add","id":7}'],
    ['another version', '{"jsonrpc":"1.0","method":"add","id":7}'],
    ['a method that is no text', '{"jsonrpc":"2.0","method":1,"id":7}'],
    ['params that are text', '{"jsonrpc":"2.0","method":"add","params":"bar","id":7}'],
    ['params that are a number', '{"jsonrpc":"2.0","method":"add","params":1,"id":7}'],
    ['params that are null', '{"jsonrpc":"2.0","method":"add","params":null,"id":7}'],
  ])('Q6: refuses a call with %s, and keeps the id', (_, text) => {
    expect(of(text)).toEqual({ ...INVALID, id: 7 });
  });

  it.each(['1', '"add"', 'null', 'true', '[]', '{}', '{"foo":"boo"}', '{"jsonrpc":"2.0","id":7}'])(
    'refuses %s',
    (text) => {
      expect(of(text)).toEqual(INVALID);
    },
  );

  it('refuses a notification that is none without an id', () => {
    expect(of('{"jsonrpc":"2.0","method":1,"params":"bar"}')).toEqual(INVALID);
  });

  it.each([
    ['a result', '"result":[1]', { kind: 'result', value: [1] }],
    ['a result of null', '"result":null', { kind: 'result', value: null }],
    [
      'an error',
      '"error":{"code":-1,"message":"no","data":[1]}',
      { kind: 'error', code: -1, message: 'no', data: [1] },
    ],
    ['both', '"result":1,"error":{"code":-1,"message":"no"}', { kind: 'neither' }],
    ['an error of null', '"error":null', { kind: 'neither' }],
    ['a code that is no integer', '"error":{"code":1.5,"message":"no"}', { kind: 'neither' }],
    ['a code that is text', '"error":{"code":"-1","message":"no"}', { kind: 'neither' }],
    ['no message', '"error":{"code":-1}', { kind: 'neither' }],
  ])('takes %s as a reply', (_, member, outcome) => {
    expect(of(`{"jsonrpc":"2.0",${member},"id":7}`)).toEqual({ kind: 'reply', id: 7, outcome });
  });

  it.each([
    ['of another version', '{"result":1,"id":7}', 7],
    ['without an id', '{"jsonrpc":"1.0","result":1}', undefined],
  ])('takes a reply %s as one that is neither', (_, text, id) => {
    expect(of(text)).toEqual({ kind: 'reply', id, outcome: { kind: 'neither' } });
  });

  it('looks at own members only', () => {
    const inherited: unknown = Object.create({ jsonrpc: '2.0', method: 'add', id: 7 });
    expect(incomingOf(inherited)).toEqual(INVALID);
    expect(of('{"__proto__":{"method":"add"},"id":7}')).toEqual(INVALID);
  });
});

describe('the texts', () => {
  it.each([
    [callText(1, 'add', '[1,2]'), { jsonrpc: '2.0', method: 'add', params: [1, 2], id: 1 }],
    [callText(1, 'a"b\ud800', ''), { jsonrpc: '2.0', method: 'a"b\ud800', id: 1 }],
    [callText(undefined, 'add', '{}'), { jsonrpc: '2.0', method: 'add', params: {} }],
    [resultText('x', { a: 1 }, 'add'), { jsonrpc: '2.0', result: { a: 1 }, id: 'x' }],
    [resultText(null, undefined, 'add'), { jsonrpc: '2.0', result: null, id: null }],
    [
      errorText(1.5, METHOD_NOT_FOUND),
      { jsonrpc: '2.0', error: { code: -32_601, message: 'Method not found' }, id: 1.5 },
    ],
    [
      errorText(1, { code: 7, message: 'no', data: [1] }),
      { jsonrpc: '2.0', error: { code: 7, message: 'no', data: [1] }, id: 1 },
    ],
  ])('hold what the specification names: %s', (text, value) => {
    expect(JSON.parse(text)).toEqual(value);
  });

  it.each([
    [undefined, ''],
    [[1, undefined], '[1,null]'],
    [{ a: 1 }, '{"a":1}'],
    [{ toJSON: () => [1] }, '[1]'],
  ])('write the params %o', (params, text) => {
    expect(paramsText('rpc.request()', params)).toBe(text);
  });

  it.each([[null], [1], ['text'], [new Date(0)], [{ toJSON: () => 'text' }]])(
    'refuse params that are no array and no object: %o',
    (params) => {
      expect(() => paramsText('rpc.request()', params)).toThrow(
        'rpc.request(): expected params to be an object or an array, got',
      );
    },
  );

  it.each([[{ a: 1n }], [() => {}]])('refuse what JSON cannot hold: %o', (value) => {
    const expected = 'add: expected a value that JSON can hold, got';
    expect(() => paramsText('add', value)).toThrow(expected);
    expect(() => resultText(1, value, 'add')).toThrow(expected);
    expect(() => errorText(1, { code: 1, message: '', data: value }, 'add')).toThrow(expected);
  });
});
