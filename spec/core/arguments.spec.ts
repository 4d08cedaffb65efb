// The checks of arguments: what each lets pass, what it refuses, and what the
// error says of call, expectation and value.

import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  badArgument,
  checkBoolean,
  checkClock,
  checkClose,
  checkCloseCode,
  checkCount,
  checkCountOrInfinity,
  checkDuration,
  checkFunction,
  checkLength,
  checkMs,
  checkNames,
  checkPeriod,
  checkSignal,
  checkTimer,
  oneOf,
} from '../../src/core/arguments.ts';
import { UsageError } from '../../src/core/errors.ts';

const refusal = (message: string): UsageError => new UsageError('COROSOCK_ARGUMENT', message);

describe('checkLength', () => {
  it.each([1, 2, 32_656, Number.MAX_SAFE_INTEGER])('lets %s pass', (len) => {
    expect(() => checkLength('f()', len)).not.toThrow();
  });

  it.each([
    [0, '0'],
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    ['8', '"8"'],
    [null, 'null'],
  ])('refuses %s', (len, got) => {
    expect(() => checkLength('f()', len)).toThrow(
      refusal(`f(): expected len to be an integer ≥ 1, got ${got}`),
    );
  });
});

describe('checkMs', () => {
  it.each([0, 0.5, 86_400_000, 2 ** 31, Infinity])('lets %s pass', (ms) => {
    expect(() => checkMs('f()', 'timeoutMs', ms)).not.toThrow();
  });

  it.each([
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Infinity'],
    ['5', '"5"'],
    [undefined, 'undefined'],
  ])('refuses %s', (ms, got) => {
    const expected = 'f(): expected timeoutMs to be a number of milliseconds ≥ 0';
    expect(() => checkMs('f()', 'timeoutMs', ms)).toThrow(refusal(`${expected}, got ${got}`));
  });
});

describe('checkTimer', () => {
  it.each([0, 1.5, 2_147_483_647])('lets %s pass', (ms) => {
    expect(() => checkTimer('f()', 'graceMs', ms)).not.toThrow();
  });

  it.each([
    [-1, '-1'],
    [2_147_483_648, '2147483648'],
    [Infinity, 'Infinity'],
    [Number.NaN, 'NaN'],
    ['5', '"5"'],
  ])('refuses %s, which no timer can run for', (ms, got) => {
    const expected = 'f(): expected graceMs to be a number of milliseconds from 0 to 2147483647';
    expect(() => checkTimer('f()', 'graceMs', ms)).toThrow(refusal(`${expected}, got ${got}`));
  });
});

describe('checkPeriod', () => {
  it.each([1, 1.5, 2_147_483_647])('lets %s pass', (ms) => {
    expect(() => checkPeriod('f()', 'intervalMs', ms)).not.toThrow();
  });

  it.each([
    [0, '0'],
    [0.5, '0.5'],
    [-1, '-1'],
    [2_147_483_648, '2147483648'],
    [Number.NaN, 'NaN'],
    ['5', '"5"'],
  ])('refuses %s, which is no period of a timer', (ms, got) => {
    const expected = 'f(): expected intervalMs to be a number of milliseconds from 1 to 2147483647';
    expect(() => checkPeriod('f()', 'intervalMs', ms)).toThrow(refusal(`${expected}, got ${got}`));
  });
});

describe('checkDuration', () => {
  it.each([1, 1.5, 2 ** 40, Infinity])('lets %s pass', (ms) => {
    expect(() => checkDuration('f()', 'maxAgeMs', ms)).not.toThrow();
  });

  it.each([
    [0.5, '0.5'],
    [-Infinity, '-Infinity'],
    [Number.NaN, 'NaN'],
    ['5', '"5"'],
  ])('refuses %s', (ms, got) => {
    const expected = 'f(): expected maxAgeMs to be a number of milliseconds ≥ 1';
    expect(() => checkDuration('f()', 'maxAgeMs', ms)).toThrow(refusal(`${expected}, got ${got}`));
  });
});

