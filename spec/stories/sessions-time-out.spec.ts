// A session times out by its messages, not by its sockets: after a quarter of an hour without a
// message in either direction its socket is closed.

import { runServer, virtualClock } from 'corosock/testing';
import type { ServerRun, VirtualClock } from 'corosock/testing';
import type { CloseInfo, WebSocketServer } from 'corosock';
import { describe, expect, it } from 'vitest';

const MINUTE_MS = 60_000;
const SECRET = 'a secret of 32 bytes, as it seems';

function run(server: WebSocketServer): { readonly clock: VirtualClock; readonly run: ServerRun } {
  const clock = virtualClock();
  return { clock, run: runServer(server, { clock, sessions: { secret: SECRET } }) };
}

describe('the time-out of a session', () => {
  it('closes a dedicated socket a quarter of an hour after the last message of either side', async () => {
    const heard: unknown[] = [];
    const { clock, run: conversation } = run({
      async server(ws) {
        heard.push(await ws.read());
        await ws.read(undefined, 10 * MINUTE_MS);
        await ws.write('are you still there?');
        heard.push(await ws.read());
      },
    });
    await using _ = conversation;
    const client = await conversation.client;
    await clock.advance(10 * MINUTE_MS);
    await client.write('hello');
    await clock.advance(10 * MINUTE_MS);
    await clock.advance(15 * MINUTE_MS - 1);
    expect(client.closeInfo).toBe(undefined);
    await clock.advance(1);
    expect(heard).toEqual([
      ['hello', 'ok'],
      [undefined, 'closed'],
    ]);
    expect((await client.closed).code).toBe(3008);
    expect((await conversation.done).kind).toBe('returned');
  });

  it('closes a shared socket whose handler has returned, and gives its onPostServer the reason', async () => {
    const ends: CloseInfo[] = [];
    const { clock, run: conversation } = run({
      onPreServer(handshake) {
        handshake.sharedConnection = true;
      },
      server() {},
      onClientMessage: () => true,
      onPostServer: (_ws, end) => void ends.push(end),
    });
    await using _ = conversation;
    const client = await conversation.client;
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(14 * MINUTE_MS);
      await client.write('still there');
    }
    expect(client.closeInfo).toBe(undefined);
    await clock.advance(15 * MINUTE_MS);
    expect(ends).toEqual([expect.objectContaining({ code: 3008, by: 'session', clean: true })]);
  });
});
