// What a run knows from its handshake on.

import { expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';

it('keeps the parts that the host has made, and when it began in whole milliseconds', async () => {
  const memory = new MemoryHost();
  await memory.clock.advance(2.5);
  const { run } = memory.visit(() => {}, 'shared');
  expect([run.host, run.route, run.isShared, run.sinceMs]).toEqual([memory.host, '*', true, 2]);
  expect([run.id, run.ws.id]).toEqual([run.socketId.value, run.socketId.value]);
});
