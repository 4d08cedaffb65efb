// `ws.spawn` after the handler, and on a fake socket. What becomes of child tasks:
// run-tasks.spec.ts.

import type { Handler, ServerSocket } from 'corosock';
import { fakeSocket, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { witness } from './witness.ts';

const forever = (): Promise<never> => new Promise(() => {});

/** The errors that were reported, and where. */
const reported = ({ reports }: MemoryHost): unknown => reports.map(([error, { phase }]) => [error, phase]);

describe('spawn after the handler has ended', () => {
  const tooLate: unknown = expect.objectContaining({
    name: 'UsageError',
    code: 'COROSOCK_TOO_LATE',
    message: 'ws.spawn(): expected a handler that still runs, but it has ended, and its tasks with it',
  });

  it.each([
    ['without children', (): void => {}],
    ['with children that were abandoned', (ws: ServerSocket): void => void ws.spawn(forever)],
  ] as ReadonlyArray<readonly [string, Handler]>)(
    'calls nothing, rejects and is reported: %s',
    async (_, handler) => {
      using crashes = recordCrashes();
      const memory = new MemoryHost();
      const { run } = memory.visit(handler, 'shared');
      await memory.clock.advance(60_000);
      memory.reports.length = 0;
      const calls: string[] = [];
      await expect(run.ws.spawn(() => calls.push('called'))).rejects.toEqual(tooLate);
      void run.ws.spawn(() => calls.push('called'));
      await settle();
      expect([calls, reported(memory), crashes.errors]).toEqual([
        [],
        [
          [tooLate, 'spawn'],
          [tooLate, 'spawn'],
        ],
        [],
      ]);
    },
  );

  it('rejects children of children with the reason of their signal while they are awaited, without a report', async () => {
    const memory = new MemoryHost();
    const seen: unknown[] = [];
    const { run } = memory.visit((ws) => {
      void ws.spawn(async (signal) => {
        await settle();
        await ws
          .spawn(() => seen.push('called'))
          .then(null, (error: unknown) => seen.push(error === signal.reason));
        await ws.spawn(() => {});
      });
    });
    const { kind, end } = await run.outcome;
    expect([kind, end.code, seen, memory.reports]).toEqual(['returned', 1000, [true], []]);
  });

  it('rejects and is reported when all of it has ended', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(() => {});
    await run.outcome;
    await expect(run.ws.spawn(() => 1)).rejects.toEqual(tooLate);
    expect(reported(memory)).toEqual([[tooLate, 'spawn']]);
  });

  it('calls nothing and rejects with the end of the socket, also as the first child', async () => {
    const memory = new MemoryHost();
    const calls: unknown[] = [];
    const { run, client } = memory.visit(async (ws) => {
      await ws.closed;
      const outcome = ws.spawn(() => calls.push('called'));
      await outcome.then(undefined, (error: unknown) => calls.push(error === ws.signal.reason));
    });
    await client.close();
    await run.outcome;
    expect([calls, memory.reports]).toEqual([[true], []]);
  });

  it('rejects with the end of the socket while the handler still runs', async () => {
    const { ws, client } = fakeSocket({ clock: virtualClock() });
    void ws.spawn(() => {});
    const { signal } = ws;
    await client.close();
    await expect(Promise.resolve(ws.spawn(() => 1))).rejects.toBeDefined();
    expect(signal.aborted).toBe(true);
  });
});

describe('a fake socket', () => {
  it('spawns as any other, and ends its children with itself', async () => {
    const { ws, client } = fakeSocket({ clock: virtualClock() });
    const reasons: unknown[] = [];
    void ws.spawn(witness(reasons));
    expect(await ws.spawn(() => 'a')).toBe('a');
    await client.close();
    await settle();
    expect(reasons).toEqual([ws.signal.reason]);
  });
});
