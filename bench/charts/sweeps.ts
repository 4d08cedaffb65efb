// Measures the figures of the charts: each server at each value of the horizontal axis,
// several times. What the charts show stands in charts.ts.

import { canOpen } from '../child.ts';
import { measure } from '../measure.ts';
import type { Effort } from '../measure.ts';
import { Flooded } from '../measure-flood.ts';
import { latencyOf } from '../measure-latency.ts';
import { MEASURED, server, YARDSTICK } from '../our-servers.ts';
import { Pair } from '../pair.ts';
import { peers } from '../peers.ts';
import { middle } from '../round-trips.ts';
import type { EchoScenario, Server } from '../scenario.ts';
import type { Row } from '../table.ts';
import type { ChartName } from './charts.ts';
import { seriesOf } from './figures.ts';
import type { Series } from './figures.ts';
import { LOOKS } from './themes.ts';

/** What came of a sweep. */
export interface Swept {
  readonly series: readonly Series[];
  /** What is to be known of these figures beside when and where; sentences. */
  readonly notes: readonly string[];
}

const OURS: readonly Server[] = [server(MEASURED, 'corosock'), server(YARDSTICK, 'raw-ws')];

/** Those that have a look; of the peers those that are there. */
export const CHARTED: readonly Server[] = [...OURS, ...peers()].filter(({ name }) =>
  LOOKS.some(({ series }) => series === name),
);

export const IN_FLIGHT: readonly number[] = [1, 4, 16, 64, 256];
export const SIZES: readonly number[] = [16, 256, 4096, 16_384, 65_536];
/** 19,000 is what a process may have that may open 20,000 files. */
export const IDLE_SOCKETS: readonly number[] = [1000, 5000, 10_000, 19_000, 25_000, 50_000];
/** Sockets that are opened for one question: a busy machine answers it in time, too. */
const AT_ONCE = 500;
/** The last one is the slowest answer of all. */
export const PERCENTILES: readonly number[] = [50, 75, 90, 95, 99, 99.5, 99.9, 100];

/** Beside its sockets a process has so many files open at most. */
const OTHER_FILES = 100;
const MEBIBYTE = 2 ** 20;

const HALF_LOAD = { sockets: 64, bytes: 64, forMs: 3000 };
const FLOOD_MESSAGES = 200_000;
const FLOODS = 6;
const SECOND_MS = 1000;

/** Measures one chart. */
export function sweep(chart: ChartName, effort: Effort): Promise<Swept> {
  switch (chart) {
    case 'in-flight':
      return sweepEcho(IN_FLIGHT, (inFlight) => ({ sockets: 64, inFlight, bytes: 64 }), effort);
    case 'size':
      return sweepEcho(SIZES, (bytes) => ({ sockets: 8, inFlight: 4, bytes }), effort);
    case 'memory':
      return sweepMemory(effort);
    case 'half-load':
      return sweepHalfLoad(effort);
    case 'flood':
      return sweepFlood(effort);
    default:
      return chart satisfies never;
  }
}

type Traffic = Pick<EchoScenario, 'sockets' | 'inFlight' | 'bytes'>;

async function sweepEcho(
  values: readonly number[],
  traffic: (value: number) => Traffic,
  effort: Effort,
): Promise<Swept> {
  const rows: Row[] = [];
  for (const value of values) {
    say(`${value} …`);
    rows.push(await measure(echoOf(traffic(value)), effort));
  }
  const series = CHARTED.map((each) => {
    const runs = Array.from({ length: effort.runs }, (_, run) =>
      rows.map(({ results }) => results[run]?.get(each) ?? NaN),
    );
    return seriesOf(each.name, values, runs);
  });
  return { series, notes: [] };
}

/** The scenario of one value. */
export function echoOf(traffic: Traffic): EchoScenario {
  const { sockets, inFlight, bytes } = traffic;
  const name = `chart, ${sockets} × ${inFlight} × ${bytes} B`;
  return {
    kind: 'echo',
    name,
    sameWork: '',
    servers: CHARTED,
    beside: YARDSTICK,
    isBinary: false,
    ...traffic,
  };
}

async function sweepMemory(effort: Effort): Promise<Swept> {
  const idle = IDLE_SOCKETS.map((sockets) => ({ sockets, files: sockets + OTHER_FILES }));
  const possible = idle.filter(({ files }) => canOpen(files));
  const leftOut = idle.filter(({ files }) => !canOpen(files)).map(({ sockets }) => sockets);
  const steps = possible.map(({ sockets }) => sockets);
  const files = possible.at(-1)?.files;
  return {
    series: await inRuns(effort, steps, (each) => memoryOf(each, steps, files)),
    notes: leftOut.length === 0 ? [] : [leftOutNote(leftOut)],
  };
}

