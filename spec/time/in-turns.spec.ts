// Slices of a list, one in each turn of the event loop.

import { describe, expect, it } from 'vitest';
import { HandClock, turn } from './hand-clock.ts';
import { inTurns } from '../../src/time/in-turns.ts';

/** What was called back, with `|` between two turns. */
async function told(items: readonly number[], most: number, stopAt?: number): Promise<string> {
  const log: string[] = [];
  const visit = (slice: readonly number[]): void | false => {
    log.push(slice.join(','));
    return slice.includes(stopAt ?? NaN) ? false : undefined;
  };
  inTurns(new HandClock(), items, most, visit, () => log.push('end'));
  for (let turns = 0; turns < 4; turns += 1) {
    log.push('|');
    await turn();
  }
  return log.join(' ');
}

describe('inTurns', () => {
  it('calls back with one slice in each turn, the first of them at once', async () => {
    expect(await told([1, 2, 3, 4, 5], 2)).toBe('1,2 | 3,4 | 5 end | |');
  });

  it.each([
    ['nothing', [], ' end | | | |'],
    ['a list that one slice holds', [1, 2], '1,2 end | | | |'],
  ])('ends at once for %s', async (_, items, expected) => {
    expect(await told(items, 2)).toBe(expected);
  });

  it('stops where a slice is answered with false', async () => {
    expect(await told([1, 2, 3, 4, 5], 2, 3)).toBe('1,2 | 3,4 | | |');
  });

  it('needs no end', () => {
    let visited = 0;
    inTurns(new HandClock(), [1], 1, () => void (visited += 1));
    expect(visited).toBe(1);
  });
});
