// Selects over sources of every kind, which end in each way: each takes once, from the first source
// that is ready, and leaves no listener, subscriber or timer. Channels alone are in channels.ts.

import { getEventListeners } from 'node:events';
import { channel, every, select, source } from 'corosock';
import type { Source } from 'corosock';
import { ABANDONED, claim, PATIENCE_MS } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const PERIOD_MS = 7;

/** A source that counts its subscribers. It tells them in `take`, too, as a semaphore does. */
class Counted implements Source<number> {
  waiting = 0;
  taken = 0;
  readonly #wakes = new Set<() => void>();
  #ready = 0;

  add(): void {
    this.#ready += 1;
    for (const wake of this.#wakes) wake();
  }

  /** Gives how many there were. */
  #take(): number {
    const there = this.#ready;
    this.#ready -= 1;
    this.taken += 1;
    for (const wake of this.#wakes) wake();
    return there;
  }

  get [source](): Source<number>[typeof source] {
    return {
      ready: () => this.#ready > 0,
      take: () => this.#take(),
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
  claim(taken > 0 && taken === counted.taken, 'took another number', taken, counted.taken);
  await scene.claimNoTimers();
}

const REJECTED = new Error('of a promise');
const GONE = new Error('of a signal');

/** Sources that become ready one after the other. */
async function settle(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const { clock } = w;
  const controller = new AbortController();
  const { signal } = controller;
  const [early, late] = [channel<number>({ clock }), channel<number>({ clock })];
  const failing = scene.sleep(dice.between(1, 40)).then(() => Promise.reject(REJECTED));
  const never = new Promise<never>(() => {});
  scene.after(dice.between(50, 90), () => controller.abort(GONE));
  await scene.each(3, 'select', async () => {
    const options = { timeoutMs: PATIENCE_MS, clock };
    const error: unknown = await select({ never, failing, late }, options).catch((reason: unknown) => reason);
    claim(error === REJECTED, 'not the error of the promise', String(error));
    const [key, reason] = await select({ never, signal, late }, options);
    claim(key === 'signal' && reason === GONE, 'not the reason of the signal', key);
  });
  const left = getEventListeners(signal, 'abort').length;
  claim(left === 0, 'listeners are left', left);
  for (const at of [0, 1, 2]) for (const values of [late, early]) await values.put(at);
  for (const expected of ['early', 'early', 'early', 'late', 'late', 'late']) {
    const [key] = await select({ never, early, late });
    claim(key === expected, 'not the first key that is ready', key, expected);
  }
  await glance(scene);
  await scene.claimNoTimers();
}

/** Selects that take only what is there do not wait, however many come in a row. */
async function glance(scene: Scene): Promise<void> {
  const { clock } = scene.w;
  const empty = channel<number>({ clock });
  for (let at = 0; at < 6; at += 1) {
    const [key] = await select({ empty, fresh: new Promise<never>(() => {}) }, { timeoutMs: 0, clock });
    claim(key === 'timeout', 'took from nothing', key);
  }
  for (let at = 0; at < 6; at += 1) {
    const [key] = await select({ empty }, { timeoutMs: 0, clock });
    claim(key === 'timeout', 'took from nothing', key);
  }
  const eager = new Eager();
  const [key] = await select({ empty, eager }, { clock });
  claim(key === 'eager', 'missed a source that was ready at once', key);
}

/** A source that becomes ready while a select subscribes to it. */
class Eager implements Source<string> {
  #isReady = false;

  get [source](): Source<string>[typeof source] {
    return {
      ready: () => this.#isReady,
      take: () => 'eager',
      subscribe: () => {
        this.#isReady = true;
        return () => {};
      },
    };
  }
}

/** Ticks come at multiples of the period: to whom takes them, and to whom does not. */
async function tick(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const { clock } = w;
  using ticks = every(PERIOD_MS, { clock });
  const sinceMs = clock.now();
  const periods = (): number => (clock.now() - sinceMs) / PERIOD_MS;
  const heard: number[] = [];
  const stop = ticks[source].subscribe(() => void heard.push(periods()));
  await scene.sleep(4 * PERIOD_MS + 1);
  stop();
  claim(heard.join() === '1,2,3,4', 'woken at other times', heard);
  let taken = 0;
  for (let at = 0; at < 10; at += 1) {
    await scene.pause(3 * PERIOD_MS);
    const [, count] = await select({ ticks }, { clock });
    taken += count;
    claim(taken === Math.floor(periods()), 'took another number of ticks', taken, periods());
    // Where it had to wait for its tick, that came when it was due.
    if (dice.isLikely(0.3)) {
      await select({ ticks }, { clock });
      taken += 1;
      claim(periods() === taken, 'not in time', taken, periods());
    }
  }
}

export const SELECTS: readonly Scenario[] = [
  { name: 'a select that ends waits for nothing any more', play: subscribe },
  { name: 'a select takes from the first source that is ready', play: settle },
  { name: 'ticks come when they are due, and are counted', play: tick },
];
