// What the benchmark prints, in Markdown: medians with their spread, what they are
// beside the yardstick, and what was the same work for all. Units are kinds.ts's,
// where and when is machine.ts's.

import { KINDS } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { MEASURED, YARDSTICK } from './scenarios.ts';
import type { Limit, Scenario, Server } from './scenarios.ts';

/** What came of one scenario. */
export interface Row {
  readonly scenario: Scenario;
  /** For each run, the figure of each server. */
  readonly results: readonly ReadonlyMap<Server, number>[];
}

/** Shows every row; a figure that misses its limit is marked. */
export function table(rows: readonly Row[]): string {
  const packages = packagesOf(rows.map(({ scenario }) => scenario));
  return [
    `| work | ${packages.join(' | ')} | ${MEASURED} beside ${YARDSTICK} | limit |`,
    `|---|${'---|'.repeat(packages.length)}---|---|`,
    ...rows.map((row) => `| ${cells(row, packages).join(' | ')} |`),
    '',
    'The same work:',
    '',
    ...rows.map(({ scenario: { name, sameWork } }) => `- ${name}: ${sameWork}.`),
  ].join('\n');
}

/** The packages that scenarios compare, each once: the columns of their table. */
export function packagesOf(scenarios: readonly Scenario[]): readonly string[] {
  return [...new Set(scenarios.flatMap(({ servers }) => servers.map((server) => server.package)))];
}

function cells({ scenario, results }: Row, packages: readonly string[]): readonly string[] {
  const { kind, name, servers, limit } = scenario;
  const figuresOf = (packageName: string): readonly number[] => {
    const server = servers.find((each) => each.package === packageName);
    return server === undefined ? [] : results.map((run) => run.get(server) ?? NaN);
  };
  const theirs = figuresOf(YARDSTICK);
  const compared = figuresOf(MEASURED).map((ours, run) => beside(ours, theirs[run] ?? NaN, limit));
  const format = comparisonIn(scenario);
  const comparison = spread(compared, format);
  return [
    name,
    ...packages.map((packageName) => spread(figuresOf(packageName), figureIn(KINDS[kind]))),
    keeps(median(compared), limit) ? comparison : `**${comparison}, beyond the limit**`,
    `${limit.bound} ${single(limit.value, format)}`,
  ];
}

function beside(ours: number, theirs: number, { by }: Limit): number {
  return by === 'ratio' ? ours / theirs : ours - theirs;
}

function keeps(compared: number, { bound, value }: Limit): boolean {
  return bound === 'at most' ? compared <= value : compared >= value;
}

/** How a number is written; its unit stands last in a cell. */
interface Format {
  readonly write: (number: number) => string;
  readonly unit: string;
}

function figureIn({ unit, digits }: Kind): Format {
  return { write: (number) => number.toFixed(digits), unit };
}

/** A difference is told from a ratio by its sign and its unit. */
function comparisonIn({ kind, limit }: Scenario): Format {
  if (limit.by === 'ratio') return { write: (number) => number.toFixed(2), unit: '' };
  const { unit, digits } = KINDS[kind];
  return { write: (number) => `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(digits)}`, unit };
}

/** `median (least–most) unit`; a dash where nothing was measured. */
function spread(numbers: readonly number[], { write, unit }: Format): string {
  if (numbers.length === 0) return '–';
  const range = `${write(Math.min(...numbers))}–${write(Math.max(...numbers))}`;
  return `${write(median(numbers))} (${range}) ${unit}`.trimEnd();
}

function single(number: number, { write, unit }: Format): string {
  return `${write(number)} ${unit}`.trimEnd();
}

/** The one in the middle: runs are odd in number. */
function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}
