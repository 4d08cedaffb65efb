// Stacks in processes that have changed `Error`: they are taken, or left out, and never throw.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { showCaller, textOf, traceOf, withFrames } from '../../src/core/stack-trace.ts';

const here = (): ReturnType<typeof traceOf> => traceOf(1, here);

afterEach(() => vi.restoreAllMocks());

describe('traceOf', () => {
  it('takes so many frames, from the caller on', () => {
    expect(textOf(here())?.split('\n')).toEqual([
      expect.anything(),
      expect.stringContaining('stack-trace.spec.ts'),
    ]);
  });

  it('leaves the depth of stack traces as it was', () => {
    const before = Error.stackTraceLimit;
    here();
    expect(Error.stackTraceLimit).toBe(before);
  });

  it('takes more frames where the depth cannot be set, as where Error is frozen', () => {
    const value = Error.stackTraceLimit;
    Object.defineProperty(Error, 'stackTraceLimit', { value, writable: false });
    try {
      expect(textOf(here())?.split('\n').length).toBeGreaterThan(2);
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', { value, writable: true });
    }
  });

  it('takes nothing where the engine cannot', () => {
    vi.spyOn(Error, 'captureStackTrace');
    (Error as { captureStackTrace?: unknown }).captureStackTrace = undefined;
    const trace = here();
    vi.restoreAllMocks();
    expect(textOf(trace)).toBe(undefined);
  });
});

describe('textOf', () => {
  it.each<[string, () => unknown]>([
    ['another thing than text', () => [{ frame: 1 }]],
    ['nothing, and throws', () => expect.fail('must not come out')],
  ])('gives undefined where Error.prepareStackTrace gives %s', (_, prepare) => {
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = prepare;
    try {
      expect(textOf(here())).toBe(undefined);
    } finally {
      Error.prepareStackTrace = before;
    }
  });

  it('gives undefined for no stack', () => {
    expect([textOf(undefined), textOf({})]).toEqual([undefined, undefined]);
  });
});

describe('showCaller', () => {
  const thrown = (): RangeError => {
    const error = new RangeError('late');
    error.stack = 'of a callback';
    return error;
  };

  it('puts the lines of a trace behind the words of an error', () => {
    const error = showCaller(thrown(), here());
    const [first, second] = error.stack?.split('\n') ?? [];
    expect([first, second?.includes('stack-trace.spec.ts')]).toEqual(['RangeError: late', true]);
  });

  it.each([
    ['no trace', undefined],
    ['a trace in another form', { stack: 'f@file:1:1' }],
  ])('leaves the stack as it is with %s', (_, trace) => {
    expect(showCaller(thrown(), trace).stack).toBe('of a callback');
  });

  it('gives a frozen error as it is', () => {
    const error = Object.freeze(thrown());
    expect(showCaller(error, here())).toBe(error);
  });
});

describe('withFrames', () => {
  it('shows the given frames in place of its own', () => {
    const error = withFrames(new TypeError('wrong'), ['at chat (chat.ts:3:5)', 'at main (main.ts:1:1)']);
    expect(error.stack).toBe('TypeError: wrong\n    at chat (chat.ts:3:5)\n    at main (main.ts:1:1)');
  });

  it('leaves an error as it is where there are none', () => {
    const error = new TypeError('wrong');
    const { stack } = error;
    expect(withFrames(error, []).stack).toBe(stack);
  });
});
