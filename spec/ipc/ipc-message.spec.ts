import { describe, expect, it } from 'vitest';
import { childMessageOf, parentMessageOf } from '../../src/ipc/ipc-message.ts';

describe('messages between processes', () => {
  it.each([
    undefined,
    'hello',
    7,
    {},
    { corosock: 'p' },
    { corosock: 'other', kind: 'hello' },
    { kind: 'hello' },
  ])('leave %j to the program', (value) => {
    expect([childMessageOf(value, 'p'), parentMessageOf(value, 'p')]).toEqual([undefined, undefined]);
  });

  it.each([
    { kind: 'publish' },
    { kind: 'publish', address: 7, base64: 'eA==', n: 1 },
    { kind: 'publish', address: 'a', base64: {}, n: 1 },
    { kind: 'publish', address: 'a', base64: 'eA==', n: '1' },
    { kind: 'publish', address: '', base64: 'eA==', n: 1 },
    { kind: 'unsubscribe', address: 'a'.repeat(1101) },
    { kind: 'refused' },
    { kind: 'subscribe', n: 1 },
    { kind: 'subscribe', addresses: 'a', n: 1 },
    { kind: 'subscribe', addresses: ['a', {}], n: 1 },
    { kind: 'subscribe', addresses: ['a'.repeat(1101)], n: 1 },
    { kind: 'subscribe', addresses: ['a'] },
    { kind: 'unsubscribe', address: {} },
    { kind: 'ping' },
    { kind: 'welcome', relay: 7 },
    { kind: 'ok' },
  ])('are dropped where a field is missing or wrong: %j', (fields) => {
    const value = { corosock: 'p', ...fields };
    expect([childMessageOf(value, 'p'), parentMessageOf(value, 'p')]).toEqual([undefined, undefined]);
  });

  it('carry 512 KiB, and are dropped before they are decoded where they are longer', () => {
    const isTaken = (bytes: number): readonly boolean[] => {
      const base64 = Buffer.alloc(bytes).toString('base64');
      const value = { corosock: 'p', kind: 'publish', address: 'a', base64, n: 1 };
      return [childMessageOf(value, 'p'), parentMessageOf(value, 'p')].map((message) => message === value);
    };
    expect([isTaken(524_288), isTaken(524_291)]).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  it('are said by the parent, by a child, or by both', () => {
    const of = (kind: string): readonly boolean[] => {
      const value = { corosock: 'p', kind, relay: 'id', address: 'a', base64: 'eA==', n: 1 };
      return [childMessageOf(value, 'p'), parentMessageOf(value, 'p')].map(
        (message) => message !== undefined,
      );
    };
    expect([of('hello'), of('welcome'), of('publish'), of('new')]).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [false, false],
    ]);
  });
});
