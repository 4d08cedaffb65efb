// `npm run bench:flame -- <scenario>`: writes a CPU profile of corosock's server under
// one scenario's work, for the profiler of a browser or an editor, and says where, and
// in which functions most of the time went.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import { Pair } from './pair.ts';
import { pick } from './pick.ts';
import { PROFILES } from './places.ts';
import { summaryOfNewest } from './profile-summary.ts';
import type { InProcessScenario, KeptScenario, Scenario, Server } from './scenario.ts';
import { MEASURED, SCENARIOS } from './scenarios.ts';
import type { OperationQuestion } from './servers/in-process.ts';
import type { Work } from './turns.ts';
import { burstWork, echoWork, floodWork, growthWork, handshakesWork, latencyWork } from './works.ts';

const WORK_MS = 5000;
const TIMES = 2_000_000;

const [scenario, ...others] = pick(process.argv.slice(2), []).filter(
  ({ name }, _, found) => found.length === 1 || process.argv.includes(name),
);
const server = scenario?.servers.find(({ name }) => name === MEASURED);
if (scenario === undefined || others.length > 0 || server === undefined || scenario.kind === 'idle') {
  const names = SCENARIOS.filter(({ kind }) => kind !== 'idle').map(({ name }) => `\n- ${name}`);
  process.stderr.write(`name one scenario in which something is done:${names.join('')}\n`);
  process.exit(1);
}

mkdirSync(PROFILES, { recursive: true });
const profileFolder = fileURLToPath(PROFILES);
if (scenario.kind === 'in process' || scenario.kind === 'kept') await profileProcess(scenario, server);
else await profileServer(workOf(scenario), server);
process.stdout.write(`'${scenario.name}'\n${summaryOfNewest(profileFolder)}`);

async function profileServer(work: Work, ours: Server): Promise<void> {
  const pair = new Pair(ours, { files: work.files, profileFolder });
  await work.begin(pair);
  await work.work(pair, WORK_MS);
  await pair.end();
}

async function profileProcess({ operation }: InProcessScenario | KeptScenario, ours: Server): Promise<void> {
  const child = new Child<OperationQuestion>(ours.program, { core: 0, profileFolder });
  await child.ask({ ask: 'takes', operation, times: TIMES });
  await child.end();
}

function workOf(working: Exclude<Scenario, { kind: 'idle' | 'in process' | 'kept' }>): Work {
  switch (working.kind) {
    case 'echo':
      return echoWork(working);
    case 'burst':
      return burstWork(working);
    case 'growth':
      return growthWork(working, working.many);
    case 'handshakes':
      return handshakesWork(working);
    case 'latency':
      return latencyWork(working);
    case 'flood':
      return floodWork(working);
    default:
      return working satisfies never;
  }
}
