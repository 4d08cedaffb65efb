// What is kept of a run: of each scenario with a limit, what corosock cost beside
// another server. Costs of a machine say little on another one; ratios say more.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { KINDS } from './kinds.ts';
import { KEPT_RATIOS } from './places.ts';
import { MEASURED } from './our-servers.ts';
import type { Part } from './scenarios.ts';
import { figuresOf, median } from './table.ts';
import type { Row } from './table.ts';

/** By the name of the scenario; below 1 is cheaper than the one beside. */
export type Ratios = Readonly<Record<string, number>>;

/** Keeps those of a part, and of the other part those that are kept. */
export function keepRatios({ scenarios }: Part, rows: readonly Row[]): void {
  const isOfPart = (name: string): boolean => scenarios.some((scenario) => scenario.name === name);
  const others = Object.entries(keptRatios()).filter(([name]) => !isOfPart(name));
  const ratios = { ...Object.fromEntries(others), ...ratiosOf(rows) };
  writeFileSync(KEPT_RATIOS, `${JSON.stringify(ratios, null, 2)}\n`);
}

/** @returns Ratios of figures in one run, the one in the middle; less is better in all of them. */
function ratiosOf(rows: readonly Row[]): Ratios {
  return Object.fromEntries(
    rows.flatMap((row) => {
      const ratio = ratioOf(row);
      return ratio === undefined ? [] : [[row.scenario.name, Number(ratio.toFixed(3))] as const];
    }),
  );
}

/** @returns undefined where nothing stands beside ours: what is shown only, and what a limit alone judges. */
export function ratioOf(row: Row): number | undefined {
  const { limit, beside, kind } = row.scenario;
  const theirs = figuresOf(row, beside);
  if (limit === undefined || theirs.length === 0) return undefined;
  const compared = figuresOf(row, MEASURED).map((ours, run) => ours / (theirs[run] ?? NaN));
  return KINDS[kind].better === 'less' ? median(compared) : 1 / median(compared);
}

/** Those of the last full run; none where there was none. */
export function keptRatios(): Ratios {
  if (!existsSync(KEPT_RATIOS)) return {};
  return JSON.parse(readFileSync(KEPT_RATIOS, 'utf8')) as Ratios;
}
