// Stacks in processes that have changed `Error`: they are taken, or left out, and never throw.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { textOf, traceOf } from '../../src/core/stack-trace.ts';

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
