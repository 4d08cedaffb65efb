// `npm run bench:check`: looks at every scenario that has a limit, or at those called
// so, and names what has become worse beside its peer than results.json says. Ends
// with 1 where something has.

import { measure, LOOK } from './measure.ts';
import { obstacleTo, pick } from './pick.ts';
import { keptRatios, ratioOf } from './ratios.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { missOf } from './table.ts';
import type { Row } from './table.ts';

/** What is within this of the kept ratio is the same. */
const TOLERANCE = 0.15;

/** A busy machine makes one look worse, and now and then two: what all of these say is no noise. */
const LOOKS = 3;

type Verdict = 'same' | 'better' | 'WORSE' | 'new';

const kept = keptRatios();
const worse: string[] = [];
for (const scenario of pick(
  process.argv.slice(2),
  SCENARIOS.filter(({ limit }) => limit !== undefined),
)) {
  const obstacle = obstacleTo(scenario);
  if (obstacle === undefined) await look(scenario);
  else say(`left out ${scenario.name}: ${obstacle}`);
}
for (const name of Object.keys(kept)) {
  if (!SCENARIOS.some((scenario) => scenario.name === name)) say(`gone   ${name}`);
}
if (worse.length > 0) {
  say(`\nworse than in results.json:${worse.map((line) => `\n- ${line}`).join('')}`);
  process.exitCode = 1;
}

/** Looks again at what seems to be worse. */
async function look(scenario: Scenario): Promise<void> {
  const seen: string[] = [];
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const row = await measure(scenario, LOOK);
    const verdict = verdictOn(row);
    seen.push(figureOf(row));
    if (verdict === 'WORSE') continue;
    return say(`${verdict.padEnd(6)} ${scenario.name}: ${seen.join(', then ')}; ${keptOf(row)}`);
  }
  const line = `${scenario.name}: ${seen.join(', then ')}`;
  worse.push(line);
  say(`WORSE  ${line}`);
}

/** Where nothing stands beside it, the limit decides. A difference is looked at as a ratio, too. */
function verdictOn(row: Row): Verdict {
  const ratio = ratioOf(row);
  if (ratio === undefined) return missOf(row) === undefined ? 'same' : 'WORSE';
  const before = kept[row.scenario.name];
  if (before === undefined) return 'new';
  if (ratio <= before * (1 + TOLERANCE)) return ratio < before * (1 - TOLERANCE) ? 'better' : 'same';
  return 'WORSE';
}

/** Above 1 is worse than the one beside. */
function figureOf(row: Row): string {
  const ratio = ratioOf(row);
  if (ratio !== undefined) return `${ratio.toFixed(2)} of ${row.scenario.beside}`;
  const miss = missOf(row);
  return miss === undefined ? 'within its limit' : `${miss.is}, ${miss.limit}`;
}

function keptOf({ scenario: { name } }: Row): string {
  const before = kept[name];
  return before === undefined ? 'nothing was kept' : `${before.toFixed(2)} was kept`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
