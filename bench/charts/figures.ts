// What was measured for the charts, as `bench/charts.json` keeps it: pictures can be drawn
// anew without measuring. measure-charts.ts writes it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { CHART_FIGURES } from '../places.ts';
import { middle } from '../round-trips.ts';

/** A value on the horizontal axis, and the figure of each run there. */
export interface Point {
  readonly x: number;
  readonly runs: readonly number[];
}

/** The figures of one server. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/** The figures of one chart. */
export interface ChartFigures {
  /** When, where and how they were measured; lines of text. */
  readonly conditions: readonly string[];
  readonly series: readonly Series[];
}

/** By the names of charts. */
export type Figures = Readonly<Record<string, ChartFigures>>;

/** @returns Nothing where nothing was measured. */
export function keptFigures(): Figures {
  return existsSync(CHART_FIGURES) ? (JSON.parse(readFileSync(CHART_FIGURES, 'utf8')) as Figures) : {};
}

/** Keeps the figures of one chart; those of others stay. */
export function keepFigures(chart: string, figures: ChartFigures): void {
  writeFileSync(CHART_FIGURES, figuresText({ ...keptFigures(), [chart]: figures }));
}

/** JSON, a line for each point. */
export function figuresText(figures: Figures): string {
  const text = JSON.stringify(figures, null, 2);
  return `${text.replace(/\{\s+"x":[^}]*\}/g, (point) => point.replace(/\s+/g, ' '))}\n`;
}

/** The figure in the middle, the least and the most. */
export interface Spread {
  readonly middle: number;
  readonly least: number;
  readonly most: number;
}

/** @param runs - One or more. Of an even number, the greater one in the middle. */
export function spreadOf(runs: readonly number[]): Spread {
  if (runs.length === 0) throw new Error('no run');
  return { least: Math.min(...runs), middle: middle(runs), most: Math.max(...runs) };
}

/**
 * Puts the figures of runs side by side.
 *
 * @param runs - Of each run, a figure for each value on the horizontal axis.
 */
export function seriesOf(
  name: string,
  values: readonly number[],
  runs: ReadonlyArray<readonly number[]>,
): Series {
  const figureOf = (run: readonly number[], index: number): number => {
    const figure = run[index];
    if (figure === undefined) throw new Error(`${name} has no figure for ${values[index]}`);
    // Runs do not agree on more than four digits.
    return Number(figure.toPrecision(4));
  };
  const points = values.map((x, index) => ({ x, runs: runs.map((run) => figureOf(run, index)) }));
  return { name, points };
}
