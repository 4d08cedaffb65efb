// A drawn chart: its lines, marks, names and words, also where there is little to draw.

import { describe, expect, it } from 'vitest';
import type { Chart } from '../../bench/charts/charts.ts';
import { CHARTS } from '../../bench/charts/charts.ts';
import type { ChartFigures, Series } from '../../bench/charts/figures.ts';
import { drawChart } from '../../bench/charts/line-chart.ts';
import { LOOKS, THEMES } from '../../bench/charts/themes.ts';
import type { Theme } from '../../bench/charts/themes.ts';

const [light, dark] = THEMES as readonly [Theme, Theme];
const chart = CHARTS.find(({ name }) => name === 'in-flight') as Chart;

function series(name: string, ...figures: ReadonlyArray<readonly number[]>): Series {
  return { name, points: figures.map((runs, index) => ({ x: 4 ** index, runs })) };
}

function figuresOf(...all: readonly Series[]): ChartFigures {
  return { conditions: ['2026-11-29, a machine of <two> cores'], series: all };
}

const two = figuresOf(series('corosock', [8, 9, 10], [1, 1, 1]), series('ws', [8, 8, 8], [6, 7, 5]));

function insideOf(picture: string, name: string): string | undefined {
  return new RegExp(`<${name}\\b[^>]*>([^<]*)</${name}>`).exec(picture)?.[1];
}

function wordsIn(picture: string): readonly string[] {
  return [...picture.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, words = '']) => words);
}

/** All that it draws, without its colours. */
function colourless(picture: string): string {
  return picture.replace(/#[0-9a-f]{6}/g, '#');
}

describe('a drawn chart', () => {
  const picture = drawChart(chart, two, light);

  it('has a title and, as words, all that it shows', () => {
    expect(insideOf(picture, 'title')).toBe(chart.title);
    expect(insideOf(picture, 'desc')).toBe(
      'Vertical: the server&#39;s CPU per message. Horizontal: messages in flight on each socket. ' +
        'corosock – 1: 9 µs, 4: 1 µs. ws – 1: 8 µs, 4: 6 µs.',
    );
    expect(picture).toContain('role="img" aria-labelledby="title desc"');
  });

  it('names each series beside the end of its line, and each value of its axes', () => {
    const words = wordsIn(picture);
    expect(words).toEqual(expect.arrayContaining(['corosock', 'ws', '1 µs', '10 µs', '1', '4']));
  });

  it('shows when and where it was measured, escaped', () => {
    expect(wordsIn(picture)).toContain('2026-11-29, a machine of &lt;two&gt; cores');
  });

  it('has a whisker where runs differ, and none where they agree', () => {
    const whiskers = [...picture.matchAll(/<path d="([^"]*)"\/>/g)].map(([, d = '']) => d);
    expect(whiskers.map((d) => d.split('M').length - 1)).toEqual([3, 3]);
  });

  it('shows the same figures in both themes', () => {
    const other = drawChart(chart, two, dark);
    expect(other).not.toBe(picture);
    expect(colourless(other)).toBe(colourless(picture));
  });

  it('draws better figures lower', () => {
    const [, d = ''] = /<path d="([^"]*)" stroke-width="3"/.exec(picture) ?? [];
    const [first = NaN, last = NaN] = [...d.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(last).toBeGreaterThan(first);
  });

  it('names all series that have a look without two names in one place', () => {
    const all = figuresOf(...LOOKS.map((look) => series(look.series, [5], [5])));
    const names = new Set(LOOKS.map((look) => look.series));
    const texts = [...drawChart(chart, all, light).matchAll(/<text x="[^"]*" y="([\d.]+)"[^>]*>([^<]*)</g)];
    const places = texts.filter(([, , name = '']) => names.has(name)).map(([, y]) => Number(y));
    const sorted = places.toSorted((a, b) => a - b);
    const gaps = sorted.slice(1).map((place, index) => place - (sorted[index] ?? NaN));
    expect([places.length, Math.min(...gaps) >= 16]).toEqual([LOOKS.length, true]);
  });
});

describe('a chart of little', () => {
  it('has its axes without any series, and says that nothing was measured', () => {
    const picture = drawChart(chart, figuresOf(), light);
    expect(insideOf(picture, 'desc')).toBe('Nothing was measured.');
    expect(picture).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('draws a single point, with its name', () => {
    const picture = drawChart(chart, figuresOf(series('ws', [3])), light);
    expect(wordsIn(picture)).toContain('ws');
    expect(picture).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('leaves out the name of a series without points', () => {
    expect(wordsIn(drawChart(chart, figuresOf(series('ws')), light))).not.toContain('ws');
  });

  it('refuses a series that has no look', () => {
    expect(() => drawChart(chart, figuresOf(series('raw', [1])), light)).toThrow('raw has no look');
  });
});

describe('units', () => {
  it.each([
    ['in-flight', 'y', 0.5, '0.5 µs'],
    ['flood', 'y', 20_000, '20 ms'],
    ['flood', 'y', 2_000_000, '2 s'],
    ['size', 'x', 256, '256 B'],
    ['size', 'x', 65_536, '64 KiB'],
    ['memory', 'x', 50_000, '50,000'],
    ['memory', 'y', 75, '75 MiB'],
    ['half-load', 'x', 99.9, '99.9 %'],
    ['half-load', 'x', 100, 'slowest'],
  ] as const)('of %s, %s: %s is %s', (name, axis, value, shown) => {
    expect(CHARTS.find((each) => each.name === name)?.[axis].show(value)).toBe(shown);
  });
});
