// The one check of what may end a wait.

import { describe, expect, it } from 'vitest';
import { checkWait, waitOf } from '../../src/core/wait-options.ts';
import { UsageError } from '../../src/core/errors.ts';
import type { WaitOptions } from '../../src/core/wait-options.ts';

describe('checkWait', () => {
  it.each<[string, WaitOptions]>([
    ['nothing', {}],
    ['a time of 0', { timeoutMs: 0 }],
    ['Infinity', { timeoutMs: Infinity }],
    ['a signal', { timeoutMs: 1, signal: new AbortController().signal }],
  ])('takes %s', (_, options) => {
    expect(() => checkWait('ws.call()', options)).not.toThrow();
  });

  it.each<[string, unknown, string]>([
    ['no object', null, 'ws.call(): expected options to be an object, got null'],
    [
      'another name',
      { timeout: 1 },
      'ws.call(): unknown option "timeout"; did you mean "timeoutMs"? The options are timeoutMs, signal',
    ],
    [
      'a negative time',
      { timeoutMs: -1 },
      'ws.call(): expected timeoutMs to be a number of milliseconds ≥ 0, got -1',
    ],
    [
      'a signal alone, which would be ignored',
      new AbortController().signal,
      'ws.call(): expected options by name, such as { signal }, got "[object AbortSignal]"',
    ],
    ['no signal', { signal: 'abort' }, 'ws.call(): expected signal to be an AbortSignal, got "abort"'],
  ])('refuses %s', (_, options, message) => {
    expect(() => checkWait('ws.call()', options as WaitOptions)).toThrow(
      expect.objectContaining({ code: 'COROSOCK_ARGUMENT', message }),
    );
  });
});

describe('waitOf', () => {
  it('gives options for a number of milliseconds, and options as they are', () => {
    const options = { timeoutMs: 5 };
    expect(waitOf('ws.call()', 5)).toEqual(options);
    expect(waitOf('ws.call()', options)).toBe(options);
  });

  it.each([['5s'], [null], [true]])('refuses %j', (value) => {
    expect(() => waitOf('ws.call()', value as never)).toThrow(
      new UsageError(
        'COROSOCK_ARGUMENT',
        `ws.call(): expected milliseconds or options, got ${JSON.stringify(value)}`,
      ),
    );
  });
});
