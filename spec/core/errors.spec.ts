// The errors that users meet: their codes, names and what they carry.

import { describe, expect, it } from 'vitest';
import type { CloseInfo } from '../../src/core/close-info.ts';
import {
  ConnectError,
  ConnectionLostError,
  ConversationOverError,
  DrainingError,
  MessageError,
  TaskOverError,
  messageCloseCode,
  shownError,
  UsageError,
  HandshakeOverError,
} from '../../src/core/errors.ts';

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

  it('carries its cause, where it has one', () => {
    expect(new UsageError('COROSOCK_ARGUMENT', 'f()', { cause }).cause).toBe(cause);
  });
});

describe('MessageError', () => {
  it.each([
    ['COROSOCK_NOT_TEXT', 1003, 'ws.readJson(): expected text, but the message is binary'],
    ['COROSOCK_NOT_JSON', 1007, 'ws.readJson(): expected JSON, but the message is none'],
    ['COROSOCK_INVALID', 1008, 'ws.readJson(): expected what the schema describes, but the message is not'],
  ] as const)('carries its code and what it closes with: %s, %d', (code, closeCode, message) => {
    const error = new MessageError(code);
    expect([error.name, error.code, error.closeCode, error.message, error.issues]).toEqual([
      'MessageError',
      code,
      closeCode,
      message,
      [],
    ]);
  });

  it("carries the schema's issues", () => {
    const issues = [{ message: 'too short', path: ['name'] }];
    expect(new MessageError('COROSOCK_INVALID', issues).issues).toBe(issues);
  });
});

describe('messageCloseCode', () => {
  it.each([
    ['a MessageError', new MessageError('COROSOCK_NOT_JSON'), 1007],
    [
      'one of another copy of the package',
      Object.assign(new Error('no'), { code: 'COROSOCK_INVALID' }),
      1008,
    ],
    ['another error', new UsageError('COROSOCK_ARGUMENT', 'no'), undefined],
    ['an error with a close code alone', Object.assign(new Error('no'), { closeCode: 1007 }), undefined],
    ['a name that every object has', Object.assign(new Error('no'), { code: 'constructor' }), undefined],
    ['a code that is no text', Object.assign(new Error('no'), { code: 1007 }), undefined],
    ['an error without a code', new Error('no'), undefined],
    ['undefined', undefined, undefined],
  ])('knows by its code %s', (_, error, expected) => {
    expect(messageCloseCode(error)).toBe(expected);
  });

  it('knows nothing of what throws when it is looked at', () => {
    const has = (): never => {
      throw new Error('no');
    };
    expect(messageCloseCode(new Proxy({}, { has }))).toBe(undefined);
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

describe('TaskOverError', () => {
  it.each([
    ['ended', 'The handler has ended', undefined],
    ['failed', 'Another task of the handler has failed', cause],
    ['cancelled', 'The task was cancelled', undefined],
  ] as const)('is an AbortError that says what has %s', (why, message, from) => {
    const error = new TaskOverError(why, from);
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
      'The host asks its handler to finish',
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

describe('ConnectError without an answer', () => {
  it('tells what the problem is, and keeps its cause', () => {
    const error = new ConnectError(undefined, { problem: 'ECONNREFUSED', cause });
    expect([error.message, error.cause]).toEqual(['The handshake failed: ECONNREFUSED', cause]);
  });

  it('has no cause where none is known', () => {
    expect('cause' in new ConnectError(undefined)).toBe(false);
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

describe('shownError', () => {
  it.each<[string, unknown]>([
    ['TypeError: no', new TypeError('no')],
    ['42', 42],
    ['something that cannot be shown', Object.create(null)],
  ])('gives %s', (text, thrown) => {
    expect(shownError(thrown)).toBe(text);
  });
});