describe('checkCount', () => {
  it.each([1, 64, 2_147_483_647])('lets %s pass', (count) => {
    expect(() => checkCount('f()', 'size', count)).not.toThrow();
  });

  it.each([
    [0, '0'],
    [-1, '-1'],
    [1.5, '1.5'],
    [2_147_483_648, '2147483648'],
    [Infinity, 'Infinity'],
    ['64', '"64"'],
  ])('refuses %s, for "no limit" has no spelling', (count, got) => {
    const expected = 'f(): expected size to be an integer from 1 to 2147483647';
    expect(() => checkCount('f()', 'size', count)).toThrow(refusal(`${expected}, got ${got}`));
  });
});

describe('checkCountOrInfinity', () => {
  it.each([1, 2_147_483_647, Infinity])('lets %s pass', (count) => {
    expect(() => checkCountOrInfinity('f()', 'size', count)).not.toThrow();
  });

  it.each([
    [0, '0'],
    [-Infinity, '-Infinity'],
    [2_147_483_648, '2147483648'],
    ['64', '"64"'],
  ])('refuses %s', (count, got) => {
    const expected = 'f(): expected size to be an integer from 1 to 2147483647, or Infinity';
    expect(() => checkCountOrInfinity('f()', 'size', count)).toThrow(refusal(`${expected}, got ${got}`));
  });
});

describe('checkBoolean', () => {
  it.each([true, false])('lets %s pass', (value) => {
    expect(() => checkBoolean('f()', 'isLoud', value)).not.toThrow();
  });

  it.each([
    [undefined, 'undefined'],
    [0, '0'],
    ['true', '"true"'],
  ])('refuses %s', (value, got) => {
    const message = `f(): expected isLoud to be true or false, got ${got}`;
    expect(() => checkBoolean('f()', 'isLoud', value)).toThrow(refusal(message));
  });
});

describe('checkFunction', () => {
  it('lets a function pass', () => {
    expect(() => checkFunction('f()', 'report', () => {})).not.toThrow();
  });

  it.each([
    [null, 'null'],
    [{}, 'an object'],
  ])('refuses %o', (value, got) => {
    const message = `f(): expected report to be a function, got ${got}`;
    expect(() => checkFunction('f()', 'report', value)).toThrow(refusal(message));
  });
});

describe('oneOf', () => {
  const check = oneOf('red', 'green', 'blue');

  it.each(['red', 'green', 'blue'])('lets %s pass', (value) => {
    expect(() => check('f()', 'colour', value)).not.toThrow();
  });

  it.each([
    ['black', '"black"'],
    [undefined, 'undefined'],
    [['red'], 'an array'],
  ])('refuses %o and says which words there are', (value, got) => {
    const message = `f(): expected colour to be 'red', 'green' or 'blue', got ${got}`;
    expect(() => check('f()', 'colour', value)).toThrow(refusal(message));
  });
});

describe('checkSignal', () => {
  it.each([undefined, new AbortController().signal, AbortSignal.abort()])('lets %o pass', (signal) => {
    expect(() => checkSignal('f()', 'signal', signal)).not.toThrow();
  });

  it.each([
    [null, 'null'],
    [new AbortController(), 'an object'],
  ])('refuses %o', (signal, got) => {
    const message = `f(): expected signal to be an AbortSignal, got ${got}`;
    expect(() => checkSignal('f()', 'signal', signal)).toThrow(refusal(message));
  });
});

describe('checkClock', () => {
  const clock = { now: () => 0, setTimeout: () => 0, clearTimeout: () => {}, setImmediate: () => 0 };

  it.each([undefined, clock])('lets %j pass', (given) => {
    expect(() => checkClock('f()', 'clock', given)).not.toThrow();
  });

  it.each([
    [null, 'null'],
    [{}, 'an object'],
    [{ ...clock, now: 5 }, 'an object'],
    ['clock', '"clock"'],
  ])('refuses %j', (given, shown) => {
    expect(() => checkClock('f()', 'clock', given)).toThrow(
      refusal(`f(): expected clock to be a Clock, got ${shown}`),
    );
  });
});

