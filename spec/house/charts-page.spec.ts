// The charts on the page of benchmarks: each of them is there in both themes, drawn from the
// figures that bench/charts.json keeps, with words for readers who see no pictures.

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHARTS } from '../../bench/charts/charts.ts';
import { keptFigures } from '../../bench/charts/figures.ts';
import { drawPictures } from '../../bench/charts/pictures.ts';
import { projectRoot, readProjectFile } from './source-files.ts';

const FOLDER = 'docs/internals/charts/';
const page = readProjectFile('docs/internals/benchmarks.md');
const drawn = drawPictures(keptFigures());

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
