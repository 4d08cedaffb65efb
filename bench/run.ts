// `npm run bench`: measures scenarios several times, their servers in turn, and
// prints one table. A figure beyond its limit is marked, and is no failure.
// `npm run bench -- --quick idle` takes a short look at those called so; only a full
// run of all is written to RESULTS.md, and to results.json for check.ts.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { KINDS } from './kinds.ts';
import { machine } from './machine.ts';
import { FULL, measure, QUICK } from './measure.ts';
import { canMeasure, pick } from './pick.ts';
import { ratiosOf } from './ratios.ts';
import { table } from './table.ts';
import type { Row } from './table.ts';

const {
  values: { quick },
  positionals: words,
} = parseArgs({ options: { quick: { type: 'boolean', default: false } }, allowPositionals: true });
const effort = quick ? QUICK : FULL;

const picked = pick(words);
const leftOut = picked.filter((scenario) => !canMeasure(scenario));
const rows: Row[] = [];
for (const scenario of picked) {
  if (leftOut.includes(scenario)) continue;
  process.stderr.write(`${scenario.name} …\n`);
  rows.push(await measure(scenario, effort));
}

const kinds = new Set(rows.map(({ scenario: { kind } }) => kind));
const command = [
  'npm run bench',
  ...(quick || words.length > 0 ? ['--'] : []),
  ...(quick ? ['--quick'] : []),
];
const results = `${table(rows)}

What is shown: the median (least–most) of ${effort.runs} runs, each in fresh processes. What is compared are the figures of one run.
${[...kinds].map((kind) => `${KINDS[kind].unit}: ${KINDS[kind].meaning}.`).join('\n')}

${machine(picked.flatMap(({ servers }) => servers))}
- \`${[...command, ...words.map((word) => (word.includes(' ') ? `'${word}'` : word))].join(' ')}\`
${leftOut.map(({ name }) => `- left out, for too few files may be open here: ${name}\n`).join('')}`;
process.stdout.write(`\n${results}`);

if (!quick && words.length === 0) {
  writeFileSync(new URL('../RESULTS.md', import.meta.url), `# What was measured\n\n${results}`);
  writeFileSync(new URL('../results.json', import.meta.url), `${JSON.stringify(ratiosOf(rows), null, 2)}\n`);
}
