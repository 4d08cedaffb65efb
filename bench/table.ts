// What the benchmark prints, in Markdown: medians with their spread, what they are
// beside the yardstick, and what was the same work for all. Units are kinds.ts's,
// where and when is machine.ts's.

import { KINDS } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { MEASURED, YARDSTICK } from './scenarios.ts';
import type { Limit, Scenario, Server } from './scenarios.ts';

const PAIR = [YARDSTICK, MEASURED];

/** What came of one scenario. */
export interface Row {
  readonly scenario: Scenario;
  /** For each run, the figure of each server. */
  readonly results: readonly ReadonlyMap<Server, number>[];
}

/** Shows every row; a figure that misses its limit is marked. */
export function table(rows: readonly Row[]): string {
  const pairs = rows.filter(({ scenario: { servers } }) => servers.length === PAIR.length);
  return [
    ...(pairs.length === 0 ? [] : pairTable(pairs)),
    ...rows.filter((row) => !pairs.includes(row)).flatMap((row) => peerTable(row)),
    'The same work:',
    '',
    ...rows.map(({ scenario: { name, sameWork } }) => `- ${name}: ${sameWork}.`),
  ].join('\n');
}

/** A row a scenario, for those that compare ours with the yardstick alone. */
function pairTable(rows: readonly Row[]): readonly string[] {
  return [
    `| work | ${PAIR.join(' | ')} | ${MEASURED} beside ${YARDSTICK} | limit |`,
    `|---|${'---|'.repeat(PAIR.length)}---|---|`,
    ...rows.map((row) => `| ${cells(row).join(' | ')} |`),
    '',
  ];
}

/** A row a server, the cheapest first, for a scenario that compares many. */
function peerTable(row: Row): readonly string[] {
  const { kind, name, servers } = row.scenario;
  const ours = figuresOf(row, MEASURED);
  const theirs = figuresOf(row, YARDSTICK);
  const ratio = { write: (number: number) => number.toFixed(2), unit: '' };
  const lines = servers
    .map(({ name: server }) => ({ server, figures: figuresOf(row, server) }))
    .toSorted((a, b) => median(a.figures) - median(b.figures))
    .map(({ server, figures }) => {
      const besideRaw = figures.map((figure, run) => figure / (theirs[run] ?? NaN));
      const besideIt = ours.map((figure, run) => figure / (figures[run] ?? NaN));
      const shown = [
        spread(figures, figureIn(KINDS[kind])),
        spread(besideRaw, ratio),
        spread(besideIt, ratio),
      ];
      return `| ${[server, ...shown].join(' | ')} |`;
    });
  const head = `| ${name} | cost | beside ${YARDSTICK} | ${MEASURED} beside it |`;
  return [head, '|---|---|---|---|', ...lines, ''];
}

/** The figures of one server, a run each. */
export function figuresOf({ scenario: { servers }, results }: Row, name: string): readonly number[] {
  const server = servers.find((each) => each.name === name);
  return server === undefined ? [] : results.map((run) => run.get(server) ?? NaN);
}

function cells(row: Row): readonly string[] {
  const { scenario } = row;
  const { kind, name, limit } = scenario;
  const theirs = figuresOf(row, YARDSTICK);
  const compared = figuresOf(row, MEASURED).map((ours, run) => beside(ours, theirs[run] ?? NaN, limit));
  const format = comparisonIn(scenario);
  const comparison = spread(compared, format);
  return [
    name,
    ...PAIR.map((server) => spread(figuresOf(row, server), figureIn(KINDS[kind]))),
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
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}
