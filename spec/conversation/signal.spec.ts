// `ws.signal` given to functions of Node that take a signal. When it aborts: conversation.spec.ts.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fakeSocket, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';

const over = expect.objectContaining({ name: 'AbortError', code: 'ABORT_ERR' }) as Error;

describe('ws.signal', () => {
  it('ends a fetch with its reason', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { ws, client } = fakeSocket({ clock: virtualClock() });
    const { port } = server.address() as AddressInfo;
    const requested = once(server, 'request');
    const fetching = fetch(`http://127.0.0.1:${port}/`, { signal: ws.signal });
    const ended = expect(fetching).rejects.toEqual(over);
    await requested;
    await client.close();
    await ended;
    server.closeAllConnections();
    server.close();
  });

  it('ends a wait of node:timers/promises, whose error has it for a cause', async () => {
    const { ws, client } = fakeSocket({ clock: virtualClock() });
    const sleeping = sleep(1e6, undefined, { signal: ws.signal });
    void client.close();
    await expect(sleeping).rejects.toMatchObject({ name: 'AbortError', cause: over });
  });

  it('ends a wait for an event', async () => {
    const { ws, client } = fakeSocket({ clock: virtualClock() });
    const waiting = once(new EventTarget() as never, 'never', { signal: ws.signal });
    void client.close();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError', cause: over });
  });

  it('is always the same, and made on first use, also after the end', async () => {
    const { ws, client } = fakeSocket({ clock: virtualClock() });
    await client.close();
    const { signal } = ws;
    expect(ws.signal).toBe(signal);
    expect([signal.aborted, signal.reason]).toEqual([true, over]);
  });
});
