// The figures that README, the page of benchmarks and the estimate of several machines show are those of
// bench/RESULTS.md. `npm run bench` writes all but those of the estimate.

import { describe, expect, it } from 'vitest';
import { pageWith, readmeWith } from '../../bench/page.ts';
import { readProjectFile } from './source-files.ts';

const results = readProjectFile('bench/RESULTS.md');

describe('the page of benchmarks', () => {
  it('shows what was measured', () => {
    const page = readProjectFile('docs/internals/benchmarks.md');
    expect(page).toBe(pageWith(results, page));
  });
});

describe("README's line about speed", () => {
  it('has the ratios that were measured', () => {
    const readme = readProjectFile('README.md');
    expect(readme).toBe(readmeWith(results, readme));
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
    const rows = results.split('\n');
    const cells = rows.find((row) => row.startsWith(`| ${name} | `))?.split(' | ');
    expect(cells?.map((cell) => cell.replace(/ \(.*?\)/, ''))).toContain(figure);
  });
});
