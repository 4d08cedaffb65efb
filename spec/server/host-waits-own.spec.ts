// The calls of one run, as torture of the test kit looks for them after each step.

import { describe, expect, it } from 'vitest';
import { channel, select } from 'corosock';
import type { ServerSocket } from 'corosock';
import { MemoryHost } from '../fixtures/memory-host.ts';

/** Held here, since what waits for a channel that nobody holds is collected with it. */
const silent = channel();

describe('HostWaits.callsNear and HostWaits.ownOf', () => {
  it('give the calls of one run: for its socket, its tasks, and those that it awaits', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws: ServerSocket) => {
      const task = ws.spawn(async function child() {
        await silent.take();
      });
      void ws.closed;
      void ws.read();
      await task;
    });
    memory.visit(async (ws: ServerSocket) => void (await select({ ws, silent })));
    await memory.clock.advance(0);
    const waits = memory.host.handlerWaits;
    const calls = waits.callsNear(run);
    expect(calls.map((call) => call.waits)).toEqual(
      expect.arrayContaining(['read', 'close', 'task', 'select']),
    );
    const own = waits.ownOf(run, calls).map((call) => [call.waits, call.task]);
    expect(own).toEqual([
      ['read', undefined],
      ['task', undefined],
      ['other', 'child'],
    ]);
  });
});
