import { describe, expect, it } from 'vitest';
import { settle, virtualClock } from 'corosock/testing';
import { LinkWatch } from '../../src/brokers/link-watch.ts';

interface Watched {
  readonly clock: ReturnType<typeof virtualClock>;
  readonly watch: LinkWatch;
  readonly asked: Array<{ resolve(): void; reject(error: Error): void }>;
  readonly silentMs: number[];
}

function watched(): Watched {
  const clock = virtualClock();
  const asked: Watched['asked'] = [];
  const silentMs: number[] = [];
  const ask = (): Promise<void> => new Promise((resolve, reject) => asked.push({ resolve, reject }));
  const watch = new LinkWatch(clock, ask, () => silentMs.push(clock.now()));
  return { clock, watch, asked, silentMs };
}

describe('LinkWatch', () => {
  it('asks a second after the start, and a second after each answer', async () => {
    const { clock, watch, asked } = watched();
    watch.start();
    await clock.advance(1000);
    expect(asked).toHaveLength(1);
    await clock.advance(500);
    asked[0]!.resolve();
    await clock.advance(1000);
    expect([asked.length, watch.aliveMs]).toEqual([2, 1000]);
  });

  it.each([
    ['does not come', () => {}],
    ['is an error', ({ asked }: Watched) => asked[0]!.reject(new Error('busy'))],
  ])('tells once that the link is silent when the answer %s within two seconds', async (_, answer) => {
    const all = watched();
    all.watch.start();
    await all.clock.advance(1000);
    answer(all);
    await all.clock.advance(60_000);
    expect([all.silentMs, all.clock.timers, all.watch.aliveMs]).toEqual([[3000], 0, 0]);
  });

  it('takes a message for a sign of life, but goes on to wait for the answer', async () => {
    const { clock, watch, silentMs } = watched();
    watch.start();
    await clock.advance(2500);
    watch.alive();
    await clock.advance(500);
    expect([silentMs, watch.aliveMs]).toEqual([[3000], 2500]);
  });

  it('ignores answers that come after it was stopped or started anew', async () => {
    const { clock, watch, asked, silentMs } = watched();
    watch.start();
    await clock.advance(1000);
    watch.start();
    asked[0]!.resolve();
    await settle();
    expect(clock.timers).toBe(1);
    watch.stop();
    await clock.advance(60_000);
    expect([asked.length, silentMs, clock.timers]).toEqual([1, [], 0]);
  });
});
