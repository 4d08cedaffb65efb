// Peers that take nothing, or a little now and then, and handlers that read nothing: the first are
// found in time, the second stay, and of the third the close of the client is seen all the same.

import { claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const WRITE_TIMEOUT_MS = 8000;
const LONG = 'x'.repeat(1000);

/** What waits for a client is taken now and then, or never. */
async function take(scene: Scene): Promise<void> {
  const { w } = scene;
  const ends = new Map<string, string>();
  const host = w.serve(
    async (ws) => {
      for (let status = 'ok'; status === 'ok'; status = await ws.write(LONG)) await scene.sleep(100);
      ends.set(ws.request.url.pathname, (await ws.closed).by);
    },
    { writeTimeoutMs: WRITE_TIMEOUT_MS, writeBufferBytes: 4 * LONG.length, heartbeat: false },
  );
  await scene.each(2, 'client', async (at) => {
    const ws = await scene.connect(host, { url: `ws://localhost/${at}` });
    const isTaking = at === 0;
    void scene.hearAll(ws, () => {});
    await scene.sleep(1000);
    ws.link.stall('in');
    if (!isTaking) {
      const sinceMs = w.clock.now();
      await w.eventually('one that takes nothing is found', () => ends.has('/1'), 2 * WRITE_TIMEOUT_MS);
      const tookMs = w.clock.now() - sinceMs;
      claim(ends.get('/1') === 'heartbeat' && tookMs >= WRITE_TIMEOUT_MS - 2000, 'another end', ends, tookMs);
      return ws.terminate();
    }
    for (let pause = 0; pause < 6; pause += 1) {
      await scene.sleep(WRITE_TIMEOUT_MS / 2);
      ws.link.heal();
      await scene.sleep(500);
      ws.link.stall('in');
      claim(!ends.has('/0'), 'one that takes some was cut', ends.get('/0'));
    }
    ws.link.heal();
    await ws.close();
  });
  await host.close();
  await scene.claimNoTimers();
}

const LOOK_MS = 3000;
const MOST = 4;

/** A handler reads nothing, and its client leaves: that is seen behind the full queue. */
async function leave(scene: Scene): Promise<void> {
  const { w } = scene;
  const seen = new Set<number>();
  const host = w.serve(
    async (ws) => {
      await ws.read();
      await ws.closed;
      seen.add(Number(ws.request.url.pathname.slice(1)));
    },
    { queueMessages: MOST },
  );
  await scene.each(2, 'client', async (at) => {
    const ws = await scene.connect(host, { url: `ws://localhost/${at}` });
    for (let message = 0; message < 2 * MOST; message += 1) void ws.write('x');
    await scene.sleep(1000);
    const isClean = scene.dice.isLikely(0.5);
    if (isClean) void ws.close();
    else ws.terminate();
    // Chunks that are cut or late take more than one look.
    const withinMs = scene.isCalm && !scene.isWire ? LOOK_MS + 500 : 4 * LOOK_MS;
    await w.eventually(`the end of client ${at + 1} is seen`, () => seen.has(at), withinMs);
    await ws.closed;
  });
  await host.close({ graceMs: 0 });
  await scene.claimNoTimers();
}

export const SLOW_PEERS: readonly Scenario[] = [
  { name: 'a client that takes nothing is found, one that takes some stays', play: take },
  { name: 'the end of a client is seen behind a full queue', play: leave },
];
