// When the other end of a handle is asked whether it is there, and when it is given up.

import { describe, expect, it } from 'vitest';
import { virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { AnswerWatch } from '../../src/hub/answer-watch.ts';

function watched(): {
  readonly clock: VirtualClock;
  readonly watch: AnswerWatch;
  readonly told: string[];
  readonly state: { isAwaiting: boolean };
} {
  const clock = virtualClock();
  const told: string[] = [];
  const state = { isAwaiting: true };
  const watch = new AnswerWatch(clock, {
    isAwaiting: () => state.isAwaiting,
    probe: () => void told.push(`probe ${clock.now()}`),
    onSilence: () => {
      told.push(`silence ${clock.now()}`);
      watch.stop();
    },
  });
  return { clock, watch, told, state };
}

describe('AnswerWatch', () => {
  it('asks each 2 s while something is awaited, and gives up after 5 s of silence', async () => {
    const { clock, watch, told } = watched();
    const fromMs = clock.now();
    watch.begin();
    watch.begin();
    await clock.advance(20_000);
    expect(told).toEqual([`probe ${fromMs + 2000}`, `probe ${fromMs + 4000}`, `silence ${fromMs + 6000}`]);
  });

  it('goes on as long as it is answered', async () => {
    const { clock, watch, told } = watched();
    watch.begin();
    for (let second = 0; second < 20; second += 1) {
      await clock.advance(1000);
      watch.heard();
    }
    expect(told.filter((text) => text.startsWith('silence'))).toEqual([]);
  });

  it('asks after 30 s where nothing is awaited, and waits for that answer', async () => {
    const { clock, watch, told, state } = watched();
    const fromMs = clock.now();
    state.isAwaiting = false;
    watch.begin();
    await clock.advance(32_000);
    expect(told).toEqual([`probe ${fromMs + 32_000}`]);
    await clock.advance(6000);
    expect(told.at(-1)).toBe(`silence ${fromMs + 38_000}`);
  });

  it('asks at once where it has to, and never after its end', async () => {
    const { clock, watch, told } = watched();
    watch.probe();
    watch.stop();
    watch.begin();
    await clock.advance(60_000);
    expect(told).toHaveLength(1);
  });
});
