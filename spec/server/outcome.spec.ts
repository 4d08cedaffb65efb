// What a handler's end closes the socket with (I6).

import { describe, expect, it } from 'vitest';
import { closingFor } from '../../src/server/outcome.ts';

const threw = { kind: 'threw', error: new Error('secret') } as const;

describe('closingFor', () => {
  it.each([
    ['returned', { kind: 'returned' }, 'serving', { code: 1000, closer: 'handler' }],
    ['returned', { kind: 'returned' }, 'draining', { code: 1001, closer: 'shutdown' }],
    ['threw', threw, 'serving', { code: 1011, closer: 'handler' }],
    ['threw', threw, 'draining', { code: 1011, closer: 'handler' }],
    ['was abandoned', { kind: 'abandoned' }, 'serving', { code: 1000, closer: 'handler' }],
    ['was abandoned', { kind: 'abandoned' }, 'draining', { code: 1001, closer: 'shutdown' }],
  ] as const)('says for a handler that %s what closes (%j, %s)', (_, end, draining, closing) => {
    expect(closingFor(end, draining)).toEqual(closing);
  });
});
