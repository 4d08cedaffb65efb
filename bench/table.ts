// What the benchmark prints, in Markdown: medians with their spread, what they are
// beside those of another server, and what was the same work for all. Units are
// kinds.ts's, where and when is machine.ts's, what is missed and why remarks.ts's.

import { KINDS } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { MEASURED } from './our-servers.ts';
import type { Limit, Scenario, Server } from './scenario.ts';

/** What came of one scenario. */
export interface Row {
  readonly scenario: Scenario;
  /** For each run, the figure of each server. */
  readonly results: readonly Figures[];
  /** For each run, the mark-sweeps per thousand messages; none where they are not counted. */
  readonly markSweeps: readonly Figures[];
}

/** A figure of each server. */
export type Figures = ReadonlyMap<Server, number>;

/** Shows every row; a figure that misses its limit is marked. */
export function table(rows: readonly Row[]): string {
  const limited = rows.filter(({ scenario: { limit } }) => limit !== undefined);
  return [
    ...(limited.length === 0 ? [] : limitedTable(limited)),
    ...rows.filter((row) => !limited.includes(row)).flatMap((row) => peerTable(row)),
    ...markSweepLines(rows),
    'The same work:',
    '',
    ...sameWorks(rows),
  ].join('\n');
}

/** A line for each row whose mark-sweeps were counted. */
function markSweepLines(rows: readonly Row[]): readonly string[] {
  const counted = rows.filter(({ markSweeps }) => markSweeps.length > 0);
  if (counted.length === 0) return [];
  const lines = counted.map(({ scenario: { name, servers }, markSweeps }) => {
    const figures = servers.map((server) => {
      const counts = markSweeps.map((run) => run.get(server) ?? NaN);
      return `${server.name} ${spread(counts, MARK_SWEEPS)}`;
    });
    return `- ${name}: ${figures.join(', ')}`;
  });
  return ['Mark-sweeps of the collector for each 1,000 messages:', '', ...lines, ''];
}

/** One line for all rows of which the same can be said. */
function sameWorks(rows: readonly Row[]): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { scenario } of rows) {
    const { name, sameWork } = scenario;
    names.set(sameWork, [...(names.get(sameWork) ?? []), name]);
  }
  return [...names].map(([sameWork, shared]) => `- ${shared.join('; ')}: ${sameWork}.`);
}

/** The figures of one server, a run each; none where it was not measured. */
export function figuresOf({ scenario: { servers }, results }: Row, name: string): readonly number[] {
  const server = servers.find((each) => each.name === name);
  return server === undefined ? [] : results.map((run) => run.get(server) ?? NaN);
}

/** By how much a row misses its limit. */
export interface Miss {
  readonly is: string;
  readonly limit: string;
  /** Percent of the limit. */
  readonly percent: number;
}

/** @returns undefined where the limit is kept, or there is none. */
export function missOf(row: Row): Miss | undefined {
  const { limit } = row.scenario;
  if (limit === undefined) return undefined;
  const is = median(comparedFigures(row, limit));
  const { bound } = limit;
  const value = valueOf(row, limit);
  if (bound === 'at most' ? is <= value : is >= value) return undefined;
  const format = comparisonIn(row.scenario, limit);
  const percent = Math.abs(is / value - 1) * 100;
  return { is: single(is, format), limit: `${bound} ${single(value, format)}`, percent };
}

/** The stricter one, where the one beside is a limit, too. */
function valueOf(row: Row, { by, bound, value }: Limit): number {
  if (by !== 'itself and beside') return value;
  const theirs = median(figuresOf(row, row.scenario.beside));
  return bound === 'at most' ? Math.min(value, theirs) : Math.max(value, theirs);
}

/** The one in the middle: runs are odd in number. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

/** A row a scenario, for those in which ours has a limit. */
function limitedTable(rows: readonly Row[]): readonly string[] {
  return [
    `| work | beside | its figure | ${MEASURED} | compared | limit |`,
    '|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${cells(row).join(' | ')} |`),
    '',
  ];
}

