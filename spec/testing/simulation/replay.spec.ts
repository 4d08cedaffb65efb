// A seed that fails is run again: with fewer random choices, and then to be told.

import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/testing/simulation/replay.ts';
import type { Play, PlayedRun } from '../../../src/testing/simulation/replay.ts';
import type { RunFailure } from '../../../src/testing/simulation/scenario-run.ts';

const failure: RunFailure = { kind: 'thrown', text: 'expected 3, got 2', cause: new Error('why') };
const failed = { seed: 5, run: { failure, taken: 100, steps: 10 } };

/** Plays a seed that fails with so many random choices or more. */
function playing(leastChoices: number, made: Partial<RunFailure> = {}) {
  const tried: number[] = [];
  const play: Play = async (most, recording): Promise<PlayedRun> => {
    if (recording === undefined) tried.push(most);
    const told = { ...failure, story: 't=0 fails', ...made };
    return { failure: most >= leastChoices ? told : undefined, taken: Math.min(most, 100), steps: 10 };
  };
  return { play, tried };
}

describe('explain', () => {
  it('finds with how few random choices the seed fails', async () => {
    const { play, tried } = playing(37);
    const error = await explain('simulate()', failed, play);
    expect(error.message).toContain(
      'It fails with the first 37 of 100 random orders and faults. Give { seed: 5 } to repeat it',
    );
    expect(tried).toEqual([0, 50, 25, 37, 31, 34, 35, 36]);
  });

  it('tries first whether it fails without any', async () => {
    const { play, tried } = playing(0);
    const error = await explain('simulate()', failed, play);
    expect([tried, error.message]).toEqual([
      [0],
      'simulate(): seed 5 fails: expected 3, got 2\n\nt=0 fails\n\n' +
        'It fails without any random order or fault. Give { seed: 5 } to repeat it',
    ]);
    expect(error).toMatchObject({ code: 'COROSOCK_SIMULATION', seed: 5, story: 't=0 fails' });
  });

  it('takes a failure with other numbers for the same, and no other text or kind', async () => {
    const same = playing(0, { text: 'expected 4, got 1' });
    expect((await explain('simulate()', failed, same.play)).message).toContain('without any random order');
    for (const other of [{ text: 'socket hang up' }, { kind: 'deadlock' } as const]) {
      const { message, story } = await explain('simulate()', failed, playing(0, other).play);
      expect([message, story]).toEqual([
        expect.stringContaining('The same seed has not failed again') as string,
        '',
      ]);
    }
  });

  it('tells the run with all its choices where the shorter one does not fail again', async () => {
    const play: Play = async (most, recording) => ({
      failure: recording !== undefined && most < 100 ? undefined : failure,
      taken: most,
      steps: 1,
    });
    const error = await explain('simulate()', failed, play);
    expect(error.message).toContain('expected 3, got 2');
    expect(error.message).not.toContain('has not failed again');
  });

  it('stops looking where the replays take too many steps', async () => {
    let replays = 0;
    const play: Play = async (most, recording) => {
      if (recording === undefined) replays += 1;
      return { failure: most >= 50 ? failure : undefined, taken: most, steps: 1_500_000 };
    };
    await explain('simulate()', failed, play);
    expect(replays).toBe(2);
  });

  it('does not replay what goes round in a circle, but to tell it', async () => {
    const endless: RunFailure = { kind: 'livelock', text: 'in a circle' };
    const { play, tried } = playing(0, endless);
    await explain('simulate()', { seed: 5, run: { ...failed.run, failure: endless } }, play);
    expect(tried).toEqual([]);
  });

  it('records once where the shorter run fails again, and watches its last steps', async () => {
    const recorded: unknown[] = [];
    const play: Play = async (most, recording) => {
      if (recording !== undefined) recorded.push([most, recording.watchedFrom]);
      return { failure: most >= 50 ? failure : undefined, taken: most, steps: 1000 + most };
    };
    await explain('simulate()', failed, play);
    expect(recorded).toEqual([[50, 550]]);
  });

  it('stops looking after some real seconds', async () => {
    let nowMs = 0;
    const { play, tried } = playing(50);
    const slow: Play = async (most, recording) => {
      nowMs += 900;
      return await play(most, recording);
    };
    const { message } = await explain('simulate()', failed, slow, () => nowMs);
    expect(tried).toEqual([0, 50, 25]);
    expect(message).toContain('the first 50 of 100 random orders');
  });

  it('shows the last sixty lines of a long story', async () => {
    const story = Array.from({ length: 100 }, (_, index) => `t=${index} line ${index}`).join('\n');
    const error = await explain('simulate()', failed, playing(0, { story }).play);
    expect([
      error.story,
      error.message.includes('t=39 line'),
      error.message.includes('…\nt=40 line'),
    ]).toEqual([story, false, true]);
  });

  const messageOf = async (lines: readonly string[]): Promise<string> => {
    const { message } = await explain('simulate()', failed, playing(0, { story: lines.join('\n') }).play);
    return message;
  };
  const many = Array.from({ length: 100 }, (_, index) => `t=${index} line ${index}`);

  it.each([
    't=3 host 1 stops',
    't=3 client 2 link reset',
    't=3 host writes "a" to client 1 · client 1 link cut',
  ])('shows a fault that has struck before those lines: %s', async (fault) => {
    const message = await messageOf(['t=2 before', fault, 't=3 after', ...many]);
    expect(message).toContain(`\n\n${fault}\n…\nt=40 line 40\n`);
  });

  it('shows the last twenty of many faults', async () => {
    const faults = Array.from({ length: 30 }, (_, index) => `t=${index} client ${index} link stalls in`);
    const message = await messageOf([...faults, ...many]);
    expect(message).toContain(`\n\n${faults.slice(10).join('\n')}\n…\nt=40`);
  });

  it('folds equal lines that follow each other', async () => {
    const ticks = Array.from({ length: 100 }, (_, index) => `t=${index} tick`);
    const message = await messageOf([
      't=0 first',
      ...ticks,
      '… 3 lines before',
      '… 3 lines before',
      't=99 last',
    ]);
    expect(message).toContain(
      't=0 first\nt=0 tick (100 times, until t=99)\n… 3 lines before\n… 3 lines before\nt=99 last\n',
    );
  });

  it('shows 4,000 characters of what was thrown', async () => {
    const long = { ...failure, text: 'x'.repeat(100_000) };
    const run = { ...failed.run, failure: long };
    const { message } = await explain('simulate()', { seed: 5, run }, playing(0, long).play);
    expect(message).toContain(`fails: ${'x'.repeat(4_000)}…`);
    expect(message.length).toBeLessThan(4_500);
  });
});
