// Beginnings and ends: a host that shuts down in the middle of everything, and clients that come
// back after each loss.

import { channel, select } from 'corosock';
import type { Channel, Host, ServerSocket, WebSocketServer } from 'corosock';
import { ConnectError } from 'corosock/testing';
import type { Faults } from 'corosock/testing';
import { claim, claimPrefix, PATIENCE_MS } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const GRACE_MS = 1000;
const CLOSE_TIMEOUT_MS = 500;

/** A host closes at some moment: all that was let in ends once, in time, and nothing is left. */
async function shutDown(scene: Scene): Promise<void> {
  const { w } = scene;
  const facts = { contexts: 0, handlers: 0, finished: 0, posts: new Map<string, number>() };
  const server: WebSocketServer<number> = {
    async onPreServer() {
      if (scene.dice.isLikely(0.5)) await scene.pause(30);
      facts.contexts += 1;
      return facts.contexts;
    },
    async server(ws) {
      facts.handlers += 1;
      try {
        await handle(scene, ws);
      } finally {
        facts.finished += 1;
      }
    },
    async onPostServer(ws) {
      await scene.pause(10);
      facts.posts.set(ws.id, (facts.posts.get(ws.id) ?? 0) + 1);
    },
  };
  const host = w.serve(server, { closeTimeoutMs: CLOSE_TIMEOUT_MS });
  let closedAtMs = Infinity;
  const clients = scene.each(6, 'client', async () => {
    await scene.pause(100);
    try {
      const ws = await scene.connect(host);
      void ws.write('hello');
      await scene.hearAll(ws, () => {});
    } catch (error) {
      const isRefusal = error instanceof ConnectError && error.status === 503;
      if (!isRefusal) throw error;
      claim(closedAtMs < Infinity, 'refused before the close');
    }
  });
  await scene.pause(150);
  closedAtMs = w.clock.now();
  await host.close({ graceMs: GRACE_MS });
  const tookMs = w.clock.now() - closedAtMs;
  claim(tookMs <= GRACE_MS + 3 * CLOSE_TIMEOUT_MS, 'the close took too long', tookMs);
  await clients;
  claim(facts.finished === facts.handlers, 'a handler has not ended', facts);
  claim(
    [...facts.posts.values()].every((times) => times === 1),
    'onPostServer ran twice',
  );
  claim(facts.posts.size === facts.handlers, 'onPostServer did not run', facts.posts.size, facts);
  claim(host.sockets.size === 0, 'a socket is left');
  await scene.claimNoTimers();
}

/** Handlers of several kinds. Each ends with its socket. */
async function handle({ dice }: Scene, ws: ServerSocket): Promise<void> {
  switch (dice.below(4)) {
    case 0:
      return void (await ws.closed);
    case 1:
      for await (const message of ws) await ws.write(message);
      return;
    case 2:
      return void (await select({ draining: ws.draining, closed: ws.closed }));
    default:
      await ws.write('bye');
      await ws.clock.sleep(dice.below(200), { signal: ws.signal });
  }
}

const LAST = 30;
/** As cruel as can be without the death of the host: nothing would bring that back. */
const LOSSES: Faults = { delayMs: [0, 500], reset: 0.2, halfOpen: 0.1, stall: 0.2, crossingClose: 0.3 };

/** Numbers that are told to all, and kept for those that come back. */
class Log {
  readonly entries: number[] = [];
  readonly readers = new Set<Channel<number>>();

  add(): void {
    this.entries.push(this.entries.length + 1);
    for (const reader of this.readers) void reader.put(this.entries.length);
  }
}

/** Clients lose their link again and again, say what they have, and miss nothing. */
async function comeBack(scene: Scene): Promise<void> {
  const { w } = scene;
  const log = new Log();
  const host = w.serve(async (ws) => {
    const [last, status] = await ws.readJson<number>();
    if (status !== 'ok') return;
    using news = channel<number>({ capacity: LAST, clock: w.clock });
    log.readers.add(news);
    try {
      for (const entry of log.entries.slice(last)) await ws.writeJson(entry);
      for (;;) {
        const [key, taken] = await select({ news, ws });
        if (taken[1] !== 'ok') return;
        if (key === 'news') await ws.writeJson(taken[0]);
      }
    } finally {
      log.readers.delete(news);
    }
  });
  const publishing = w.spawn('publisher', async () => {
    while (log.entries.length < LAST) {
      await scene.pause(20);
      log.add();
    }
  });
  await scene.each(3, 'client', async (at) => {
    const heard: number[] = [];
    w.always(`client ${at + 1} hears all in order`, () => claimPrefix('missed', heard, log.entries));
    while (heard.length < LAST) await visit(scene, host, heard);
  });
  await publishing;
  await w.eventually('nobody is left', () => log.readers.size === 0, 60_000);
}

async function visit(scene: Scene, host: Host, heard: number[]): Promise<void> {
  const ws = await scene.w.connect(host).catch(() => undefined);
  if (ws === undefined) return;
  // Where links are slow, a visit takes longer.
  const stayMs = scene.dice.below(scene.isCalm ? 100 : 10_000);
  scene.w.clock.setTimeout(() => ws.link.reset(), stayMs);
  await ws.writeJson(heard.length);
  for (;;) {
    const [entry, status] = await ws.readJson<number>(PATIENCE_MS);
    if (status !== 'ok') return void (await ws.close());
    heard.push(entry);
    if (heard.length === LAST) return void (await ws.close());
  }
}

export const LIFE_CYCLES: readonly Scenario[] = [
  { name: 'a shut-down ends all, once and in time', play: shutDown, faults: 'cruel' },
  { name: 'clients that come back miss nothing', play: comeBack, faults: LOSSES },
];
