// Many tasks at the same sources: channels, `select`, child tasks, and requests over one socket. Each
// value is taken once and in order, every taker gets its turn, and no task outlives its handler.

import { channel, requests, select } from 'corosock';
import type { Handler } from 'corosock';
import { claim, PATIENCE_MS } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const WORKERS = 4;
const JOBS = 40;

/** Handlers take jobs from one channel by `select`, and give some waits up. */
async function share(scene: Scene): Promise<void> {
  const { w } = scene;
  const { clock } = w;
  const jobs = channel<number>({ capacity: 4, clock });
  const taken: number[] = [];
  const shares = new Map<string, number>();
  const worker: Handler = async (ws) => {
    for (;;) {
      const [key, value] = await select({ jobs, ws }, { timeoutMs: scene.dice.below(15) });
      if (key === 'timeout') continue;
      if (key === 'ws' || value[1] !== 'ok') return;
      taken.push(value[0]);
      shares.set(ws.id, (shares.get(ws.id) ?? 0) + 1);
    }
  };
  const host = w.serve(worker);
  w.always('each job once, in order', () =>
    claim(taken.at(-1) === undefined || taken.at(-1) === taken.length - 1, 'another job', taken.slice(-3)),
  );
  const clients = await Promise.all(Array.from({ length: WORKERS }, () => w.connect(host)));
  for (let job = 0; job < JOBS; job += 1) {
    claim((await jobs.put(job)) === 'ok', 'the channel has closed');
    if (scene.dice.isLikely(0.3)) await scene.pause(10);
  }
  await w.eventually('all jobs are taken', () => taken.length === JOBS, 60_000);
  if (scene.isCalm) claim(shares.size === WORKERS, 'a worker got nothing', [...shares]);
  jobs.close();
  for (const client of clients) claim((await client.closed).code === 1000, 'another end', client.closeInfo);
}

/** A handler takes from its socket and from two channels, all full: each keeps its order. */
async function choose(scene: Scene): Promise<void> {
  const { w } = scene;
  const { clock } = w;
  const sources = { first: channel<number>({ clock }), second: channel<number>({ clock }) };
  const seen: Record<string, number> = { ws: 0, first: 0, second: 0 };
  const host = w.serve(async (ws) => {
    for (;;) {
      const [key, value] = await select(scene.dice.isLikely(0.5) ? { ws, ...sources } : { ...sources, ws });
      if (value[1] !== 'ok') return;
      claim(Number(value[0]) === seen[key], `${key} out of order`, value[0], seen[key]);
      seen[key] = Number(value[0]) + 1;
      if (scene.dice.isLikely(0.2)) await scene.pause(5);
    }
  });
  const ws = await scene.connect(host);
  const put = [
    async (at: number) => ws.write(String(at)),
    async (at: number) => sources.first.put(at),
    async (at: number) => sources.second.put(at),
  ];
  await scene.each(put.length, 'source', async (which) => {
    for (let at = 0; at < 20; at += 1) {
      claim((await put[which]?.(at)) === 'ok', 'refused', which, at);
      if (scene.dice.isLikely(0.5)) await scene.pause(5);
    }
  });
  await w.eventually('all is taken', () => Object.values(seen).every((count) => count === 20), 60_000);
  await ws.close();
}

/** Requests in both directions at once: each reply belongs to its request, none comes twice. */
async function ask(scene: Scene): Promise<void> {
  const { w } = scene;
  const calls = new Map<string, number>();
  const handlersOf = (end: string): { readonly add: (params: unknown) => Promise<number> } => ({
    add: async (params) => {
      const [a, b] = params as readonly [number, number];
      const call = `${end} ${a} ${b}`;
      calls.set(call, (calls.get(call) ?? 0) + 1);
      await scene.pause(20);
      return a + b;
    },
  });
  const asking = async (rpc: ReturnType<typeof requests>, at: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: 8 }, async (_, number) => {
        const timeoutMs = scene.dice.isLikely(0.3) ? scene.dice.below(10) : PATIENCE_MS;
        const [sum, status] = await rpc.request<number>('add', [at * 100, number], { timeoutMs });
        if (status === 'ok')
          claim(sum === at * 100 + number, 'the reply of another request', sum, at, number);
        else claim(scene.mayLose || (status === 'timeout' && timeoutMs < 10), 'no reply', status);
      }),
    );
  };
  let clients = 0;
  const host = w.serve(async (ws) => {
    const rpc = requests(ws, { handlers: handlersOf(ws.id) });
    await asking(rpc, (clients += 1));
    await rpc.closed;
  });
  await scene.each(2, 'client', async (at) => {
    const ws = await scene.connect(host);
    await asking(requests(ws, { handlers: handlersOf(`client ${at}`) }), 50 + at);
    await scene.sleep(100);
    await ws.close();
  });
  claim(
    [...calls.values()].every((count) => count === 1),
    'a request was handled twice',
    [...calls],
  );
  await host.close();
}

/** Child tasks end with their handler, however that ends. */
async function spawn(scene: Scene): Promise<void> {
  const { w } = scene;
  let running = 0;
  const failure = new Error('of a task');
  const errors: unknown[] = [];
  const host = w.serve(
    async (ws) => {
      let endedAtMs = Infinity;
      for (let task = 0; task < 4; task += 1)
        void ws.spawn(async (signal) => {
          running += 1;
          try {
            await ws.clock.sleep(scene.dice.between(1, 200), { signal });
            if (scene.dice.isLikely(0.1)) throw failure;
          } finally {
            running -= 1;
            claim(w.clock.now() <= endedAtMs, 'a task went on', endedAtMs, w.clock.now());
          }
        });
      if (scene.dice.isLikely(0.5)) await ws.read();
      else await ws.clock.sleep(scene.dice.below(100));
      endedAtMs = w.clock.now();
    },
    { report: (error) => void errors.push(error) },
  );
  await scene.each(3, 'client', async () => {
    const ws = await scene.connect(host);
    await scene.pause(150);
    if (scene.dice.isLikely(0.3)) ws.link.reset();
    await ws.close();
  });
  await host.close({ graceMs: 0 });
  claim(
    errors.every((error) => error === failure),
    'another error',
    errors.map(String),
  );
  claim(running === 0, 'tasks outlive their handlers', running);
  await scene.claimNoTimers();
}

export const SHARED_SOURCES: readonly Scenario[] = [
  { name: 'jobs of one channel are each taken once, and every worker gets some', play: share },
  { name: 'select keeps the order of each source', play: choose },
  { name: 'each reply belongs to its request, in both directions', play: ask, faults: 'cruel' },
  { name: 'no child task outlives its handler', play: spawn, faults: 'cruel' },
];
