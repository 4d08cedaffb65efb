// The errors that users meet: their codes, names and what they carry.

import { describe, expect, it } from 'vitest';
import type { CloseInfo } from '../../src/words/close-info.ts';
import {
  ConnectError,
  ConnectionLostError,
  ConversationOverError,
  DrainingError,
  HandlerOverError,
  UsageError,
  HandshakeOverError,
} from '../../src/words/errors.ts';

const cause = new Error('ECONNRESET');
const end: CloseInfo = { code: 1006, reason: 'secret', clean: false, by: 'link', cause, unread: 2 };

describe('UsageError', () => {
  it('carries its code', () => {
    const error = new UsageError('COROSOCK_ARGUMENT', 'f(): expected a, got b');
    expect([error.name, error.code, error.message]).toEqual([
      'UsageError',
      'COROSOCK_ARGUMENT',
      'f(): expected a, got b',
    ]);
    expect(error).toBeInstanceOf(Error);
  });
});

describe('ConnectionLostError', () => {
  it('carries how the conversation ended, and its cause', () => {
    const error = new ConnectionLostError(end);
    expect([error.name, error.code, error.message]).toEqual([
      'ConnectionLostError',
      'COROSOCK_CONNECTION_LOST',
      'The conversation ended with close code 1006 by link',
    ]);
    expect(error.closeInfo).toBe(end);
    expect(error.cause).toBe(cause);
  });
});

describe('ConversationOverError', () => {
  it('is an AbortError that carries how the conversation ended', () => {
    const error = new ConversationOverError(end);
    expect([error.name, error.code, error.message]).toEqual([
      'AbortError',
      'ABORT_ERR',
      'The conversation is over: close code 1006 by link',
    ]);
    expect(error.closeInfo).toBe(end);
  });
});

describe('HandlerOverError', () => {
  it.each([
    ['ended', 'The handler has ended', undefined],
    ['failed', 'Another task of the handler has failed', cause],
  ] as const)('is an AbortError that says what has %s', (why, message, from) => {
    const error = new HandlerOverError(why, from);
    expect([error.name, error.code, error.message, error.cause]).toEqual([
      'AbortError',
      'ABORT_ERR',
      message,
      from,
    ]);
  });
});

describe('DrainingError', () => {
  it('is an AbortError', () => {
    const error = new DrainingError();
    expect([error.name, error.code, error.message]).toEqual([
      'AbortError',
      'ABORT_ERR',
      'The host is shutting down',
    ]);
  });
});

describe('ConnectError', () => {
  it.each([
    [403, 'The handshake was answered with 403'],
    [undefined, 'Nobody answered the handshake'],
  ])('tells the HTTP answer, if there was one: %s', (status, message) => {
    const error = new ConnectError(status);
    expect([error.name, error.code, error.status, error.message]).toEqual([
      'ConnectError',
      'COROSOCK_CONNECT',
      status,
      message,
    ]);
  });
});

describe('HandshakeOverError', () => {
  it.each([
    ['gone', 'The client has given the handshake up'],
    ['late', 'The time for the handshake is over'],
    ['closing', 'The host is shutting down'],
  ] as const)('is an AbortError that says why: %s', (why, message) => {
    const error = new HandshakeOverError(why);
    expect([error.name, error.code, error.why, error.message]).toEqual([
      'AbortError',
      'ABORT_ERR',
      why,
      message,
    ]);
  });
});
