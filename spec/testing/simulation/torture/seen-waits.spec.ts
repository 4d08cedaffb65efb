// What counts as a wait of a handler under torture.

import { describe, expect, it } from 'vitest';
import { channel, select } from 'corosock';
import type { Handler, ServerSocket } from 'corosock';
import { torture } from 'corosock/testing';
import type { WorldClient } from 'corosock/testing';
import { good, twoMessages } from './tortured.ts';

describe('the waits of a handler', { timeout: 30_000 }, () => {
  it('counts the waits of child tasks, channels, selects and sleeps', async () => {
    const handler: Handler = async (ws) => {
      using numbers = channel<number>({ clock: ws.clock });
      await ws.read();
      const task = ws.spawn(async (signal) => {
        await ws.clock.sleep(1000, { signal });
        await numbers.put(1, { signal });
      });
      const [, [taken]] = await select({ ws, numbers });
      await task;
      if (taken === 1) await ws.write('one');
    };
    const read = async (client: WorldClient): Promise<void> => {
      await client.write('begin');
      expect(await client.read()).toEqual(['one', 'ok']);
    };
    // The read, the sleep, the select, the write to a slow peer.
    expect(await torture(handler, read, { hostile: false })).toMatchObject({ waits: 4 });
  });

  it('cuts a shared socket whose handler has returned while it waits for messages', async () => {
    const shared = {
      onPreServer: (handshake: { sharedConnection: boolean }): void => {
        handshake.sharedConnection = true;
      },
      server(): void {},
      async onClientMessage(ws: ServerSocket, data: unknown): Promise<boolean> {
        await ws.write(String(data));
        return true;
      },
    };
    // Before the first, the second and the third message; and two writes.
    expect(await torture(shared, twoMessages, { hostile: false })).toMatchObject({ waits: 5 });
    const careless = {
      ...shared,
      async onClientMessage(ws: ServerSocket, data: unknown): Promise<boolean> {
        if (data === '') throw new Error('planted');
        return await shared.onClientMessage(ws, data);
      },
    };
    await expect(torture(careless, twoMessages)).rejects.toThrow(
      /empty message while the socket waits for a message \(wait 1\): .*Error: planted/,
    );
  });

  it('have to be the same in each run', async () => {
    let calls = 0;
    const handler: Handler = async (ws) => {
      calls += 1;
      if (calls <= 3) await ws.clock.sleep(1);
      await good(ws);
    };
    await expect(torture(handler, twoMessages)).rejects.toThrow(
      /wait 1 is not that of the run before: the handler waits at seen-waits\.spec\.ts:\d+ then, the handler waits in read at .* now\. Draw/,
    );
  });

  it('have to be there in each run', async () => {
    let calls = 0;
    const handler: Handler = async (ws) => {
      calls += 1;
      if (calls <= 3) await ws.clock.sleep(1);
    };
    await expect(torture(handler, async () => {})).rejects.toThrow(/then, nobody waits now/);
  });
});
