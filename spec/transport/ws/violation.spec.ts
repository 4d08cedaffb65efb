// Which errors of `ws` are the peer's fault, and with which close code they end the link.

import { describe, expect, it } from 'vitest';
import { violationOf } from '../../../src/transport/ws/violation.ts';

function errorOf(code: unknown): Error {
  return Object.assign(new Error('of ws'), { code });
}

describe('violationOf', () => {
  it.each([
    ['WS_ERR_EXPECTED_FIN', 1002, 'protocol'],
    ['WS_ERR_EXPECTED_MASK', 1002, 'protocol'],
    ['WS_ERR_INVALID_CLOSE_CODE', 1002, 'protocol'],
    ['WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', 1002, 'protocol'],
    ['WS_ERR_INVALID_OPCODE', 1002, 'protocol'],
    ['WS_ERR_UNEXPECTED_MASK', 1002, 'protocol'],
    ['WS_ERR_UNEXPECTED_RSV_1', 1002, 'protocol'],
    ['WS_ERR_UNEXPECTED_RSV_2_3', 1002, 'protocol'],
    ['WS_ERR_OF_A_LATER_VERSION', 1002, 'protocol'],
    ['WS_ERR_INVALID_UTF8', 1007, 'protocol'],
    ['Z_DATA_ERROR', 1007, 'protocol'],
    ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008, 'limit'],
    ['WS_ERR_TOO_MANY_PINGS', 1008, 'limit'],
    ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009, 'limit'],
    ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009, 'limit'],
  ] as const)('ends a link after %s with %i by %s', (name, code, by) => {
    const cause = errorOf(name);
    expect(violationOf(cause)).toEqual({ code, reason: '', clean: false, by, cause });
  });

  it.each([
    ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 'maxFragments'],
    ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 'maxMessageBytes'],
    ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'maxMessageBytes'],
    ['WS_ERR_TOO_MANY_PINGS', undefined],
    ['WS_ERR_INVALID_UTF8', undefined],
  ])('names the option that raises the limit of %s: %s', (name, option) => {
    expect(Reflect.get(violationOf(errorOf(name))?.cause as Error, 'option')).toBe(option);
  });

  it.each([
    ['a lost link', errorOf('ECONNRESET')],
    ['an error without a code', new Error('without a code')],
    ['a code that is no text', errorOf(undefined)],
  ])('gives nothing for %s', (_, error) => {
    expect(violationOf(error)).toBe(undefined);
  });
});
