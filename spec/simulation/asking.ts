// Requests whose replies come late, never, or as errors, and handlers that ask back: each request ends
// once and in time, no more handlers run than may, and what had come before a close is answered.

import { RequestError, requests } from 'corosock';
import type { Requests } from 'corosock';
import { ABANDONED, claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const MAX_RUNNING = 3;
const PATIENCE_MS = 20_000;
/** Longer than a handler runs, and its reply is under way. */
const SOON_MS = 2000;
const FAILURE = new Error('of a handler');

/** Asks in several ways at once, each with its own end. */
async function ask(scene: Scene, rpc: Requests, leftMs: () => number): Promise<void> {
  const { dice, w } = scene;
  const sinceMs = w.clock.now();
  const way = dice.pick(['patient', 'patient', 'timeout', 'signal', 'failing']);
  const timeoutMs = way === 'timeout' ? dice.between(1, 300) : PATIENCE_MS;
  const options = way === 'signal' ? { signal: scene.abortedWithin(300), timeoutMs } : { timeoutMs };
  try {
    const number = dice.below(1000);
    const [reply, status] = await rpc.request<number>(way === 'failing' ? 'fail' : 'wait', [number], options);
    const tookMs = w.clock.now() - sinceMs;
    if (status === 'ok') claim(reply === number && way !== 'failing', 'another reply', reply, number, way);
    else if (status === 'timeout') claim(tookMs === timeoutMs, 'not in time', way, tookMs, timeoutMs);
    else claim(leftMs() < Infinity, 'closed too early', way);
    claim(w.clock.now() <= leftMs() + SOON_MS, 'heard late of the end', way, status, leftMs());
  } catch (error) {
    const isExpected = way === 'failing' ? error instanceof RequestError : error === ABANDONED;
    claim(isExpected, 'another error', way, String(error));
  }
}

async function askMany(scene: Scene): Promise<void> {
  const { w } = scene;
  const running = new Map<string, number>();
  const count = (id: string, change: number): void => void running.set(id, (running.get(id) ?? 0) + change);
  const errors: unknown[] = [];
  const host = w.serve(
    async (ws) => {
      const rpc = requests(ws, {
        maxRunning: MAX_RUNNING,
        handlers: {
          async wait(params, { signal }) {
            count(ws.id, 1);
            await scene.pause(100);
            count(ws.id, -1);
            claim(!signal.aborted, 'the socket was closed before the reply');
            return (params as readonly number[])[0];
          },
          async fail() {
            count(ws.id, 1);
            await scene.pause(20);
            count(ws.id, -1);
            throw FAILURE;
          },
        },
      });
      await rpc.closed;
      claim((running.get(ws.id) ?? 0) === 0, 'handlers run after the end', running.get(ws.id));
    },
    { report: (error) => void errors.push(error) },
  );
  w.always('so many handlers', () => [...running.values()].every((now) => now <= MAX_RUNNING));
  await scene.each(3, 'client', async () => {
    const ws = await scene.connect(host);
    const rpc = requests(ws);
    let leftMs = Infinity;
    const asking = Array.from({ length: 12 }, async () => {
      await scene.pause(50);
      await ask(scene, rpc, () => leftMs);
    });
    if (scene.dice.isLikely(0.3)) {
      await scene.pause(200);
      leftMs = w.clock.now();
      await ws.close();
    }
    await Promise.all(asking);
    await ws.close();
  });
  await host.close();
  const others = errors.filter((error) => error !== FAILURE);
  claim(others.length === 0, 'other errors', others.map(String));
  await scene.claimNoTimers();
}

const DEPTH = 5;

/** Two ends that may run one handler each ask each other in turns: no one waits for ever. */
async function askBack(scene: Scene): Promise<void> {
  const { w } = scene;
  const deepen =
    (end: { rpc: Requests | undefined }) =>
    async (params: unknown): Promise<number> => {
      const [depth = 0] = params as readonly number[];
      if (scene.dice.isLikely(0.5)) await scene.pause(10);
      if (depth === DEPTH) return depth;
      const [reply, status] = (await end.rpc?.request<number>('deepen', [depth + 1])) ?? [];
      claim(status === 'ok', 'no reply', depth, status);
      return reply as number;
    };
  const host = w.serve(async (ws) => {
    const end: { rpc: Requests | undefined } = { rpc: undefined };
    end.rpc = requests(ws, { maxRunning: 1, handlers: { deepen: deepen(end) } });
    await end.rpc.closed;
  });
  await scene.each(2, 'client', async () => {
    const ws = await scene.connect(host);
    const end: { rpc: Requests | undefined } = { rpc: undefined };
    end.rpc = requests(ws, { maxRunning: 1, handlers: { deepen: deepen(end) } });
    for (let round = 0; round < 3; round += 1) {
      const [reply, status] = await end.rpc.request<number>('deepen', [0]);
      claim(status === 'ok' && reply === DEPTH, 'no reply', reply, status);
    }
    await ws.close();
  });
  await host.close();
  await scene.claimNoTimers();
}

export const ASKING: readonly Scenario[] = [
  { name: 'each request ends once, and what came before a close is answered', play: askMany },
  { name: 'two ends that ask each other wait for no room', play: askBack },
];
