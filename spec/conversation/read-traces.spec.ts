import { describe, expect, it, vi } from 'vitest';
import { ReadTraces, TRACED_READS } from '../../src/conversation/read-traces.ts';

describe('ReadTraces', () => {
  const here = (traces: ReadTraces): ReturnType<ReadTraces['take']> => traces.take(here);

  it('remembers the one place that has called', () => {
    expect(here(new ReadTraces())?.stack?.split('\n')).toEqual([
      expect.anything(),
      expect.stringContaining('read-traces.spec.ts'),
    ]);
  });

  it('remembers so many, and as many again after a mistake', () => {
    const traces = new ReadTraces();
    const taken = (): number => {
      let count = 0;
      while (here(traces) !== undefined) count += 1;
      return count;
    };
    const first = taken();
    traces.refill();
    expect([first, taken()]).toEqual([TRACED_READS, TRACED_READS]);
  });

  it('remembers nothing where the engine cannot', () => {
    const capture = vi.spyOn(Error, 'captureStackTrace');
    (Error as { captureStackTrace?: unknown }).captureStackTrace = undefined;
    const trace = here(new ReadTraces());
    capture.mockRestore();
    expect(trace?.stack).toBe(undefined);
  });

  it('leaves the depth of stack traces as it was', () => {
    const before = Error.stackTraceLimit;
    here(new ReadTraces());
    expect(Error.stackTraceLimit).toBe(before);
  });
});
