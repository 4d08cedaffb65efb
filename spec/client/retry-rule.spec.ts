// Which ends are final for `connect.each`, in whose eyes, and how long a server asks to wait.

import { describe, expect, it } from 'vitest';
import { askedWaitMs, retriable } from '../../src/client/retry-rule.ts';
import { ConnectError, ConnectionLostError, UsageError } from '../../src/core/errors.ts';

type Judge = (error: unknown) => boolean | undefined;
const BY_RULE: Judge = () => undefined;

/** Whether an error ends the loop. */
function isGivenUp(error: unknown, isFinal: Judge = BY_RULE): boolean {
  try {
    retriable(error, { isFinal }, { isFinal: (cause) => cause === 'certificate' });
    return false;
  } catch (thrown) {
    expect(thrown).toBe(error);
    return true;
  }
}

const lost = (code: number, reason = ''): ConnectionLostError =>
  new ConnectionLostError({ code, reason, clean: true, by: 'peer', unread: 0 });

describe('the built-in rules', () => {
  it('give up after refusals that would be the same next time', () => {
    const statuses = [undefined, 200, 302, 400, 401, 403, 404, 408, 426, 429, 500, 503];
    expect(statuses.filter((status) => isGivenUp(new ConnectError(status)))).toEqual([400, 401, 403, 404]);
  });

  it('give up after closes that would be the same next time', () => {
    const end = { reason: '', clean: true, by: 'peer', unread: 0 } as const;
    const codes = Array.from({ length: 15 }, (_, index) => 1000 + index);
    expect(codes.filter((code) => isGivenUp(new ConnectionLostError({ ...end, code })))).toEqual([
      1002, 1003, 1007, 1008, 1009, 1010,
    ]);
  });

  it('give up after a cause that is final on this platform', () => {
    const causes = ['certificate', 'ECONNREFUSED', undefined];
    expect(causes.map((cause) => isGivenUp(new ConnectError(undefined, { cause })))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('give up after an error that is not ours', () => {
    expect([new TypeError('fetch failed'), 'text', null].map((error) => isGivenUp(error))).toEqual([
      true,
      true,
      true,
    ]);
  });
});

describe('isFinal of the user', () => {
  it.each([
    ['a redirect', new ConnectError(301)],
    ['a close code of its own', lost(4403)],
    ['a lost link', lost(1006)],
  ])('gives up for good after %s where it says so', (_, error) => {
    expect([isGivenUp(error), isGivenUp(error, () => true)]).toEqual([false, true]);
  });

  it.each([
    ['401', new ConnectError(401)],
    ['1008', lost(1008)],
    ['a certificate', new ConnectError(undefined, { cause: 'certificate' })],
  ])('makes another attempt after %s where it says so', (_, error) => {
    expect([isGivenUp(error), isGivenUp(error, () => false)]).toEqual([true, false]);
  });

  it('makes another attempt after any error of a function for the URL, with it as the cause', () => {
    const error = new TypeError('fetch failed');
    const cause = retriable(error, { isFinal: () => false }, {});
    expect([cause.code, cause.cause, cause.message]).toEqual([
      'COROSOCK_CONNECT',
      error,
      'The handshake failed: an option has thrown',
    ]);
  });

  it('is not asked about a mistake of the caller', () => {
    const asked: unknown[] = [];
    const error = new UsageError('COROSOCK_ARGUMENT', 'connect.each(): expected url to be');
    expect([isGivenUp(error, (given) => asked.push(given) === 0), asked]).toEqual([true, []]);
  });

  it.each([
    ['text', 'yes'],
    ['a promise', Promise.resolve(true)],
    ['null', null],
    ['a number', 1],
  ])('may not answer with %s', (_, answer) => {
    const judge = (): unknown => retriable(lost(1006), { isFinal: () => answer as unknown as boolean }, {});
    expect(judge).toThrow('connect.each(): expected isFinal to return true, false or undefined, got ');
  });
});

describe('the wait that a server asks for', () => {
  it.each([
    [1012, 'retry-after=5', 5000],
    [1013, 'busy; Retry-After=90 please', 90_000],
    [1013, 'retry-after=99999999999', 3_600_000],
    [1012, 'retry-after=-1', 0],
    [1012, 'retry-after=soon', 0],
    [1012, 'retry-after=5s', 0],
    [1012, '', 0],
    [1001, 'retry-after=5', 0],
    [4000, 'retry-after=5', 0],
  ])('by a close with %d and the reason %j', (code, reason, ms) => {
    expect(askedWaitMs(lost(code, reason))).toBe(ms);
  });

  it.each([
    [undefined, 0],
    [0, 0],
    [1500, 1500],
    [Number.MAX_SAFE_INTEGER, 3_600_000],
    [-1, 0],
    [NaN, 0],
  ])('by an answer with retryAfterMs of %s', (retryAfterMs, ms) => {
    const answer = retryAfterMs === undefined ? {} : { retryAfterMs };
    expect(askedWaitMs(new ConnectError(503, answer))).toBe(ms);
  });
});
