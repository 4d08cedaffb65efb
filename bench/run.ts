// `npm run bench`: measures scenarios several times, their servers in turn, and
// prints one table. A figure beyond its limit is marked, and is no failure.
// `npm run bench -- --quick idle` takes a short look at those called so.

import { parseArgs } from 'node:util';
import { canOpen } from './child.ts';
import { KINDS } from './kinds.ts';
import { machine } from './machine.ts';
import { measureEcho } from './measure-echo.ts';
import { measureHandshakes } from './measure-handshakes.ts';
import { filesNeeded, measureIdle } from './measure-idle.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario, Server } from './scenarios.ts';
import { packagesOf, table } from './table.ts';
import type { Row } from './table.ts';

/** Some ten minutes for all. Runs are odd in number, for there to be one in the middle. */
const FULL = { runs: 7, warmUpMs: 1500, turns: 10 };
/** A look of three minutes. */
const QUICK = { runs: 3, warmUpMs: 700, turns: 4 };

const {
  values: { quick },
  positionals: words,
} = parseArgs({ options: { quick: { type: 'boolean', default: false } }, allowPositionals: true });
const { runs, ...pace } = quick ? QUICK : FULL;

const picked = pick(words);
const leftOut = picked.filter((scenario) => scenario.kind === 'idle' && !canOpen(filesNeeded(scenario)));
const rows: Row[] = [];
for (const scenario of picked) {
  if (leftOut.includes(scenario)) continue;
  process.stderr.write(`${scenario.name} …\n`);
  rows.push(await measure(scenario));
}

const kinds = new Set(rows.map(({ scenario: { kind } }) => kind));
const command = [
  'npm run bench',
  ...(quick || words.length > 0 ? ['--'] : []),
  ...(quick ? ['--quick'] : []),
];
process.stdout.write(`
${table(rows)}

What is shown: the median (least–most) of ${runs} runs, each in fresh processes. What is compared are the figures of one run.
${[...kinds].map((kind) => `${KINDS[kind].unit}: ${KINDS[kind].meaning}.`).join('\n')}

${machine(packagesOf(picked))}
- \`${[...command, ...words.map((word) => (word.includes(' ') ? `'${word}'` : word))].join(' ')}\`
${leftOut.map(({ name }) => `- left out, for too few files may be open here: ${name}\n`).join('')}`);

/** Those whose name has one of the words in it; all without a word. Ends the program at a word that no name has. */
function pick(wanted: readonly string[]): readonly Scenario[] {
  if (wanted.length === 0) return SCENARIOS;
  const found = wanted.map((word) => SCENARIOS.filter(({ name }) => name.includes(word)));
  const unknown = wanted.find((_, index) => found[index]?.length === 0);
  if (unknown === undefined) return SCENARIOS.filter((scenario) => found.flat().includes(scenario));
  const names = SCENARIOS.map(({ name }) => `\n- ${name}`).join('');
  process.stderr.write(`no scenario is called '${unknown}'; there are:${names}\n`);
  process.exit(1);
}

/** The order of the servers turns with each run, so that none has the better place. */
async function measure(scenario: Scenario): Promise<Row> {
  const results: Row['results'][number][] = [];
  for (let run = 0; run < runs; run += 1) {
    const servers = run % 2 === 0 ? scenario.servers : scenario.servers.toReversed();
    results.push(await measureOnce(scenario, servers));
  }
  return { scenario, results };
}

function measureOnce(scenario: Scenario, servers: readonly Server[]): Promise<ReadonlyMap<Server, number>> {
  switch (scenario.kind) {
    case 'echo':
      return measureEcho(scenario, servers, pace);
    case 'handshakes':
      return measureHandshakes(scenario, servers, pace);
    case 'idle':
      return measureIdle(scenario, servers);
    default:
      return scenario satisfies never;
  }
}
