// Sockets that end by the clock: with their credential, unless it is renewed; with their lifetime; and
// when their client sends more, or more slowly, than it may.

import { select } from 'corosock';
import type { ServerSocket, WebSocketServer } from 'corosock';
import { claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const LIFE_MS = 100_000;
const EXPIRED = 4401;
/** Longest run of a hook, and what chunks that are late may take. */
const SLACK_MS = 3000;

/** Credentials that are renewed by the hook or the handler, or not at all. */
async function expire(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const renewals = new Map<string, number>();
  const endsAt = new Map<string, number>();
  const renew = (ws: ServerSocket): void => {
    const name = ws.request.url.pathname;
    const left = renewals.get(name) ?? 0;
    if (left === 0) return;
    renewals.set(name, left - 1);
    const expiresAt = w.clock.wallTimeMs() + dice.between(1000, LIFE_MS);
    endsAt.set(name, expiresAt);
    ws.renew(expiresAt);
  };
  const server: WebSocketServer<void> = {
    onPreServer(handshake) {
      const expiresAt = w.clock.wallTimeMs() + dice.between(1000, LIFE_MS);
      endsAt.set(handshake.request.url.pathname, expiresAt);
      handshake.expiresAt = expiresAt;
    },
    async server(ws) {
      for (let status = 'ok'; status !== 'closed';) {
        [, status] = await ws.readMessage();
        if (status === 'ok') renew(ws);
      }
    },
    async onExpire(ws) {
      if (dice.isLikely(0.5)) await scene.pause(500);
      renew(ws);
    },
  };
  const { onExpire: _, ...others } = server;
  const hasHook = dice.isLikely(0.7);
  const host = w.serve(hasHook ? server : others);
  await scene.each(4, 'client', async (at) => {
    const name = `/${at}`;
    renewals.set(name, dice.below(4));
    const ws = await scene.connect(host, { url: `ws://localhost${name}` });
    // Some are renewed long before their time.
    if (dice.isLikely(0.5)) {
      await scene.pause(500);
      await ws.write('renew');
    }
    const { code } = await scene.untilClosed(ws);
    const lateMs = w.clock.wallTimeMs() - (endsAt.get(name) ?? NaN);
    const left = renewals.get(name);
    claim(code === EXPIRED && (!hasHook || left === 0), 'another end', code, left);
    claim(lateMs >= 0 && lateMs < SLACK_MS, 'not in time', lateMs);
  });
  await host.close();
  await scene.claimNoTimers();
}

/** Sockets are asked to finish at the end of their lifetime, and closed a while later. */
async function retire(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const host = w.serve(
    async (ws) => {
      const [word] = await ws.readText();
      if (word === 'polite') {
        await select({ draining: ws.draining, closed: ws.closed });
        return;
      }
      await ws.closed;
    },
    { maxLifetimeMs: LIFE_MS },
  );
  await scene.each(4, 'client', async () => {
    const ws = await scene.connect(host);
    const sinceMs = w.clock.now();
    const isPolite = dice.isLikely(0.5);
    await ws.write(isPolite ? 'polite' : 'deaf');
    const leaves = dice.isLikely(0.3);
    if (leaves) {
      await scene.pause(LIFE_MS / 2);
      return void (await ws.close());
    }
    const { code } = await scene.untilClosed(ws);
    const graceMs = isPolite ? 0 : 10_000;
    const lateMs = w.clock.now() - sinceMs - LIFE_MS - graceMs;
    claim(
      code === 1001 && lateMs > -SLACK_MS && lateMs <= LIFE_MS / 10 + SLACK_MS,
      'another end',
      code,
      lateMs,
    );
  });
  await host.close();
  await scene.claimNoTimers();
}

const RATE = { count: 5, perMs: 1000 };
const FLOOD = 30;

/** A client that sends too much is read as slowly as it may send, or closed. */
async function limit(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const over = dice.isLikely(0.7) ? 'pause' : 'close';
  const readAtMs: number[] = [];
  const host = w.serve(
    async (ws) => {
      for (let status = 'ok'; status !== 'closed';) {
        [, status] = await ws.readMessage();
        if (status === 'ok') readAtMs.push(w.clock.now());
      }
      const { by, clean, unread } = await ws.closed;
      claim((by === 'limit' && !clean) === (over === 'close'), 'another end', by, clean, unread);
    },
    { rate: { messages: RATE, over }, report: () => {} },
  );
  await scene.each(1, 'client', async () => {
    const ws = await scene.connect(host);
    for (let at = 0; at < FLOOD; at += 1) void ws.write('x');
    if (over === 'close') {
      const { code } = await scene.untilClosed(ws);
      return claim(code === 1008, 'another end', code);
    }
    // All leave at once, and come in at their rate.
    await w.eventually('all is read', () => readAtMs.length === FLOOD, 60_000);
    await ws.close();
  });
  if (over === 'pause' && !scene.isWire) {
    const tookMs = (readAtMs.at(-1) ?? NaN) - (readAtMs[0] ?? NaN);
    const leastMs = ((FLOOD - 2 * RATE.count) * RATE.perMs) / RATE.count;
    claim(tookMs >= leastMs && tookMs <= leastMs + 3 * RATE.perMs, 'another rate', tookMs, leastMs);
  }
  await host.close();
  await scene.claimNoTimers();
}

export const LIFETIMES: readonly Scenario[] = [
  { name: 'a socket lives as long as its credential', play: expire },
  { name: 'a socket is asked to finish at the end of its lifetime', play: retire },
  { name: 'a client that sends too much is slowed down or closed', play: limit },
];
