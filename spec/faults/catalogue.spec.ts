// Counts the catalogue: each line about handshakes, reading, writing, shut-downs, frames, races and
// brokers is proved by a spec that has its code in a title. The second half shows the counter one
// fault at a time. That codes of comments resolve is checked in house/citations.spec.ts.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Handshake, back-pressure, writing, life cycle, frames, races, broker. */
const COUNTED = /^[HBWLFRK]\d+$/;

interface Line {
  readonly code: string;
  readonly proof: string;
}

function linesOf(catalogue: string): readonly Line[] {
  return [...catalogue.matchAll(/^\| ([A-Z]\d+) \|.*\| ([^|]*) \|$/gm)]
    .map(([, code = '', proof = '']) => ({ code, proof }))
    .filter(({ code }) => COUNTED.test(code));
}

/** Whether a string of the code has `F1:`, or `F1,` before another code: a title, or a row of them. */
function hasInTitle(spec: string, code: string): boolean {
  const withoutComments = spec.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  return new RegExp(`['"\`](?:[A-Z]\\d+, )*${code}(?:, [A-Z]\\d+)*:`).test(withoutComments);
}

/** Says which line is not proved, one sentence each. */
function unproved(lines: readonly Line[], specOf: (path: string) => string | undefined): readonly string[] {
  return lines.flatMap(({ code, proof }) => {
    const specs = [...proof.matchAll(/`([\w./-]+\/[\w.-]+)`/g)].map((match) => match[1] ?? '');
    return [
      ...(proof.includes('not built yet') ? [`${code} is not built yet`] : []),
      ...(specs.length === 0 ? [`${code} names no spec`] : []),
      ...specs
        .filter((path) => !hasInTitle(specOf(path) ?? '', code))
        .map((path) => `${code} is in no title of ${path}`),
    ];
  });
}

describe('the catalogue of faults', () => {
  const lines = linesOf(readFileSync(new URL('README.md', import.meta.url), 'utf8'));

  it('has a spec for each line that is counted', () => {
    const specOf = (path: string): string | undefined => {
      const file = new URL(`../${path}.spec.ts`, import.meta.url);
      return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    };
    expect(unproved(lines, specOf)).toEqual([]);
  });

  it('has all lines that it once had, without a gap in their numbers', () => {
    const counts = Object.fromEntries(
      ['H', 'B', 'W', 'L', 'F', 'R', 'K'].map((letter) => [
        letter,
        lines.filter(({ code }) => code.startsWith(letter)).map(({ code }) => Number(code.slice(1))),
      ]),
    );
    for (const numbers of Object.values(counts)) {
      expect(numbers).toEqual(Array.from(numbers, (_, index) => index + 1));
    }
    const least = { H: 25, B: 14, W: 13, L: 8, F: 31, R: 15, K: 13 };
    for (const [letter, count] of Object.entries(least)) {
      expect(counts[letter]?.length).toBeGreaterThanOrEqual(count);
    }
  });
});

describe('the counter', () => {
  const faultsOf = (proof: string, spec: string): readonly string[] =>
    unproved(linesOf(`| F1 | a frame | 1002 | ${proof} |`), () => spec);

  it.each([
    ['a title', `it('F1: is refused', () => {});`],
    ['a row of titles', `it.each([['F1: an unmasked frame', 1002]])('%s', () => {});`],
    ['a title of several', 'describe(`R5, F1, F2: ends`, () => {});'],
  ])('takes %s', (_, spec) => {
    expect(faultsOf('`faults/frames`', spec)).toEqual([]);
  });

  it.each([
    ['a comment', '// F1: is refused', ['F1 is in no title of faults/frames']],
    ['another code', `it('F12: is refused', () => {});`, ['F1 is in no title of faults/frames']],
    ['a code in the middle', `it('ends as F1 does', () => {});`, ['F1 is in no title of faults/frames']],
  ])('does not take %s', (_, spec, faults) => {
    expect(faultsOf('`faults/frames`', spec)).toEqual(faults);
  });

  it('does not take a line that is not built yet, or that names no spec', () => {
    expect(faultsOf('not built yet: there is none', '')).toEqual(['F1 is not built yet', 'F1 names no spec']);
  });
});
