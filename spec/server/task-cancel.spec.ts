// An AbortError of a child's own is an error like any other; that of a child which was cancelled,
// or aborted, is obedience (docs/internals/decisions/tasks.md).

import { setTimeout as sleep } from 'node:timers/promises';
import { select } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import { recordCrashes } from '../fixtures/process-events.ts';

const untilAborted = (signal: AbortSignal): Promise<never> => sleep(1e6, undefined as never, { signal });

/** The errors that were reported, and where. */
const reported = ({ reports }: MemoryHost): unknown => reports.map(([error, { phase }]) => [error, phase]);

/** AbortErrors that no signal of ours has caused. */
const OWN: ReadonlyArray<readonly [string, unknown]> = [
  ['a DOMException', new DOMException('Query cancelled', 'AbortError')],
  ['the reason of a controller of its own', AbortSignal.abort().reason],
  ['an error with that name', Object.assign(new Error('stopped'), { name: 'AbortError' })],
];

describe("a child task's own AbortError", () => {
  it.each(OWN)('ends the conversation with 1011 and is reported: %s', async (_, error) => {
    const memory = new MemoryHost();
    const { run, client } = memory.visit(async (ws) => {
      void ws.spawn(async () => {
        await settle();
        throw error;
      });
      await ws.read();
    });
    expect(await run.outcome).toMatchObject({ kind: 'threw', end: { code: 1011, by: 'handler' } });
    expect([reported(memory), gist(await client.closed)]).toEqual([[[error, 'spawn']], [1011, 'peer', true]]);
  });

  it.each(OWN)('is reported where the handler gets it from its task: %s', async (_, error) => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws) => await ws.spawn(() => Promise.reject(error as Error)));
    expect(await run.outcome).toMatchObject({ kind: 'threw', error, end: { code: 1011 } });
    expect(reported(memory)).toEqual([[error, 'spawn']]);
  });

  it.each(OWN)(
    "is reported as the handler's, though the client leaves before a task ends: %s",
    async (_, error) => {
      const memory = new MemoryHost();
      const { run, client } = memory.visit(async (ws) => {
        void ws.spawn(async (signal) => {
          await untilAborted(signal).catch(() => {});
          client.terminate();
          await ws.closed;
        });
        await settle();
        throw error;
      });
      expect((await run.outcome).kind).toBe('threw');
      expect(reported(memory)).toEqual([[error, 'server']]);
    },
  );
});

describe('task.cancel', () => {
  it('aborts the signal of this task alone, resolves when it has ended, and ends nothing else', async () => {
    const memory = new MemoryHost();
    const order: unknown[] = [];
    const { run, client } = memory.visit(async (ws) => {
      const other = ws.spawn(async (signal) => {
        await ws.read();
        return signal.aborted;
      });
      const task = ws.spawn(async (signal) => {
        await untilAborted(signal).catch((error: Error) => order.push((error.cause as Error).message));
        await settle();
        order.push('ended');
      });
      order.push(await task.cancel());
      await ws.write('still here');
      order.push(await other);
    });
    expect(await client.read()).toEqual(['still here', 'ok']);
    await client.write('go');
    expect((await run.outcome).kind).toBe('returned');
    expect([order, memory.reports]).toEqual([['The task was cancelled', 'ended', undefined, false], []]);
  });

  it.each([
    ['the AbortError that it caused', untilAborted],
    [
      'another AbortError',
      async (signal) => {
        await untilAborted(signal).catch(() => {});
        throw new DOMException('Query cancelled', 'AbortError');
      },
    ],
    [
      'its reason',
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    ],
  ] as ReadonlyArray<readonly [string, (signal: AbortSignal) => Promise<unknown>]>)(
    'makes %s obedience: no report, and the conversation goes on',
    async (_, child) => {
      using crashes = recordCrashes();
      const memory = new MemoryHost();
      const { run, client } = memory.visit(async (ws) => {
        await ws.spawn(child).cancel(new Error('no longer needed'));
        await ws.read();
      });
      await settle();
      expect(client.closeInfo).toBe(undefined);
      await client.write('go');
      expect(await run.outcome).toMatchObject({ kind: 'returned', end: { code: 1000 } });
      expect([memory.reports, crashes.errors]).toEqual([[], []]);
    },
  );

  it('gives its reason to the signal, and the error to those who wait for the task', async () => {
    const memory = new MemoryHost();
    const reason = new Error('no longer needed');
    const got: unknown[] = [];
    const { run } = memory.visit(async (ws) => {
      const task = ws.spawn((signal) => {
        signal.addEventListener('abort', () => got.push(signal.reason === reason));
        return untilAborted(signal);
      });
      const awaited = task.then(null, (error: Error) => got.push(['await', error.cause === reason]));
      await task.cancel(reason);
      await awaited;
      await select({ task }).catch((error: Error) => got.push(['select', error.cause === reason]));
    });
    expect((await run.outcome).kind).toBe('returned');
    expect([got, memory.reports]).toEqual([[true, ['await', true], ['select', true]], []]);
  });

  it('does not hide another error, which ends the conversation as without it', async () => {
    const memory = new MemoryHost();
    const boom = new Error('while it cleaned up');
    const { run } = memory.visit(async (ws) => {
      const task = ws.spawn(async (signal) => {
        await untilAborted(signal).catch(() => {});
        throw boom;
      });
      await task.cancel();
      await ws.closed;
    });
    expect(await run.outcome).toMatchObject({ kind: 'threw', error: boom, end: { code: 1011 } });
    expect(reported(memory)).toEqual([[boom, 'spawn']]);
  });

  it('lets a task finish that ignores its signal, and waits for it', async () => {
    const memory = new MemoryHost();
    const got: unknown[] = [];
    const { run, client } = memory.visit(async (ws) => {
      const task = ws.spawn(() => ws.read());
      void task.cancel().then(() => got.push('ended'));
      await settle();
      got.push('waits', await task);
      await settle();
    });
    await settle();
    await settle();
    await client.write('m');
    await run.outcome;
    expect(got).toEqual(['waits', ['m', 'ok'], 'ended']);
  });

  it('aborts no signal of a task that has ended, and counts once', async () => {
    const memory = new MemoryHost();
    let ended: AbortSignal | undefined;
    const reasons: unknown[] = [];
    const { run } = memory.visit(async (ws) => {
      const task = ws.spawn((signal) => void (ended = signal));
      await task;
      await task.cancel();
      const twice = ws.spawn((signal) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        return untilAborted(signal);
      });
      await Promise.all([twice.cancel('first'), twice.cancel('second')]);
    });
    await run.outcome;
    expect([ended?.aborted, reasons]).toEqual([false, ['first']]);
  });

  it('resolves at once for a task that came too late', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(() => {});
    await run.outcome;
    expect(await run.ws.spawn(() => 1).cancel()).toBe(undefined);
  });

  it('is seen by host.waits as a wait for a task, at the line of the call', async () => {
    const memory = new MemoryHost();
    const { client } = memory.visit(async (ws) => {
      await ws.spawn(() => ws.read()).cancel();
    });
    await settle();
    expect(memory.host.waits().map(({ waits, at }) => [waits, at?.includes('task-cancel.spec.ts')])).toEqual(
      expect.arrayContaining([['task', true]]),
    );
    client.terminate();
  });
});
