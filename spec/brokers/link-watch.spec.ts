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
    expect([asked.length, watch.answeredMs]).toEqual([2, 1000]);
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
    expect([all.silentMs, all.clock.timers, all.watch.answeredMs]).toEqual([[3000], 0, 0]);
  });

  it('is not silent while something comes, and waits two seconds from the last of it', async () => {
    const { clock, watch, silentMs } = watched();
    watch.start();
    for (let second = 0; second < 10; second += 1) {
      await clock.advance(1000);
      watch.heard();
    }
    await clock.advance(1999);
    expect(silentMs).toEqual([]);
    await clock.advance(1);
    expect(silentMs).toEqual([12_000]);
  });

  it('begins a window of loss at the question that was answered last, whatever comes', async () => {
    const { clock, watch, asked } = watched();
    watch.start();
    await clock.advance(1000);
    watch.heard();
    asked[0]!.resolve();
    await clock.advance(1500);
    watch.heard();
    expect(watch.answeredMs).toBe(1000);
  });

  it('waits half a minute for an answer, while messages come', async () => {
    const { clock, watch, asked, silentMs } = watched();
    watch.start();
    for (let second = 0; second < 60; second += 1) {
      await clock.advance(1000);
      watch.heard();
    }
    expect([asked.length, silentMs, clock.timers]).toEqual([1, [31_000], 0]);
  });

  it('asks on after an answer that came late, behind messages', async () => {
    const { clock, watch, asked, silentMs } = watched();
    watch.start();
    for (let second = 0; second < 8; second += 1) {
      await clock.advance(1000);
      watch.heard();
    }
    asked[0]!.resolve();
    await clock.advance(1000);
    asked[1]!.resolve();
    await settle();
    expect([watch.answeredMs, silentMs, clock.timers]).toEqual([9000, [], 1]);
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
