// The charts on the page of benchmarks: each of them is there in both themes, drawn from the
// figures that bench/charts.json keeps, with words for readers who see no pictures.

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHARTS } from '../../bench/charts/charts.ts';
import type { ChartName } from '../../bench/charts/charts.ts';
import { keptFigures, spreadOf } from '../../bench/charts/figures.ts';
import { drawPictures } from '../../bench/charts/pictures.ts';
import { projectRoot, readProjectFile } from './source-files.ts';

const FOLDER = 'docs/internals/charts/';
const page = readProjectFile('docs/internals/benchmarks.md');
const figures = keptFigures();
const drawn = drawPictures(figures);

describe('the pictures beside the page of benchmarks', () => {
  it('are one of each chart for each theme, and no others', () => {
    const wanted = CHARTS.flatMap(({ name }) => [`${name}-dark.svg`, `${name}-light.svg`]);
    expect(readdirSync(new URL(FOLDER, projectRoot)).toSorted()).toEqual(wanted.toSorted());
  });

  it.each([...drawn])(
    'are what bench/charts.json gives: %s (`npm run bench:charts -- --draw`)',
    (name, text) => {
      expect(readProjectFile(`${FOLDER}${name}`)).toBe(text);
    },
  );
});

/** Of the middle run. */
function figureOf(chart: ChartName, server: string, x: number): number {
  const series = figures[chart]?.series.find(({ name }) => name === server);
  return spreadOf(series?.points.find((point) => point.x === x)?.runs ?? []).middle;
}

describe('what the page says of the pictures', () => {
  it('is so: with 64 in flight, corosock takes less time than ws', () => {
    expect(figureOf('in-flight', 'corosock', 64)).toBeLessThan(figureOf('in-flight', 'ws', 64));
  });

  it('is so: beside a flood, the p99 of corosock is lower than that of ws', () => {
    expect(figureOf('flood', 'corosock', 99)).toBeLessThan(figureOf('flood', 'ws', 99));
  });
});

describe('the page of benchmarks', () => {
  const pictures = [...page.matchAll(/<picture>.*?<\/picture>/gs)].map(([text]) => text);

  it('shows each chart once', () => {
    const names = pictures.map((picture) => /charts\/([\w-]+)-light\.svg/.exec(picture)?.[1]);
    expect(names).toEqual(CHARTS.map(({ name }) => name));
  });

  it.each(CHARTS)('shows $name in both themes, with words in its place', ({ name }) => {
    const picture = pictures.find((each) => each.includes(`charts/${name}-light.svg`)) ?? '';
    expect(picture).toContain(
      `<source media="(prefers-color-scheme: dark)" srcset="charts/${name}-dark.svg">`,
    );
    expect(/<img src="charts\/[\w-]+-light\.svg" alt="([^"]+)" width="830">/.exec(picture)?.[1]).toMatch(
      /^Lines of six servers: \w/,
    );
  });
});
