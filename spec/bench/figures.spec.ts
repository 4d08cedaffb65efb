// The figures of charts: what is kept of several runs, and how.

import { describe, expect, it } from 'vitest';
import { figuresText, seriesOf, spreadOf } from '../../bench/charts/figures.ts';

describe('spreadOf', () => {
  it('is the least, the middle and the most, in whatever order they came', () => {
    expect(spreadOf([3, 1, 10, 2, 9])).toEqual({ least: 1, middle: 3, most: 10 });
  });

  it('is the figure itself of one run', () => {
    expect(spreadOf([7])).toEqual({ least: 7, middle: 7, most: 7 });
  });

  it('refuses to say what none would be', () => {
    expect(() => spreadOf([])).toThrow('no run');
  });
});

describe('seriesOf', () => {
  it('puts the figures of each run side by side, to four digits', () => {
    const runs = [
      [1.234567, 20],
      [3, 45678.9],
    ];
    expect(seriesOf('ws', [1, 4], runs)).toEqual({
      name: 'ws',
      points: [
        { x: 1, runs: [1.235, 3] },
        { x: 4, runs: [20, 45680] },
      ],
    });
  });

  it('refuses a run that lacks a value', () => {
    expect(() => seriesOf('ws', [1, 4], [[1]])).toThrow('ws has no figure for 4');
  });
});

describe('figuresText', () => {
  const figures = {
    size: { conditions: ['a day'], series: [{ name: 'ws', points: [{ x: 16, runs: [1.5, 2] }] }] },
  };

  it('is JSON that says the same', () => {
    expect(JSON.parse(figuresText(figures))).toEqual(figures);
  });

  it('has a line for each point', () => {
    expect(figuresText(figures)).toContain('\n          { "x": 16, "runs": [ 1.5, 2 ] }\n');
  });
});
