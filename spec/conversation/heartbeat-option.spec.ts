// The option `heartbeat` with every kind of value: hosts and clients have the same.

import { UsageError } from 'corosock';
import { describe, expect, it } from 'vitest';
import { Heartbeat } from '../../src/conversation/heartbeat.ts';
import { DEFAULT_HEARTBEAT, heartbeatOf } from '../../src/conversation/heartbeat-option.ts';
import type { HeartbeatOption } from '../../src/conversation/heartbeat-option.ts';
import { HandClock } from '../time/hand-clock.ts';

const take = (option: unknown): Heartbeat | undefined =>
  heartbeatOf('connect()', option as HeartbeatOption, new HandClock());

describe('heartbeatOf', () => {
  it('is every 25 000 and 20 000 by default', () => {
    expect(DEFAULT_HEARTBEAT).toEqual({ intervalMs: 25_000, timeoutMs: 20_000 });
  });

  it('makes none of false', () => {
    expect(take(false)).toBe(undefined);
  });

  it.each([1, 1.5, 2 ** 31 - 1])('takes times of %d', (ms) => {
    expect(take({ intervalMs: ms, timeoutMs: ms })).toBeInstanceOf(Heartbeat);
  });

  it.each([true, null, 25_000, 'on', () => {}])('refuses %s', (option) => {
    expect(() => take(option)).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_ARGUMENT',
        message: expect.stringContaining(
          'connect(): expected heartbeat to be { intervalMs, timeoutMs } or false, got ',
        ) as string,
      }),
    );
  });

  it.each([0, -1, 0.5, NaN, Infinity, 2 ** 31, '25', 1n, null, undefined])(
    'C1: refuses a time of %s',
    (ms) => {
      const range = 'to be a number of milliseconds from 1 to 2147483647, got ';
      expect(() => take({ intervalMs: ms, timeoutMs: 1 })).toThrow(
        `connect(): expected heartbeat.intervalMs ${range}`,
      );
      expect(() => take({ intervalMs: 1, timeoutMs: ms })).toThrow(
        `connect(): expected heartbeat.timeoutMs ${range}`,
      );
    },
  );

  it('C2: refuses a name that it does not know', () => {
    expect(() => take({ intervalMs: 1, timeoutMs: 1, interval: 1 })).toThrow(
      new UsageError(
        'COROSOCK_ARGUMENT',
        'connect() heartbeat: unknown option "interval"; did you mean "intervalMs"? The options are intervalMs, timeoutMs',
      ),
    );
  });
});
