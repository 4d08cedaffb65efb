// The figures that README and the page of benchmarks show are those of bench/RESULTS.md, which
// `npm run bench` writes. Names of rows are the page's own.

import { describe, expect, it } from 'vitest';
import { readProjectFile } from './source-files.ts';

const PAGE = 'docs/internals/benchmarks.md';

/** The cells of each row of the tables that compare, without emphasis. */
function rowsOf(text: string): ReadonlyArray<readonly string[]> {
  const tables = text.matchAll(/^\| work \| beside \|.*\|$\n\|-.*\|$\n((?:\|.*\|$\n?)*)/gm);
  const rows = [...tables].flatMap(([, table = '']) => table.trim().replaceAll('**', '').split('\n'));
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Figures as the page writes them: `ws 6.0 (…) µs`, `0.9 (…) µs`, `0.15 (…)`, `at most 0.20`. */
const measured = rowsOf(readProjectFile('bench/RESULTS.md')).map(
  ([, beside, theirs, ours, compared = '', limit]) => {
    const [ratio, missed] = compared.split(', beyond the limit');
    return [
      beside === '–' ? beside : `${beside} ${theirs}`,
      ours,
      ratio,
      `${limit}${missed === undefined ? '' : ' – missed'}`,
    ];
  },
);

describe('the page of benchmarks', () => {
  const rows = rowsOf(readProjectFile(PAGE));

  it('has rows', () => {
    expect(rows.length).toBeGreaterThan(10);
  });

  it.each(rows)('shows what was measured: %s', (_name, ...figures) => {
    expect(measured).toContainEqual(figures);
  });
});

describe("README's line about speed", () => {
  it('has the ratios of the first and the third row of that page', () => {
    const ratios = rowsOf(readProjectFile(PAGE)).map(([, , , ratio = '']) => ratio.split(' ')[0]);
    const [line] = readProjectFile('README.md').match(/^\*\*Speed\.\*\* .*$/m) ?? [];
    expect(line?.match(/\b\d+\.\d+\b/g)).toEqual([ratios[0], ratios[2]]);
  });
});

/** Rows of the estimate whose last cell names a row of bench/RESULTS.md, with the figure that they take from it. */
const estimated = [
  ...readProjectFile('docs/guide/several-machines.md').matchAll(/^\|.*\| `([^`|]+)` \|$/gm),
].map(([row, name]) => [name, /[\d.,]+ (?:KiB|B|µs)\b/.exec(row.replace(/^\|[^|]*\|/, ''))?.[0]] as const);

describe('the paper estimate of docs/guide/several-machines.md', () => {
  it('has figures', () => {
    expect(estimated.length).toBeGreaterThan(4);
  });

  it.each(estimated)('takes what was measured: %s', (name, figure) => {
    const rows = readProjectFile('bench/RESULTS.md').split('\n');
    const cells = rows.find((row) => row.startsWith(`| ${name} | `))?.split(' | ');
    expect(cells?.map((cell) => cell.replace(/ \(.*?\)/, ''))).toContain(figure);
  });
});
