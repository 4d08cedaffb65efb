// `npm run bench`: measures every scenario several times, the servers in turn, and
// prints one table. A ratio above its limit is marked, and is no failure.

import { parseArgs } from 'node:util';
import { canOpen } from './child.ts';
import { machine } from './machine.ts';
import { measureEcho } from './measure-echo.ts';
import { filesNeeded, measureIdle } from './measure-idle.ts';
import { SCENARIOS, SERVERS } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { table } from './table.ts';
import type { Row } from './table.ts';

/** Some four minutes. Runs are odd in number, for there to be one in the middle. */
const FULL = { runs: 7, warmUpMs: 1500, turns: 10 };
/** A look of one minute. */
const QUICK = { runs: 3, warmUpMs: 700, turns: 4 };

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;
const { runs, ...pace } = quick ? QUICK : FULL;

const leftOut = SCENARIOS.filter((scenario) => scenario.kind === 'idle' && !canOpen(filesNeeded(scenario)));
const rows: Row[] = [];
for (const scenario of SCENARIOS) {
  if (leftOut.includes(scenario)) continue;
  process.stderr.write(`${scenario.name} …\n`);
  rows.push(await measure(scenario));
}

process.stdout.write(`
${table(rows)}

What is shown: the median (least–most) of ${runs} runs, each in fresh processes. The ratio is that of a run.
µs: the server's processor time per message, user and system, from the operating system's accounting.
KiB: what a socket adds to the server's resident memory beyond the first thousand, after a full collection.

${machine()}
- \`npm run bench${quick ? ' -- --quick' : ''}\`
${leftOut.map(({ name }) => `- left out, for too few files may be open here: ${name}\n`).join('')}`);

/** The order of the servers turns with each run, so that none has the better place. */
async function measure(scenario: Scenario): Promise<Row> {
  const results: Row['results'][number][] = [];
  for (let run = 0; run < runs; run += 1) {
    const servers = run % 2 === 0 ? SERVERS : SERVERS.toReversed();
    results.push(
      await (scenario.kind === 'echo'
        ? measureEcho(scenario, servers, pace)
        : measureIdle(scenario, servers)),
    );
  }
  return { scenario, results };
}
