// `w.real`: the way out of the time of a world. Whatever is real comes back as an event of it.

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import type { Handler } from 'corosock';
import { settle, world } from 'corosock/testing';
import type { World } from 'corosock/testing';

const file = fileURLToPath(import.meta.url);

/** Serves a handler, with one client that has written. */
async function visited(w: World, server: Handler): Promise<void> {
  const client = await w.connect(w.serve(server, { report: () => {} }));
  await client.write('go');
}

describe('w.real', () => {
  it('gives what its promise gives, while the world stands still', async () => {
    await using w = world();
    const times: number[] = [];
    await visited(w, async (ws) => {
      await w.real(sleep(20));
      times.push(w.clock.now());
      await ws.clock.sleep(5);
      times.push(w.clock.now(), (await w.real(readFile(file))).byteLength);
    });
    w.clock.setTimeout(() => times.push(-1), 3);
    await w.clock.advance(10);
    expect([times.slice(0, 3), (times[3] as number) > 0]).toEqual([[0, -1, 5], true]);
  });

  it('moves no message meanwhile', async () => {
    await using w = world();
    const order: string[] = [];
    const client = await w.connect(w.serve(async (ws) => void order.push(String((await ws.read())[0]))));
    const real = w.real(settle().then(() => order.push('real')));
    await client.write('message');
    await real;
    await w.settle();
    expect(order).toEqual(['real', 'message']);
  });

  it('gives several results in the order of the calls', async () => {
    await using w = world();
    const order: number[] = [];
    const calls = [20, 10, 1].map(async (ms) => order.push(await w.real(sleep(ms, ms))));
    await Promise.all(calls);
    expect(order).toEqual([20, 10, 1]);
  });

  it('rejects with what its promise rejects with', async () => {
    await using w = world();
    const error = new Error('mine');
    void w.real(Promise.reject(error));
    await expect(w.real(Promise.reject(error))).rejects.toBe(error);
  });

  it('refuses what is no promise', () => {
    expect(() => world().real(1 as never)).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_ARGUMENT',
        message: 'w.real(): expected promise to be a promise, got 1',
      }),
    );
  });
});

it('a world with a seed draws nothing from Math.random', async () => {
  const random = vi.spyOn(Math, 'random');
  await using w = world({ seed: 5, faults: 'cruel' });
  const host = w.serve(async (ws) => void (await ws.closed), {
    maxLifetimeMs: 1000,
    sessions: { secret: 'a secret of some length' },
  });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const opening = w.connect(host).then(async (client) => await client.closed);
    await w.clock.advance(120_000);
    await opening.catch(() => {});
  }
  const drawn = random.mock.calls.length;
  random.mockRestore();
  expect(drawn).toBe(0);
});
