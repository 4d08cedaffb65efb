// What the end of a handler closes its socket with (I6), and which errors are expected ends.

import { describe, expect, it } from 'vitest';
import { scripted } from '../conversation/scripted-transport.ts';
import { closeCodeFor, aggregateErrors, isExpectedEnd } from '../../src/server/outcome.ts';
import { LazySignal } from '../../src/waiting/lazy-signal.ts';
import { ConnectionLostError, DrainingError, MessageError } from '../../src/core/errors.ts';

const threw = { kind: 'threw', error: new Error('secret') } as const;

describe('closeCodeFor', () => {
  it.each([
    ['returned', { kind: 'returned' }, 'serving', { code: 1000, closer: 'handler' }],
    ['returned', { kind: 'returned' }, 'draining', { code: 1001, closer: 'shutdown' }],
    ['threw', threw, 'serving', { code: 1011, closer: 'handler' }],
    ['threw', threw, 'draining', { code: 1011, closer: 'handler' }],
    ['was abandoned', { kind: 'abandoned' }, 'serving', { code: 1000, closer: 'handler' }],
    ['was abandoned', { kind: 'abandoned' }, 'draining', { code: 1001, closer: 'shutdown' }],
  ] as const)('gives what closes for a handler that %s (%j, %s)', (_, end, draining, closing) => {
    expect(closeCodeFor(end, draining)).toEqual(closing);
  });
});

describe('closeCodeFor a handler that threw a MessageError', () => {
  it.each([
    ['COROSOCK_NOT_TEXT', 1003],
    ['COROSOCK_NOT_JSON', 1007],
    ['COROSOCK_INVALID', 1008],
  ] as const)('gives its close code: %s, %d', (fault, code) => {
    const end = { kind: 'threw', error: new MessageError(fault) } as const;
    expect([closeCodeFor(end, 'serving'), closeCodeFor(end, 'draining')]).toEqual([
      { code, closer: 'handler' },
      { code, closer: 'handler' },
    ]);
  });
});

describe('aggregateErrors', () => {
  const [a, b] = [new Error('a'), new Error('b')];

  it('gives undefined without an error', () => {
    expect(aggregateErrors(undefined, new Set())).toBe(undefined);
  });

  it.each([
    ['the handler', { error: a }, []],
    ['a child', undefined, [a]],
    ['a child whose error the handler has thrown on', { error: a }, [a]],
  ])('gives the one error of %s', (_, handler, errors) => {
    expect(aggregateErrors(handler, new Set(errors))).toEqual({ kind: 'threw', error: a });
  });

  it('gives the one error also where that is undefined', () => {
    expect(aggregateErrors({ error: undefined }, new Set())).toEqual({ kind: 'threw', error: undefined });
  });

  it('keeps all errors, the handler’s first', () => {
    const end = aggregateErrors({ error: b }, new Set([a, b]));
    expect(end).toMatchObject({
      kind: 'threw',
      error: {
        name: 'AggregateError',
        message: 'The handler and its child tasks have failed with 2 errors',
        errors: [b, a],
      },
    });
  });
});

describe('isExpectedEnd', () => {
  /** A conversation that is over, by its session where that is said, and a host that asks to finish. */
  function told(by: 'link' | 'session' = 'link') {
    const { conversation, link } = scripted();
    const draining = new LazySignal();
    // A reason that nobody has seen explains nothing.
    const [over, finish] = [conversation.over.signal, draining.signal];
    if (by === 'session') conversation.close(3008, '', by);
    link.end({ by: by === 'session' ? 'local' : by });
    draining.abort(() => new DrainingError());
    return {
      over: (): unknown => over.reason,
      draining: (): unknown => finish.reason,
      end: conversation.queue.end,
      of: (error: unknown) => isExpectedEnd(error, conversation, draining),
    };
  }

  it('is true for the end of the socket itself, and for the request to finish', () => {
    const { over, draining, end, of } = told();
    if (end === undefined) throw new Error('It lives');
    const errors = [
      over(),
      draining(),
      new Error('wrapped', { cause: over() }),
      new ConnectionLostError(end),
    ];
    expect(errors.map(of)).toEqual([true, true, true, true]);
  });

  it('is true for the end of the session, where that has ended the socket', () => {
    const error = Object.assign(new Error('over'), { code: 'COROSOCK_SESSION_OVER' });
    expect([told('session').of(error), told().of(error)]).toEqual([true, false]);
  });

  it('is true for the end of the session while the client has not answered the close', () => {
    const { conversation } = scripted();
    const error = Object.assign(new Error('over'), { code: 'COROSOCK_SESSION_OVER' });
    const before = isExpectedEnd(error, conversation, new LazySignal());
    conversation.close(3008, '', 'session');
    expect([before, isExpectedEnd(error, conversation, new LazySignal())]).toEqual([false, true]);
  });

  it.each([
    ['another error', new Error('no')],
    ['undefined', undefined],
    ['a text', 'COROSOCK_SESSION_OVER'],
    ['the end of another socket', { closeInfo: {} }],
    ['the reason of another socket', Object.assign(new Error('over'), { name: 'AbortError', closeInfo: {} })],
    [
      'an object that throws when it is read',
      new Proxy(
        {},
        {
          has: () => {
            throw new Error('no');
          },
        },
      ),
    ],
  ])('is false for %s', (_, error) => {
    expect(told().of(error)).toBe(false);
  });
});
