// `npm run bench`: measures every scenario against every server in turn, and
// prints one table. A ratio above its limit is marked, and is no failure.

import { parseArgs } from 'node:util';
import { canOpen } from './child.ts';
import { machine } from './machine.ts';
import { filesNeeded, measure } from './measure.ts';
import type { Pace } from './measure.ts';
import { SCENARIOS, SERVERS } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { table } from './table.ts';
import type { Row } from './table.ts';

/** Some four minutes. */
const FULL = { runs: 7, warmUpMs: 1500, windowMs: 2500 };
/** A look of one minute. */
const QUICK = { runs: 3, warmUpMs: 700, windowMs: 1000 };

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;
const { runs, ...pace } = quick ? QUICK : FULL;

const leftOut = SCENARIOS.filter((scenario) => scenario.kind === 'idle' && !canOpen(filesNeeded(scenario)));
const rows: Row[] = [];
for (const scenario of SCENARIOS) {
  if (leftOut.includes(scenario)) continue;
  process.stderr.write(`${scenario.name} …\n`);
  rows.push(await rowOf(scenario, pace));
}

process.stdout.write(`
${table(rows)}

What is shown: the median (least–most) of ${runs} runs, each in a process of its own, in turn; the ratio is of medians.
µs: the server's processor time per message, user and system, from the operating system's accounting.
KiB: what a socket adds to the server's resident memory beyond the first thousand, after a full collection.

${machine()}
- \`npm run bench${quick ? ' -- --quick' : ''}\`
${leftOut.map(({ name }) => `- left out, for too few files may be open here: ${name}\n`).join('')}`);

/** The order of the servers turns with each run, so that none has the better place. */
async function rowOf(scenario: Scenario, runPace: Pace): Promise<Row> {
  const results = new Map(SERVERS.map((server) => [server, [] as number[]]));
  for (let run = 0; run < runs; run += 1) {
    const order = run % 2 === 0 ? SERVERS : SERVERS.toReversed();
    for (const server of order) results.get(server)?.push(await measure(scenario, server, runPace));
  }
  return { scenario, results };
}
