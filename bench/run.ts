// `npm run bench`: measures scenarios several times, their servers in turn, and
// prints a table for each part of them. A figure beyond its limit is marked, and is no failure.
// `npm run bench -- --quick idle` takes a short look at those called so, without a name at those of
// the targets. A full run of all is written to RESULTS.md, to the pages that show figures of it, and to
// results.json for check.ts, and ends with the charts; one of a whole part (`--part rooms`) leaves the
// other part and the charts as they are. `--limits`: only rows with a limit, and nothing is written.
// `--runs 3`: so many.

import { parseArgs } from 'node:util';
import { CHARTS } from './charts/charts.ts';
import { measureCharts } from './charts/measure-charts.ts';
import { KINDS } from './kinds.ts';
import { machine } from './machine.ts';
import { FULL, LOOK, measure, QUICK } from './measure.ts';
import { writePages } from './page.ts';
import { obstacleTo, pick } from './pick.ts';
import { keepRatios } from './ratios.ts';
import { writePart } from './results-file.ts';
import { remarksOn } from './remarks.ts';
import { CORE, PARTS } from './scenarios.ts';
import type { Scenario } from './scenario.ts';
import { table } from './table.ts';
import type { Row } from './table.ts';

const {
  values: { quick, limits, part: partName, runs },
  positionals: words,
} = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    limits: { type: 'boolean', default: false },
    part: { type: 'string' },
    runs: { type: 'string' },
  },
  allowPositionals: true,
});
const runsWanted = runs === undefined ? {} : { runs: Number(runs) };
const effort = { ...(quick ? QUICK : FULL), ...runsWanted };
/** Whether what is measured is written. */
const isKept = !quick && !limits && words.length === 0;
const command = [
  'npm run bench',
  ...(process.argv.length > 2 ? ['--'] : []),
  ...(quick ? ['--quick'] : []),
  ...(limits ? ['--limits'] : []),
  ...(partName === undefined ? [] : ['--part', partName]),
  ...(runs === undefined ? [] : ['--runs', runs]),
  ...words.map((word) => (/^[\w.-]+$/.test(word) ? word : `"${word}"`)),
].join(' ');

const MINUTE_MS = 60_000;

const parts = PARTS.filter(({ name }) => partName === undefined || name === partName);
if (parts.length === 0) {
  process.stderr.write(
    `no part is called '${partName}'; there are: ${PARTS.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(1);
}
const picked = new Set(pick(words, quick ? CORE : PARTS.flatMap(({ scenarios }) => scenarios)));
for (const part of parts) {
  const scenarios = part.scenarios.filter(
    (scenario) => picked.has(scenario) && (!limits || scenario.limit !== undefined),
  );
  if (scenarios.length === 0) continue;
  const { rows, results } = await measureAll(scenarios);
  process.stdout.write(`\n## ${part.title}\n\n${results}`);
  if (!isKept) continue;
  writePart(part, results);
  keepRatios(part, rows);
  writePages();
}
if (isKept && partName === undefined) await measureCharts(CHARTS, { ...LOOK, ...runsWanted });

/** @returns What is written of them. */
async function measureAll(
  scenarios: readonly Scenario[],
): Promise<{ readonly rows: readonly Row[]; readonly results: string }> {
  const leftOut: string[] = [];
  const rows: Row[] = [];
  const sinceMs = performance.now();
  for (const scenario of scenarios) {
    const obstacle = obstacleTo(scenario);
    if (obstacle !== undefined) {
      leftOut.push(`- left out, ${obstacle}: ${scenario.name}\n`);
      continue;
    }
    process.stderr.write(`${scenario.name} …\n`);
    try {
      rows.push(await measure(scenario, effort));
    } catch (error) {
      process.exitCode = 1;
      leftOut.push(`- failed, ${String(error)}: ${scenario.name}\n`);
    }
  }
  const minutes = (performance.now() - sinceMs) / MINUTE_MS;
  const kinds = new Set(rows.map(({ scenario: { kind } }) => kind));
  const units = new Set([...kinds].map((kind) => `- ${KINDS[kind].unit}: ${KINDS[kind].meaning}.`));
  const shown =
    effort.runs === 1
      ? 'What is shown: one run, in fresh processes.'
      : `What is shown: the median (least–most) of ${effort.runs} runs, each in fresh processes. What is compared are the figures of one run.`;
  const results = `${table(rows)}

${quick ? '' : remarksOn(rows)}${shown}

${[...units].join('\n')}

${machine(rows.map(({ scenario }) => scenario))}
- \`${command}\`; these rows took ${minutes.toFixed(0)} minutes
${leftOut.join('')}`;
  return { rows, results };
}
