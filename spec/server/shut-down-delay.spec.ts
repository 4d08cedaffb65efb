// When a shut-down begins, and how handlers go at once: `delayMs` of `host.close`, and the line of a
// handler for each way to wait. When each socket has its turn: shut-down.spec.ts.

import { select } from 'corosock';
import type { Handler, ServerSocket } from 'corosock';
import { describe, expect, it } from 'vitest';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.closed);
const untilDraining = async (ws: ServerSocket): Promise<void> => {
  await ws.read({ signal: ws.draining });
};

describe('delayMs of host.close', () => {
  it('is not ready from the call on, and drains delayMs later: until then nothing else changes', async () => {
    const memory = new MemoryHost();
    const early = memory.visit(untilClosed);
    const closing = memory.host.close({ delayMs: 300, graceMs: 1000 });
    await memory.clock.advance(299);
    const late = memory.visit(untilDraining);
    expect([memory.host.ready, early.run.draining.aborted, late.run.draining.aborted]).toEqual([
      false,
      false,
      false,
    ]);
    await memory.clock.advance(1);
    expect([early.run.draining.aborted, late.run.draining.aborted]).toEqual([true, true]);
    await memory.clock.advance(1000);
    expect(await closing).toEqual({ finished: 1, closed: 1, abandoned: [], tookMs: 1300 });
    expect(memory.clock.timers).toBe(0);
  });

  it('does not count handlers that end during delayMs', async () => {
    const memory = new MemoryHost();
    const { client } = memory.visit(untilClosed);
    const closing = memory.host.close({ delayMs: 300 });
    await client.close();
    await memory.clock.advance(300);
    expect(await closing).toEqual({ finished: 0, closed: 0, abandoned: [], tookMs: 300 });
  });

  it('gives each socket its turn and its grace after delayMs', async () => {
    const memory = new MemoryHost();
    const runs = [1, 2].map(() => memory.visit(untilClosed).run);
    void memory.host.close({ delayMs: 300, graceMs: 1000, spreadMs: 100 });
    await memory.clock.advance(300);
    const asked = runs.map((run) => run.draining.aborted);
    await memory.clock.advance(1000);
    expect([asked, runs.map((run) => run.conversation.isEnding)]).toEqual([
      [true, false],
      [true, false],
    ]);
    await memory.clock.advance(50);
    expect(runs.map((run) => run.conversation.isEnding)).toEqual([true, true]);
  });

  it('keeps its delay, whatever later calls say', async () => {
    const memory = new MemoryHost();
    const closing = memory.host.close({ delayMs: 300 });
    expect(memory.host.close({ delayMs: 0 })).toBe(closing);
    await memory.clock.advance(299);
    expect(memory.bindingCloses).toBe(0);
    await memory.clock.advance(1);
    expect(await closing).toMatchObject({ tookMs: 300 });
  });
});

describe('host.close', () => {
  it.each<[string, Handler]>([
    ['reads with the signal', async (ws) => void (await ws.readMessage({ signal: ws.draining }))],
    [
      'iterates, and ends the socket',
      async (ws) => {
        ws.draining.addEventListener('abort', () => void ws.endServer(1001));
        for await (const message of ws) await ws.write(message);
      },
    ],
    ['selects', async (ws) => void (await select({ ws, draining: ws.draining }))],
  ])('L1: lets a handler go at once that %s', async (_, handler) => {
    const memory = new MemoryHost();
    const { client } = memory.visit(handler);
    expect(await memory.host.close()).toEqual({ finished: 1, closed: 0, abandoned: [], tookMs: 0 });
    expect([gist(await client.closed), memory.reports]).toEqual([[1001, 'peer', true], []]);
  });
});
