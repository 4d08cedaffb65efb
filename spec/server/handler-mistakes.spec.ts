// Mistakes of handlers that would be silent: each is reported once for a place. Reads that a handler
// has forgotten: forgotten-read.spec.ts.

import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { HandlerMistakes } from '../../src/server/handler-mistakes.ts';
import type { MistakenRun } from '../../src/server/handler-mistakes.ts';
import { settingsOf } from '../../src/server/host-options.ts';

const server = (): void => {};
const onClientMessage = (): boolean => true;

describe('onClientMessage of a socket that is not shared', () => {
  it('is reported once for a route', async () => {
    const memory = new MemoryHost();
    for (let n = 0; n < 2; n += 1) await memory.visit({ server, onClientMessage }).run.outcome;
    expect(memory.reports).toEqual([
      [
        expect.objectContaining({ code: 'COROSOCK_NOT_SHARED' }),
        expect.objectContaining({ phase: 'server' }),
      ],
    ]);
    expect(String(memory.reports[0]?.[0])).toContain('handshake.sharedConnection');
  });

  it('is called, and not reported, where the socket is shared', async () => {
    const memory = new MemoryHost();
    const { client, run } = memory.visit({ server, onClientMessage }, 'shared');
    await client.write('a');
    await client.close();
    await run.outcome;
    expect(memory.reports).toEqual([]);
  });
});

describe('HandlerMistakes', () => {
  it('tells of a bounded number of places', () => {
    const told: unknown[] = [];
    const mistakes = new HandlerMistakes(
      { follow: () => expect.fail('nothing waits'), ofAbandoned: () => [] },
      settingsOf('spec', {}),
    );
    for (let n = 0; n < 70; n += 1) {
      const run = {
        route: `/${n}`,
        isShared: false,
        sinceMs: 0,
        report: (error: unknown) => told.push(error),
      };
      mistakes.begin(run as unknown as MistakenRun, { server, onClientMessage });
    }
    expect(told).toHaveLength(64);
  });
});
