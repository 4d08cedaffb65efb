// W10, W12 (spec/faults/README.md, "Writing"): one message to all sockets of a host, on a port,
// while some are dead, some do not read, and others come and go.

import { serve } from 'corosock';
import type { Host, ServerSocket } from 'corosock';
import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { openRaw } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import { until } from './until.ts';

const MEMBERS = 100;

async function idle(ws: ServerSocket): Promise<void> {
  await ws.closed;
}

/** Connects clients, one after the other: the sockets of the host have their order. */
async function gather(host: Host, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let n = 0; n < count; n += 1) clients.push(await openRaw(host.port));
  await until(() => host.sockets.size === count);
  return clients;
}

/** Writes to each socket, and waits for none that has no room. @returns How often each status came. */
async function broadcast(host: Host, message: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const ws of host.sockets.values()) {
    const status = await ws.write(message, { timeoutMs: 0 });
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

async function heardBy(client: RawClient, count: number): Promise<readonly string[]> {
  const heard: string[] = [];
  while (heard.length < count) heard.push((await client.nextText()).trim());
  return heard;
}

describe('a broadcast', () => {
  it('W10: reaches 98 of 100, in order and without a wait, where one is dead and one does not read', async () => {
    const clock = virtualClock();
    await using host = await serve(idle, { clock, heartbeat: false });
    const clients = await gather(host, MEMBERS);
    const [dead, stalled, ...healthy] = clients as [RawClient, RawClient, ...RawClient[]];
    const [, stalledSocket] = [...host.sockets.values()] as [ServerSocket, ServerSocket];
    stalled.pause();
    while ((await stalledSocket.write(''.padEnd(60_000), { timeoutMs: 0 })) === 'ok') continue;
    dead.reset();
    const sent = Array.from({ length: 10 }, (_, n) => `${n}`.padEnd(1000));
    const counts: unknown[] = [];
    for (const message of sent) counts.push(await broadcast(host, message));
    const expected = sent.map((message) => message.trim());
    for (const client of healthy) expect(await heardBy(client, sent.length)).toEqual(expected);
    await until(() => host.sockets.size === MEMBERS - 1);
    expect(counts.at(-1)).toEqual({ ok: MEMBERS - 2, timeout: 1 });
    expect(await broadcast(host, 'again')).toEqual({ ok: MEMBERS - 2, timeout: 1 });
    // Nothing has waited: no time has passed.
    expect(clock.now()).toBe(0);
    for (const client of clients) client[Symbol.dispose]();
  });

  it('W12: visits each socket at most once while others come and go, and none that has gone', async () => {
    await using host = await serve(idle);
    const clients = await gather(host, 20);
    const all = [...host.sockets.values()];
    const visited: ServerSocket[] = [];
    const later: Promise<RawClient>[] = [];
    for (const ws of host.sockets.values()) {
      visited.push(ws);
      later.push(openRaw(host.port));
      const next = all[all.indexOf(ws) + 1] as ServerSocket;
      // Each second one goes, just before its turn.
      next.terminate();
      await next.closed;
      expect(await ws.write('hello')).toBe('ok');
    }
    expect(visited).toEqual(all.filter((_, at) => at % 2 === 0));
    clients.push(...(await Promise.all(later)));
    await until(() => host.sockets.size === 10 + later.length);
    for (const client of clients.filter((_, at) => at < 20 && at % 2 === 0)) {
      expect(await client.nextText()).toBe('hello');
    }
    for (const client of clients) client[Symbol.dispose]();
  });
});
