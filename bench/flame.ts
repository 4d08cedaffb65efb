// `npm run bench:flame -- <scenario>`: writes a CPU profile of corosock's server under
// one scenario's work, for the profiler of a browser or an editor, and says where, and
// in which functions most of the time went.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import { MEASURED } from './our-servers.ts';
import { Pair } from './pair.ts';
import { pick } from './pick.ts';
import { PROFILES } from './places.ts';
import { summaryOfNewest } from './profile-summary.ts';
import type { Scenario, Server } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import type { OperationQuestion } from './servers/in-process.ts';
import type { Work } from './turns.ts';
import { burstWork, echoWork, floodWork, growthWork, handshakesWork, latencyWork } from './works.ts';

const WORK_MS = 5000;
const TIMES = 2_000_000;

type InProcess = Extract<Scenario, { kind: 'in process' | 'kept' }>;
type Working = Extract<
  Scenario,
  { kind: 'echo' | 'burst' | 'growth' | 'handshakes' | 'latency' | 'flood' | 'block' }
>;
/** Of the others there is no one server whose work could be looked at. */
const WORKING: ReadonlySet<Scenario['kind']> = new Set<Working['kind']>([
  'echo',
  'burst',
  'growth',
  'handshakes',
  'latency',
  'flood',
  'block',
]);

const [scenario, ...others] = pick(process.argv.slice(2), []).filter(
  ({ name }, _, found) => found.length === 1 || process.argv.includes(name),
);
const server = scenario?.servers.find(({ name }) => name === MEASURED);
if (scenario === undefined || others.length > 0 || server === undefined || !isProfiled(scenario)) {
  const names = SCENARIOS.filter(isProfiled).map(({ name }) => `\n- ${name}`);
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

async function profileProcess({ operation }: InProcess, ours: Server): Promise<void> {
  const child = new Child<OperationQuestion>(ours.program, { core: 0, profileFolder });
  await child.ask({ ask: 'takes', operation, times: TIMES });
  await child.end();
}

function isProfiled(each: Scenario): each is InProcess | Working {
  return each.kind === 'in process' || each.kind === 'kept' || WORKING.has(each.kind);
}

function workOf(working: Working): Work {
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
      return floodWork(working, 1);
    case 'block':
      return floodWork(working, working.sockets);
    default:
      return working satisfies never;
  }
}
