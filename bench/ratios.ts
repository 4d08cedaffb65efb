// What is kept of a run: of each scenario, what corosock cost beside `ws`. Costs of a
// machine say little on another one; ratios say more.

import { KINDS } from './kinds.ts';
import { MEASURED, YARDSTICK } from './scenarios.ts';
import { figuresOf, median } from './table.ts';
import type { Row } from './table.ts';

/** By the name of the scenario; below 1 is cheaper than `ws`. */
export type Ratios = Readonly<Record<string, number>>;

/** Makes them of medians: less is better in all of them. */
export function ratiosOf(rows: readonly Row[]): Ratios {
  return Object.fromEntries(
    rows.map((row) => {
      const theirs = figuresOf(row, YARDSTICK);
      const beside = figuresOf(row, MEASURED).map((ours, run) => ours / (theirs[run] ?? NaN));
      const { better } = KINDS[row.scenario.kind];
      const ratio = better === 'less' ? median(beside) : 1 / median(beside);
      return [row.scenario.name, Number(ratio.toFixed(3))];
    }),
  );
}
