// What a run knows from its handshake on.

import { expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';

it('keeps the parts that the host has made, when it began in whole milliseconds, and whether it was asked to finish', async () => {
  const memory = new MemoryHost();
  await memory.clock.advance(2.5);
  const { run } = memory.visit(() => {}, 'shared');
  expect([run.host, run.route, run.isShared, run.sinceMs]).toEqual([memory.host, '*', true, 2]);
  expect([run.isDraining, run.draining.aborted]).toEqual([false, false]);
  run.askToFinish();
  expect([run.isDraining, run.draining.aborted]).toEqual([true, true]);
  expect([run.id, run.ws.id]).toEqual([run.socketId.value, run.socketId.value]);
});
