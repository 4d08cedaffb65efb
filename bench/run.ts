// `npm run bench`: measures scenarios several times, their servers in turn, and
// prints one table. A figure beyond its limit is marked, and is no failure.
// `npm run bench -- --quick idle` takes a short look at those called so, without a
// name at those of the targets; only a full run of all is written to RESULTS.md, and
// to results.json for check.ts.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { KINDS } from './kinds.ts';
import { machine } from './machine.ts';
import { FULL, measure, QUICK } from './measure.ts';
import { obstacleTo, pick } from './pick.ts';
import { KEPT_RATIOS, RESULTS } from './places.ts';
import { ratiosOf } from './ratios.ts';
import { remarksOn } from './remarks.ts';
import { CORE, SCENARIOS } from './scenarios.ts';
import { table } from './table.ts';
import type { Row } from './table.ts';

const {
  values: { quick },
  positionals: words,
} = parseArgs({ options: { quick: { type: 'boolean', default: false } }, allowPositionals: true });
const effort = quick ? QUICK : FULL;

const picked = pick(words, quick ? CORE : SCENARIOS);
const leftOut: string[] = [];
const rows: Row[] = [];
for (const scenario of picked) {
  const obstacle = obstacleTo(scenario);
  if (obstacle !== undefined) {
    leftOut.push(`- left out, ${obstacle}: ${scenario.name}\n`);
    continue;
  }
  process.stderr.write(`${scenario.name} …\n`);
  rows.push(await measure(scenario, effort));
}

const kinds = new Set(rows.map(({ scenario: { kind } }) => kind));
const units = new Set([...kinds].map((kind) => `- ${KINDS[kind].unit}: ${KINDS[kind].meaning}.`));
const command = [
  'npm run bench',
  ...(quick || words.length > 0 ? ['--'] : []),
  ...(quick ? ['--quick'] : []),
  ...words.map((word) => (/^[\w.-]+$/.test(word) ? word : `"${word}"`)),
].join(' ');
const shown =
  effort.runs === 1
    ? 'What is shown: one run, in fresh processes.'
    : `What is shown: the median (least–most) of ${effort.runs} runs, each in fresh processes. What is compared are the figures of one run.`;
const results = `${table(rows)}

${quick ? '' : remarksOn(rows)}${shown}

${[...units].join('\n')}

${machine(rows.flatMap(({ scenario: { servers } }) => servers))}
- \`${command}\`
${leftOut.join('')}`;
process.stdout.write(`\n${results}`);

if (!quick && words.length === 0) {
  writeFileSync(RESULTS, `# What was measured\n\n${results}`);
  writeFileSync(KEPT_RATIOS, `${JSON.stringify(ratiosOf(rows), null, 2)}\n`);
}
