// Channels whose callers give up, drop and time out: what was put arrives once and in order, what was
// given up does not, and each wait ends when it is due. Sources of `select` are in selects.ts.

import { channel, select } from 'corosock';
import type { Channel } from 'corosock';
import { ABANDONED, claim, claimPrefix, PATIENCE_MS } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const VALUES = 30;

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
  let isStopped = false;
  const taking = w.spawn('taker', async () => {
    while (!isStopped && (await take())) if (dice.isLikely(0.5)) await scene.pause(10);
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
  isStopped = true;
  await taking;
  await closeFull(values, accepted);
  for await (const value of values) taken.push(value);
  claim(taken.length === accepted.length, 'lost a value', taken, accepted);
  await scene.claimNoTimers();
}

/** Fills a channel from which nobody takes, and closes it: each put that waits for room hears of it. */
async function closeFull(values: Channel<number>, accepted: number[]): Promise<void> {
  while ((await values.put(VALUES, { timeoutMs: 0 })) === 'ok') accepted.push(VALUES);
  const late = [values.put(VALUES), values.put(VALUES, { timeoutMs: PATIENCE_MS })];
  values.close();
  const statuses = await Promise.all(late);
  claim(
    statuses.every((status) => status === 'closed'),
    'a put has another end',
    statuses,
  );
}

const ROOM = 3;

/** Puts of a channel that is full drop a value: the oldest, or their own. Each says so. */
async function drop(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  for (const whenFull of ['drop-oldest', 'drop-newest'] as const) {
    const values = channel<number>({ capacity: ROOM, whenFull, clock: w.clock });
    let kept: number[] = [];
    for (let value = 0; value < VALUES; value += 1) {
      const isFull = kept.length === ROOM;
      const isDropped = isFull && whenFull === 'drop-newest';
      const status = await values.put(value);
      claim(status === (isDropped ? 'dropped' : 'ok'), 'another status', whenFull, status);
      if (!isDropped) kept = [...kept, value].slice(-ROOM);
      claim(values.size === kept.length, 'another size', values.size, kept);
      if (dice.isLikely(0.3)) claim((await values.take())[0] === kept.shift(), 'took another', whenFull);
    }
    values.close();
    for await (const value of values) claim(value === kept.shift(), 'took another at the end', value);
    claim(kept.length === 0, 'lost a value', kept);
  }
}

/** Takes and puts wait side by side, each with a time-out of its own: each ends when it is due. */
async function expire(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const { clock } = w;
  const empty = channel<number>({ clock });
  const full = channel<number>({ capacity: 1, clock });
  await full.put(0);
  const waits = [
    (timeoutMs: number) => empty.take({ timeoutMs }).then(([, status]) => status),
    (timeoutMs: number) => full.put(1, { timeoutMs }),
  ] as const;
  await scene.each(8, 'wait', async (at) => {
    await scene.pause(10);
    const sinceMs = clock.now();
    const timeoutMs = dice.between(1, 50);
    const status = await waits[at % 2]?.(timeoutMs);
    claim(status === 'timeout', 'another status', status);
    claim(clock.now() - sinceMs === timeoutMs, 'not in time', clock.now() - sinceMs, timeoutMs);
  });
  const [last, value] = [empty.take(), dice.below(VALUES)];
  await empty.put(value);
  claim((await last)[0] === value, 'a take that is over has taken', value);
  // Takes that wait hear of the end, by each way to take.
  const iteration = empty[Symbol.asyncIterator]().next();
  const closing = [empty.take(), empty.take({ timeoutMs: PATIENCE_MS })];
  await scene.pause(10);
  empty.close();
  for (const [, status] of await Promise.all(closing)) claim(status === 'closed', 'another end', status);
  claim((await iteration).done === true, 'an iteration goes on');
  await scene.claimNoTimers();
}

export const CHANNELS: readonly Scenario[] = [
  { name: 'what a channel accepts is taken once, whatever is given up', play: giveUp },
  { name: 'a channel that drops says what it has dropped', play: drop },
  { name: 'each wait of a channel ends when it is due', play: expire },
];