/** Says which numbers of sockets could not be opened. */
export function leftOutNote(sockets: readonly number[]): string {
  const numbers = sockets.map((each) => each.toLocaleString('en-US'));
  return `Not measured: ${numbers.join(' and ')} sockets, more than a process may open here.`;
}

/** Resident MiB with each number of sockets; each step opens what is missing to it. */
async function memoryOf(
  each: Server,
  steps: readonly number[],
  files: number | undefined,
): Promise<readonly number[]> {
  const pair = new Pair(each, { files });
  try {
    const sizes: number[] = [];
    for (const [index, sockets] of steps.entries()) {
      const missing = sockets - (steps[index - 1] ?? 0);
      for (let left = missing; left > 0; left -= AT_ONCE) await pair.open(Math.min(left, AT_ONCE));
      sizes.push((await pair.server.ask({ ask: 'memory' })) / MEBIBYTE);
    }
    return sizes;
  } finally {
    pair.stop();
  }
}

async function sweepHalfLoad(effort: Effort): Promise<Swept> {
  const rates: number[] = [];
  for (let run = 0; run < effort.runs; run += 1) rates.push(await halfLoad(effort.warmUpMs));
  const perSecond = Math.round(middle(rates) / 100) * 100;
  const series = await inRuns(effort, PERCENTILES, (each) => waitsAtLoad(each, perSecond, effort.warmUpMs));
  const rate = perSecond.toLocaleString('en-US');
  return { series, notes: [`Load: ${rate} messages a second on all sockets, the same for each server.`] };
}

/** Half of the messages a second that the yardstick answers when each socket waits for its answer. */
async function halfLoad(warmUpMs: number): Promise<number> {
  const yardstick = CHARTED.find(({ name }) => name === YARDSTICK) as Server;
  const pair = new Pair(yardstick);
  try {
    await pair.open(HALF_LOAD.sockets);
    await echoes(pair, warmUpMs);
    return (await echoes(pair, SECOND_MS)) / 2;
  } finally {
    pair.stop();
  }
}

function echoes({ load }: Pair, forMs: number): Promise<number> {
  const { bytes } = HALF_LOAD;
  return load.ask({ ask: 'echo', inFlight: 1, bytes, isBinary: false, forMs }, forMs);
}

async function waitsAtLoad(each: Server, perSecond: number, warmUpMs: number): Promise<readonly number[]> {
  const pair = new Pair(each);
  try {
    await pair.open(HALF_LOAD.sockets);
    await echoes(pair, warmUpMs);
    const { bytes } = HALF_LOAD;
    await latencyOf(pair, { perSecond, bytes, forMs: warmUpMs });
    await latencyOf(pair, { perSecond, bytes, forMs: HALF_LOAD.forMs });
    return await percentiles((share) => pair.load.ask({ ask: 'percentile', share }));
  } finally {
    pair.stop();
  }
}

async function sweepFlood(effort: Effort): Promise<Swept> {
  const series = await inRuns(effort, PERCENTILES, waitsBesideFlood);
  return { series, notes: [`${FLOODS} floods a run, after one that is not counted.`] };
}

async function waitsBesideFlood(each: Server): Promise<readonly number[]> {
  const flooded = new Flooded(each);
  try {
    await flooded.open();
    await flooded.warmUp(FLOOD_MESSAGES);
    for (let flood = 0; flood < FLOODS; flood += 1) await flooded.flood(FLOOD_MESSAGES);
    return await percentiles((share) => flooded.percentile(share));
  } finally {
    flooded.stop();
  }
}

async function percentiles(of: (share: number) => Promise<number>): Promise<readonly number[]> {
  const micros: number[] = [];
  for (const each of PERCENTILES) micros.push(await of(each / 100));
  return micros;
}

/** Measures each server once a run; their order turns with each run, so that none has the better place. */
async function inRuns(
  { runs }: Effort,
  values: readonly number[],
  measureOne: (each: Server) => Promise<readonly number[]>,
): Promise<readonly Series[]> {
  const figures = new Map(CHARTED.map((each) => [each, [] as (readonly number[])[]]));
  for (let run = 0; run < runs; run += 1) {
    for (const each of run % 2 === 0 ? CHARTED : CHARTED.toReversed()) {
      say(`run ${run + 1}, ${each.name} …`);
      figures.get(each)?.push(await measureOne(each));
    }
  }
  return CHARTED.map((each) => seriesOf(each.name, values, figures.get(each) ?? []));
}

function say(words: string): void {
  process.stderr.write(`  ${words}\n`);
}