describe('checkNames', () => {
  const known = new Set(['len', 'timeoutMs']);

  it.each([{}, { len: 1 }, { len: undefined, timeoutMs: 5 }])('lets %o pass', (options) => {
    expect(() => checkNames('f()', options, known)).not.toThrow();
  });

  it('refuses a misspelt name and says which ones there are', () => {
    const message = 'f(): unknown option "timeout"; did you mean "timeoutMs"? The options are len, timeoutMs';
    expect(() => checkNames('f()', { timeout: 5 }, known)).toThrow(refusal(message));
  });

  it.each([
    [null, 'null'],
    [5, '5'],
    ['len', '"len"'],
  ])('refuses %o, which is no object', (options, got) => {
    const message = `f(): expected options to be an object, got ${got}`;
    expect(() => checkNames('f()', options, known)).toThrow(refusal(message));
  });

  it.each<[string, unknown]>([
    ['Array', []],
    ['Map', new Map([['len', 1]])],
    ['Promise', Promise.resolve({ len: 1 })],
    ['AbortSignal', new AbortController().signal],
  ])('refuses a value of %s, which has no names and would be ignored', (kind, options) => {
    const message = `f(): expected options by name, such as { signal }, got "[object ${kind}]"`;
    expect(() => checkNames('f()', options, known)).toThrow(refusal(message));
  });

  it('lets options without a prototype, and those of a class, pass', () => {
    class Options {
      readonly len = 1;
    }
    for (const options of [Object.create(null), new Options(), runInNewContext('({})')] as unknown[])
      expect(() => checkNames('f()', options, known)).not.toThrow();
  });
});

describe('checkCloseCode', () => {
  it.each([1000, 1003, 1007, 1014, 3000, 4999])('takes %d', (code) => {
    expect(() => checkCloseCode('f()', 'code', code)).not.toThrow();
  });

  it.each([999, 1004, 1006, 1015, 2999, 5000, 1000.5, NaN, '1000', undefined])('refuses %s', (code) => {
    expect(() => checkCloseCode('f()', 'code', code)).toThrow(
      'f(): expected code to be a close code of 1000–1003, 1007–1014 or 3000–4999, got ',
    );
  });
});

describe('checkClose', () => {
  it.each([1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 3008, 4000, 4999])('lets code %s pass', (code) => {
    expect(() => checkClose('f()', code, '')).not.toThrow();
  });

  it.each([
    [999, '999'],
    [1004, '1004'],
    [1005, '1005'],
    [1006, '1006'],
    [1015, '1015'],
    [2999, '2999'],
    [5000, '5000'],
    [1000.5, '1000.5'],
    [Number.NaN, 'NaN'],
    ['1000', '"1000"'],
  ])('refuses code %s, which is never sent', (code, got) => {
    const message = `f(): expected a close code of 1000–1003, 1007–1014 or 3000–4999, got ${got}`;
    expect(() => checkClose('f()', code, '')).toThrow(new UsageError('COROSOCK_CLOSE_CODE', message));
  });

  it.each(['', 'x'.repeat(123), 'ü'.repeat(61)])('lets reason "%s" pass', (reason) => {
    expect(() => checkClose('f()', 1000, reason)).not.toThrow();
  });

  it.each([
    ['x'.repeat(124), '124 bytes'],
    ['ü'.repeat(62), '124 bytes'],
    [5, 'number'],
  ])('refuses reason "%s"', (reason, got) => {
    const message = `f(): expected a reason of at most 123 bytes of UTF-8, got ${got}`;
    expect(() => checkClose('f()', 1000, reason)).toThrow(new UsageError('COROSOCK_CLOSE_REASON', message));
  });
});

describe('badArgument', () => {
  const neverRun = {
    toString(): string {
      throw new Error('ran');
    },
  };

  it.each([
    ['text', '"text"'],
    ['x'.repeat(1000), `"${'x'.repeat(60)}"`],
    [[1, 2], 'an array'],
    [neverRun, 'an object'],
    [(): void => {}, 'a function'],
    [Symbol('s'), 'Symbol(s)'],
    [5n, '5'],
    [true, 'true'],
  ])('names what came in bounded length, without running its code: %#', (value, got) => {
    expect(badArgument('f()', 'something else', value)).toEqual(
      refusal(`f(): expected something else, got ${got}`),
    );
  });
});
