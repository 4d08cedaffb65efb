// Mistakes of handlers that read: what each is told, when, and how often. When reads after the
// end are counted: sticky-close.spec.ts.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_READ_LENGTH } from '../../src/conversation/pending-read.ts';
import {
  readAfterCloseError,
  ReadTraces,
  rejectAfter,
  TRACED_A_SECOND,
  TRACED_READS,
} from '../../src/conversation/read-mistakes.ts';
import { textOf } from '../../src/core/stack-trace.ts';
import type { scripted as makeScripted } from './scripted-transport.ts';
import type { Socket } from '../../src/socket/socket.ts';
import { CLOSED } from '../../src/core/status.ts';
import type { ReadResult } from '../../src/core/status.ts';

type ScriptedLink = ReturnType<typeof makeScripted>['link'];

describe('ReadTraces', () => {
  const here = (traces: ReadTraces): ReturnType<ReadTraces['take']> => traces.take(here);

  it('remembers where it was called, the caller first', () => {
    const trace = here(new ReadTraces());
    expect(textOf(trace)?.split('\n')[1]).toContain('read-mistakes.spec.ts');
    expect(trace).toMatchObject({ promise: undefined, isFresh: true });
  });

  it('knows whether the step that called is over: a handler that returns in it calls back before', async () => {
    const traces = new ReadTraces();
    const seen: Array<boolean | undefined> = [];
    const inOneStep = async (): Promise<ReturnType<typeof here>> => here(traces);
    const inTwo = async (): Promise<ReturnType<typeof here>> => {
      const trace = here(traces);
      await Promise.resolve();
      return trace;
    };
    for (const handler of [inOneStep, inTwo]) await handler().then((trace) => seen.push(trace?.isFresh));
    expect(seen).toEqual([true, false]);
  });

  it('remembers some more in each second in which a socket begins', () => {
    const traces = new ReadTraces();
    const taken = (): number => {
      let count = 0;
      while (here(traces) !== undefined) count += 1;
      return count;
    };
    const counts = [taken()];
    for (const nowMs of [5, 999, 1000, 1001]) {
      traces.refresh(nowMs);
      counts.push(taken());
    }
    expect(counts).toEqual([TRACED_READS, TRACED_A_SECOND, 0, TRACED_A_SECOND, 0]);
  });

  it('remembers a number of lines, and as many again after a mistake', () => {
    const traces = new ReadTraces();
    const taken = (): number => {
      let count = 0;
      while (here(traces) !== undefined) count += 1;
      return count;
    };
    const first = taken();
    traces.concurrentReadError(undefined, 'ws.read()');
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

  it.each([
    ['a line', { stack: 'Error\n    at handler (echo.ts:3:5)' }, 'at handler (echo.ts:3:5)'],
    ['a stack of one line', { stack: 'Error' }, 'where will be remembered for the next time'],
    [
      'a stack that a logger has made',
      { stack: [{ line: 3 }] },
      'where will be remembered for the next time',
    ],
    ['a trace without a stack', {}, 'where will be remembered for the next time'],
    ['no trace', undefined, 'where will be remembered for the next time'],
  ])('makes the error of a second read from %s', (_, trace, where) => {
    expect(new ReadTraces().concurrentReadError(trace, 'ws.readText()', '. Cure')).toMatchObject({
      name: 'UsageError',
      code: 'COROSOCK_CONCURRENT_READ',
      message: `ws.readText(): expected one read at a time, but another one waits already, ${where}. Cure`,
    });
  });
});

describe('the error of a read after the end', () => {
  it('names the call and how often it was made', () => {
    expect(readAfterCloseError('select()')).toMatchObject({
      code: 'COROSOCK_READ_AFTER_CLOSE',
      message:
        "select(): expected the loop to end at 'closed', but this is its read number 100 after the end",
    });
  });

  it('comes in the place of the answer, and no sooner', async () => {
    const error = readAfterCloseError('ws.read()');
    let answer: (result: ReadResult) => void = () => {};
    const seen: string[] = [];
    const read = rejectAfter(new Promise((resolve) => void (answer = resolve)), error);
    const caught = read.catch(
      (reason: unknown) => void seen.push(reason === error ? 'the error' : 'another'),
    );
    await new Promise((resolve) => setImmediate(resolve));
    seen.push('the answer');
    answer(CLOSED);
    await caught;
    expect(seen).toEqual(['the answer', 'the error']);
  });
});

/** Does something while a call waits. */
async function afterwards(wait: Promise<unknown>, run: () => void): Promise<void> {
  run();
  await wait;
}

// Each spec loads the library anew: the warning is given once in a process.
describe('COROSOCK_CUT', () => {
  const LONG = 'x'.repeat(DEFAULT_READ_LENGTH + 1);
  const emitWarning = vi.spyOn(process, 'emitWarning');

  beforeEach(() => {
    vi.resetModules();
    emitWarning.mockReset().mockReturnValue();
  });

  /** What was warned of while a conversation took some messages with `read`. */
  async function warningsOf(
    messages: readonly string[],
    read: (ws: Socket) => Promise<unknown>,
  ): Promise<readonly unknown[]> {
    const { scripted } = await import('./scripted-transport.ts');
    const { link, ws } = scripted();
    link.arrive(...messages);
    while (ws.queued.messages > 0) await read(ws);
    return emitWarning.mock.calls;
  }

  it('is given when the default len cuts a message, and names readMessage', async () => {
    const warnings = await warningsOf([LONG], (ws) => ws.read());
    expect(warnings).toEqual([
      [expect.stringContaining('ws.readMessage()'), { type: 'CorosockWarning', code: 'COROSOCK_CUT' }],
    ]);
  });

  it.each<[string, (link: ScriptedLink, ws: Socket) => Promise<unknown>]>([
    ['in its call', (link, ws) => (link.arrive(LONG), ws.read())],
    ['while it waits', (link, ws) => afterwards(ws.read(), () => link.arrive(LONG))],
  ])('names the line of a read that is answered %s', async (_, read) => {
    const { scripted } = await import('./scripted-transport.ts');
    const { link, ws } = scripted();
    await read(link, ws);
    expect(emitWarning.mock.calls[0]?.[0]).toMatch(
      /^ws\.read\(\), at .*read-mistakes\.spec\.ts:\d+:\d+\)?, returned the first 32656 units/,
    );
  });

  it.each([
    ['asks where it is awaited', 'chat.ts:3:5', /^ws\.read\(\), at chat\.ts:3:5, returned/],
    ['names no line where none is known', undefined, /^ws\.read\(\) returned/],
  ])('%s where the line of a read is not remembered', async (_, place, text) => {
    const { scripted } = await import('./scripted-transport.ts');
    const mistakes = await import('../../src/conversation/read-mistakes.ts');
    const resolvers: unknown[] = [];
    const traces = new mistakes.ReadTraces(
      (resolver) => [place, resolvers.push(resolver)][0] as typeof place,
    );
    for (let n = 0; n < TRACED_READS; n += 1) void scripted({ traces }).ws.read();
    const { link, ws } = scripted({ traces });
    await afterwards(ws.read(), () => link.arrive(LONG));
    expect(emitWarning.mock.calls[0]?.[0]).toMatch(text);
    expect(resolvers).toEqual([expect.any(Function)]);
  });

  it('is given while nothing is lost: the first 32 656 units come, and the next read goes on', async () => {
    const lengths: (number | undefined)[] = [];
    await warningsOf([LONG], async (ws) => lengths.push((await ws.read())[0]?.length));
    expect(lengths).toEqual([32_656, 1]);
  });

  it('is given once in a process', async () => {
    expect(await warningsOf([LONG, LONG, LONG + LONG], (ws) => ws.read())).toHaveLength(1);
  });

  it('is given to a read that was waiting, too', async () => {
    const { scripted } = await import('./scripted-transport.ts');
    const { link, ws } = scripted();
    const read = ws.read();
    link.arrive(LONG);
    await read;
    expect(emitWarning).toHaveBeenCalledTimes(1);
  });

  it.each<[string, string, (ws: Socket) => Promise<unknown>]>([
    ['a message that fits', LONG.slice(1), (ws) => ws.read()],
    ['a len of the caller’s own', LONG, (ws) => ws.read(DEFAULT_READ_LENGTH)],
    ['readMessage', LONG, (ws) => ws.readMessage()],
    ['iteration', LONG, (ws) => ws[Symbol.asyncIterator]().next()],
  ])('is not given for %s', async (_, message, read) => {
    expect(await warningsOf([message], read)).toEqual([]);
  });
});
