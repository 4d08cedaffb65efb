// Channels and sources whose callers give up: what was put arrives once and in order, what was given
// up does not, and no listener or subscriber is left.

import { channel, every, select, source } from 'corosock';
import type { Source } from 'corosock';
import { ABANDONED, claim, claimPrefix } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const VALUES = 30;
const PERIOD_MS = 7;

/** Puts and takes of one channel, each with another way to give up. */
async function giveUp(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const { clock } = w;
  const values = channel<number>({ capacity: 3, clock });
  const accepted: number[] = [];
  const taken: number[] = [];
  const take = async (): Promise<boolean> => {
    const timeoutMs = dice.below(20);
    try {
      const signal = scene.abortedWithin(20);
      const [value, status] = dice.isLikely(0.5)
        ? await values.take(dice.isLikely(0.5) ? { timeoutMs } : { signal })
        : (await select({ values, never: new Promise<never>(() => {}) }, { signal, clock }))[1];
      if (status === 'ok') taken.push(value);
      return status !== 'closed';
    } catch (error) {
      if (error !== ABANDONED) throw error;
      return true;
    }
  };
  w.always('taken in order', () => claimPrefix('took another', taken, accepted));
  const taking = w.spawn('taker', async () => {
    while (await take()) if (dice.isLikely(0.5)) await scene.pause(10);
  });
  const waiting: Array<Promise<unknown>> = [];
  for (let value = 0; value < VALUES; value += 1) {
    const options = dice.pick([{}, { timeoutMs: dice.below(10) }, { signal: scene.abortedWithin(10) }]);
    const put = values.put(value, options).then(
      // Those that were let in later come later.
      (status) => void (status === 'ok' && accepted.push(value)),
      (error: unknown) => claim(error === ABANDONED, 'another error', String(error)),
    );
    waiting.push(put);
    if (dice.isLikely(0.4)) await put;
    if (dice.isLikely(0.4)) await scene.pause(10);
  }
  await Promise.all(waiting);
  // Whoever waits for room is told of the end.
  for (let put = 0; put < 10; put += 1)
    if ((await values.put(VALUES, { timeoutMs: 0 })) === 'ok') accepted.push(VALUES);
  const late = values.put(VALUES);
  values.close();
  if ((await late) === 'ok') accepted.push(VALUES);
  await taking;
  claim(taken.length === accepted.length, 'lost a value', taken, accepted);
}

/** A source that counts who waits for it. */
class Counted implements Source<number> {
  waiting = 0;
  readonly #wakes = new Set<() => void>();
  #ready = 0;

  add(): void {
    this.#ready += 1;
    for (const wake of this.#wakes) wake();
  }

  get [source](): Source<number>[typeof source] {
    return {
      ready: () => this.#ready > 0,
      take: () => (this.#ready -= 1),
      subscribe: (wake) => {
        const entry = (): void => wake();
        this.waiting += 1;
        this.#wakes.add(entry);
        return () => void (this.#wakes.delete(entry) && (this.waiting -= 1));
      },
    };
  }
}

/** Selects of several handlers wait for one source, and end in each way. */
async function subscribe(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const counted = new Counted();
  let taken = 0;
  const host = w.serve(async (ws) => {
    using tick = every(PERIOD_MS, { clock: w.clock });
    const sinceMs = w.clock.now();
    let ticks = 0;
    for (;;) {
      const timeoutMs = dice.between(1, 30);
      try {
        const signal = scene.abortedWithin(40);
        const [key, value] = await select({ counted, tick, ws }, { timeoutMs, signal });
        if (key === 'counted') taken += 1;
        if (key === 'tick') {
          ticks += value;
          claim(ticks === Math.floor((w.clock.now() - sinceMs) / PERIOD_MS), 'another tick', ticks);
          await scene.pause(3 * PERIOD_MS);
        }
        if (key === 'ws' && value[1] !== 'ok') return;
      } catch (error) {
        if (error !== ABANDONED) throw error;
      }
    }
  });
  w.always('each handler waits once', () => counted.waiting <= 3);
  await scene.each(3, 'client', async () => {
    const ws = await scene.connect(host);
    for (let event = 0; event < 10; event += 1) {
      await scene.pause(20);
      if (dice.isLikely(0.5)) counted.add();
      else await ws.write('x');
    }
    await ws.close();
  });
  await host.close();
  claim(counted.waiting === 0, 'somebody still waits', counted.waiting);
  claim(taken > 0, 'nothing was taken');
  await scene.sleep(100);
  await scene.claimNoTimers();
}

export const CHANNELS: readonly Scenario[] = [
  { name: 'what a channel accepts is taken once, whatever is given up', play: giveUp },
  { name: 'a select that ends waits for nothing any more', play: subscribe },
];
