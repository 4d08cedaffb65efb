// The option `rate`, and the two buckets behind it. That a socket is held or closed is proved in
// inflow.spec.ts, one bucket in core/rate-window.spec.ts.

import { describe, expect, it } from 'vitest';
import { UsageError } from 'corosock';
import { checkRate, NO_RATE, RateMeter, rateOf } from '../../src/conversation/rate-meter.ts';

const WINDOW = { count: 2, perMs: 1000 };

describe('the option rate', () => {
  it.each([
    ['nothing', NO_RATE],
    ['messages', { messages: WINDOW }],
    ['bytes', { bytes: { ...WINDOW, burst: 10 } }],
    ['both, and a word', { messages: WINDOW, bytes: WINDOW, over: 'close' }],
  ])('may be %s', (_, rate) => {
    expect(() => checkRate('serve()', 'rate', rate)).not.toThrow();
  });

  it.each([
    ['a number', 5, 'serve(): expected rate to be { messages, bytes, over }, got 5'],
    ['null', null, 'serve(): expected rate to be { messages, bytes, over }, got null'],
    ['no limit', {}, 'serve(): expected rate to have messages or bytes, got an object'],
    ['a word alone', { over: 'pause' }, 'serve(): expected rate to have messages or bytes, got an object'],
    [
      'a misspelt name',
      { message: WINDOW },
      'serve(), rate: unknown option "message"; did you mean "messages"? The options are messages, bytes, over',
    ],
    [
      'an empty window',
      { messages: {} },
      'serve(): expected rate.messages.count to be an integer from 1 to 2147483647, got undefined',
    ],
    [
      'no time',
      { bytes: { count: 1, perMs: 0 } },
      'serve(): expected rate.bytes.perMs to be a number of milliseconds from 1 to 2147483647, got 0',
    ],
    [
      'another word',
      { messages: WINDOW, over: 'drop' },
      `serve(): expected rate.over to be 'pause' or 'close', got "drop"`,
    ],
  ])('is refused as %s', (_, rate, message) => {
    expect(() => checkRate('serve()', 'rate', rate)).toThrow(new UsageError('COROSOCK_ARGUMENT', message));
  });

  it('is copied, so that a later change of the object changes nothing', () => {
    const rate = { messages: { ...WINDOW }, bytes: { ...WINDOW } };
    const copy = rateOf(rate);
    rate.messages.count = 9;
    expect(copy).toEqual({ messages: WINDOW, bytes: WINDOW, over: 'pause' });
    expect([rateOf({ bytes: WINDOW, over: 'close' }), rateOf(NO_RATE)]).toEqual([
      { bytes: WINDOW, over: 'close' },
      undefined,
    ]);
  });
});

describe('a rate meter', () => {
  it('counts messages and bytes apart', () => {
    const meter = new RateMeter({ messages: WINDOW, bytes: { count: 10, perMs: 1000 } });
    expect(meter.waitFor(1, 10, 0)).toBe(0);
    meter.take(1, 10, 0);
    expect([meter.waitFor(1, 0, 0), meter.waitFor(1, 1, 0), meter.waitFor(2, 0, 0)]).toEqual([0, 100, 500]);
  });

  it.each([
    ['messages', { messages: WINDOW }, [500, 0]],
    ['bytes', { bytes: WINDOW }, [0, 500]],
  ])('counts %s alone', (_, rate, waits) => {
    const meter = new RateMeter(rate);
    meter.take(2, 2, 0);
    expect([meter.waitFor(1, 0, 0), meter.waitFor(0, 1, 0)]).toEqual(waits);
  });
});
