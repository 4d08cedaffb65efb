// What a handler's end closes the socket with (I6), and whether it was told to end.

import { describe, expect, it } from 'vitest';
import { scripted } from '../conversation/scripted-transport.ts';
import { closeCodeFor, aggregateErrors, isExpectedEnd } from '../../src/server/outcome.ts';
import { LazySignal } from '../../src/waiting/lazy-signal.ts';
import { ConnectionLostError, DrainingError, MessageError } from '../../src/core/errors.ts';

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
    expect(closeCodeFor(end, draining)).toEqual(closing);
  });
});

describe('closingFor a handler that threw a MessageError', () => {
  it.each([
    ['COROSOCK_NOT_TEXT', 1003],
    ['COROSOCK_NOT_JSON', 1007],
    ['COROSOCK_INVALID', 1008],
  ] as const)('says its close code: %s, %d', (fault, code) => {
    const end = { kind: 'threw', error: new MessageError(fault) } as const;
    expect([closeCodeFor(end, 'serving'), closeCodeFor(end, 'draining')]).toEqual([
      { code, closer: 'handler' },
      { code, closer: 'handler' },
    ]);
  });
});

describe('together', () => {
  const [a, b] = [new Error('a'), new Error('b')];

  it('is nothing where nothing has failed', () => {
    expect(aggregateErrors(undefined, new Set())).toBe(undefined);
  });

  it.each([
    ['the handler', { error: a }, []],
    ['a child', undefined, [a]],
    ['a child whose error the handler has thrown on', { error: a }, [a]],
  ])('is the one error of %s', (_, handler, errors) => {
    expect(aggregateErrors(handler, new Set(errors))).toEqual({ kind: 'threw', error: a });
  });

  it('is the one error also where that is undefined', () => {
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

describe('wasTold', () => {
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

  it("knows the socket's own end, and the request to finish, again", () => {
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

  it('knows the end of the session again, where that has ended the socket', () => {
    const error = Object.assign(new Error('over'), { code: 'COROSOCK_SESSION_OVER' });
    expect([told('session').of(error), told().of(error)]).toEqual([true, false]);
  });

  it.each([
    ['another error', new Error('no')],
    ['undefined', undefined],
    ['a text', 'COROSOCK_SESSION_OVER'],
    ['the end of another socket', { closeInfo: {} }],
    [
      'what ended with another socket',
      Object.assign(new Error('over'), { name: 'AbortError', closeInfo: {} }),
    ],
    [
      'what throws when it is looked at',
      new Proxy(
        {},
        {
          has: () => {
            throw new Error('no');
          },
        },
      ),
    ],
  ])('takes %s for what it is', (_, error) => {
    expect(told().of(error)).toBe(false);
  });
});
