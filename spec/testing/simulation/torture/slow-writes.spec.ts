// A peer that is always one message behind.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { torture, world } from 'corosock/testing';
import { SlowWrites } from '../../../../src/testing/simulation/torture/slow-writes.ts';
import { HostedSocket } from '../../../../src/server/hosted-socket.ts';
import type { HandlerRun } from '../../../../src/server/handler-run.ts';

describe('slow writes', () => {
  it('lets writes at the same time wait together for a slow peer', async () => {
    const handler: Handler = async (ws) => {
      await Promise.all([ws.write('a'), ws.write('b')]);
    };
    expect(await torture(handler, async () => {}, { hostile: false })).toMatchObject({ waits: 2 });
  });

  it('wait for a turn each, also the fragments of one message, and as long as they are held', async () => {
    let writes: SlowWrites | undefined;
    const done: unknown[] = [];
    await using w = world();
    const host = w.serve(
      async (ws) => {
        done.push(await ws.write('a'));
        done.push(await ws.write(['b', 'c']));
      },
      {
        onOpen: (ws) => {
          const run = HostedSocket.runOf(ws) as HandlerRun;
          writes = new SlowWrites(run.conversation, w.clock);
          writes.hold();
        },
      },
    );
    const client = await w.connect(host);
    await w.settle();
    expect(done).toEqual([]);
    writes?.release();
    await w.settle();
    expect(done).toEqual(['ok', 'ok']);
    expect([await client.readMessage(), await client.readMessage()]).toEqual([
      ['a', 'ok'],
      ['bc', 'ok'],
    ]);
  });
});
