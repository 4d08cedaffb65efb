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

  it('are said by the parent, by a child, or by both', () => {
    const of = (kind: string): readonly boolean[] =>
      [childMessageOf({ corosock: 'p', kind }, 'p'), parentMessageOf({ corosock: 'p', kind }, 'p')].map(
        (message) => message !== undefined,
      );
    expect([of('hello'), of('welcome'), of('publish'), of('new')]).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [false, false],
    ]);
  });
});