function cells(row: Row): readonly string[] {
  const { kind, name, limit, beside } = row.scenario;
  if (limit === undefined) return [];
  const figure = figureIn(KINDS[kind]);
  const comparison = comparisonIn(row.scenario, limit);
  const compared = spread(comparedFigures(row, limit), comparison);
  const theirs = figuresOf(row, beside);
  return [
    name,
    theirs.length === 0 ? '–' : beside,
    spread(theirs, figure),
    spread(figuresOf(row, MEASURED), figure),
    missOf(row) === undefined ? compared : `**${compared}, beyond the limit**`,
    `${limit.bound} ${single(limit.value, comparison)}${limit.by === 'itself and beside' ? `, and ${beside}` : ''}`,
  ];
}

/** What a limit is for: ours beside theirs in the same run, or ours alone. */
function comparedFigures(row: Row, { by }: Limit): readonly number[] {
  const ours = figuresOf(row, MEASURED);
  if (by === 'itself' || by === 'itself and beside') return ours;
  const theirs = figuresOf(row, row.scenario.beside);
  return ours.map((figure, run) => {
    const other = theirs[run] ?? NaN;
    return by === 'ratio' ? figure / other : figure - other;
  });
}

/** A row a server, the best first, for a scenario that shows many. */
function peerTable(row: Row): readonly string[] {
  const { kind, name, servers, beside } = row.scenario;
  const isCost = KINDS[kind].better === 'less';
  const ours = figuresOf(row, MEASURED);
  const theirs = figuresOf(row, beside);
  const lines = servers
    .map(({ name: server }) => ({ server, figures: figuresOf(row, server) }))
    .toSorted((a, b) => (median(a.figures) - median(b.figures)) * (isCost ? 1 : -1))
    .map(({ server, figures }) => {
      const besideRaw = figures.map((figure, run) => figure / (theirs[run] ?? NaN));
      const besideIt = ours.map((figure, run) => figure / (figures[run] ?? NaN));
      const shown = [
        spread(figures, figureIn(KINDS[kind])),
        spread(besideRaw, RATIO),
        spread(besideIt, RATIO),
      ];
      return `| ${[server, ...shown].join(' | ')} |`;
    });
  const head = `| ${name} | ${isCost ? 'cost' : 'rate'} | beside ${beside} | ${MEASURED} beside it |`;
  return [head, '|---|---|---|---|', ...lines, ''];
}

/** How a number is written; its unit stands last in a cell. */
interface Format {
  readonly write: (number: number) => string;
  readonly unit: string;
}

const MARK_SWEEPS: Format = { write: (number) => number.toFixed(1), unit: '' };
const RATIO: Format = { write: (number) => number.toFixed(2), unit: '' };

function figureIn({ unit, digits }: Kind): Format {
  return { write: (number) => number.toFixed(digits), unit };
}

/** A difference is told from a ratio by its sign and its unit. */
function comparisonIn({ kind }: Scenario, { by }: Limit): Format {
  if (by === 'ratio') return RATIO;
  const figure = figureIn(KINDS[kind]);
  if (by === 'itself' || by === 'itself and beside') return figure;
  return { ...figure, write: (number) => `${number < 0 ? '−' : '+'}${figure.write(Math.abs(number))}` };
}

/** `median (least–most) unit`; a dash where nothing was measured, and no spread where it was measured once. */
function spread(numbers: readonly number[], format: Format): string {
  if (numbers.length === 0) return '–';
  const { write, unit } = format;
  if (numbers.length === 1) return single(median(numbers), format);
  const range = `${write(Math.min(...numbers))}–${write(Math.max(...numbers))}`;
  return `${write(median(numbers))} (${range}) ${unit}`.trimEnd();
}

function single(number: number, { write, unit }: Format): string {
  return `${write(number)} ${unit}`.trimEnd();
}
