// `npm run bench:check`: takes a short look at every scenario, or at those called so,
// and names what has become worse beside `ws` than results.json says. Ends with 1
// where something has.

import { readFileSync } from 'node:fs';
import { measure, QUICK } from './measure.ts';
import { canMeasure, pick } from './pick.ts';
import { ratiosOf } from './ratios.ts';
import type { Ratios } from './ratios.ts';

/** A busy machine moves a ratio by some percent; what is beyond this is no noise. */
const TOLERANCE = 0.15;

const kept = JSON.parse(readFileSync(new URL('../results.json', import.meta.url), 'utf8')) as Ratios;
let worse = 0;
for (const scenario of pick(process.argv.slice(2)).filter(canMeasure)) {
  const { name } = scenario;
  const ratio = ratiosOf([await measure(scenario, QUICK)])[name] ?? NaN;
  const before = kept[name];
  process.stdout.write(`${verdict(ratio, before)} ${name}: ${ratio.toFixed(2)} of ws, ${shown(before)}\n`);
}
process.exitCode = worse > 0 ? 1 : 0;

function verdict(ratio: number, before: number | undefined): string {
  if (before === undefined) return 'new   ';
  if (ratio <= before * (1 + TOLERANCE)) return ratio < before * (1 - TOLERANCE) ? 'better' : 'same  ';
  worse += 1;
  return 'WORSE ';
}

function shown(before: number | undefined): string {
  return before === undefined ? 'never measured before' : `${before.toFixed(2)} before`;
}
