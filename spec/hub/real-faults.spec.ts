// Kills and stops of a real server, cut and dead links, in an order from a seed, beneath three hosts
// that publish all the time: members get in order and once what they get, a subscription is told what
// it misses, and in the end all hosts agree. With more seeds: `npm run test:brokers`.

import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FaultyHosts } from './faulty-hosts.ts';
import type { Event, FaultyHost } from './faulty-hosts.ts';
import type { RealBroker } from '../brokers/broker-stories.ts';
import { choicesOf } from '../brokers/node-links.ts';
import { underSeeds } from '../fuzz/seeded.ts';
import type { SeededRandom } from '../fuzz/seeded.ts';
import { isNatsHere, realNats, withoutNats } from '../nats/nats-scene.ts';
import { CLIENTS, isRedisHere, withoutRedis } from '../redis/redis-scene.ts';

/** What strikes the hosts. When it resolves, links may still be lost. */
type Fault = (hosts: FaultyHosts, random: SeededRandom, real: RealBroker) => Promise<void>;

const kill: Fault = async ({ server }, random) => {
  await server.kill();
  await wait(random.below(100));
  await server.start();
};

const stopFor =
  (ms: number): Fault =>
  async ({ server }) => {
    await server.pause();
    await wait(ms);
    server.resume();
  };

const cut: Fault = async ({ all }, random, real) => {
  random.pick(all).links.cut(random.pick(choicesOf(real)));
};

const stall: Fault = async ({ all }, random, real) => {
  random.pick(all).links.stall(random.pick(choicesOf(real)));
};

/** After a long stop the links count as lost. */
const [SHORT, LONG] = [stopFor(300), stopFor(3500)];
const FAULTS: readonly Fault[] = [kill, cut, LONG, cut, stall, kill, SHORT, cut];
const FEW: readonly Fault[] = [kill, cut, SHORT, cut];

/** How many faults are asked for, as `npm run test:brokers` says it. */
const ASKED = Number(process.env['BROKER_RUNS'] ?? 2 * FAULTS.length);

const BROKERS: ReadonlyArray<
  readonly [name: string, isHere: boolean, real: RealBroker, faults: readonly Fault[]]
> = [
  [`NATS${withoutNats}`, isNatsHere, realNats, FAULTS],
  [`Redis with ioredis 5${withoutRedis}`, isRedisHere, CLIENTS['ioredis 5'] as RealBroker, FAULTS],
  [`Redis with redis 6${withoutRedis}`, isRedisHere, CLIENTS['redis 6'] as RealBroker, FEW],
];

/** Strikes with each fault once. Keys of presence come and go between them. */
async function strike(
  hosts: FaultyHosts,
  faults: readonly Fault[],
  random: SeededRandom,
  real: RealBroker,
): Promise<void> {
  const left = [...faults];
  while (left.length > 0) {
    const [fault] = left.splice(random.below(left.length), 1) as [Fault];
    random.pick(hosts.all).enter(`key ${random.below(4)}`);
    await fault(hosts, random, real);
    await random.pick(hosts.all).leave();
    // The next one often strikes before the links are back.
    await wait(random.below(400));
  }
}

/** What is wrong in what came from one sender. */
interface Faults {
  /** Came again, or behind a later one. */
  readonly again: readonly number[];
  /** The first of those that are missing without a gap in their place. */
  readonly silent: readonly number[];
  /** In how many places some are missing. */
  readonly places: number;
}

function faultsOf(events: readonly Event[], name: string, said: number): Faults {
  const [again, silent]: [number[], number[]] = [[], []];
  let places = 0;
  let next = 0;
  let isBehindGap = false;
  for (const event of [...events, [name, said] as const]) {
    if (event === 'gap') isBehindGap = true;
    if (event === 'gap' || event[0] !== name) continue;
    const [, number] = event;
    if (number < next) again.push(number);
    if (number > next) places += 1;
    if (number > next && !isBehindGap) silent.push(next);
    next = Math.max(next, number + 1);
    isBehindGap = false;
  }
  return { again, silent, places };
}

/** Expects of one host that what its members and its subscription have got is true. */
function expectTrueTo({ all }: FaultyHosts, host: FaultyHost): void {
  const { events, traces, brokerGaps } = host;
  const messages = events.filter((event) => event !== 'gap');
  for (const trace of traces) expect(trace).toEqual(messages);
  const found = all.map(({ name, said }) => ({ name, ...faultsOf(events, name, said) }));
  for (const { name, again, silent, places } of found) {
    expect({ name, again, silent }).toEqual({ name, again: [], silent: [] });
    if (name === host.name) expect(places).toBe(0);
  }
  // Each gap was told by the broker, or stands where something is missing.
  const missing = found.reduce((sum, { places }) => sum + places, 0);
  expect(events.length - messages.length).toBeLessThanOrEqual(brokerGaps + missing);
}

const AGREE_WITHIN_MS = 30_000;

/** Expects that something comes to be so. */
async function expectSoon(read: () => unknown, expected: unknown): Promise<void> {
  const lastMs = performance.now() + AGREE_WITHIN_MS;
  while (!isDeepStrictEqual(await read(), expected) && performance.now() < lastMs) await wait(50);
  expect(await read()).toEqual(expected);
}

/** Expects that all hosts come to the same retained messages, and to the sockets that are present. */
async function expectAgreement({ all }: FaultyHosts): Promise<void> {
  const keys = all.flatMap((host) => host.keys);
  const counts = Object.fromEntries(keys.map((key) => [key, keys.filter((other) => other === key).length]));
  await expectSoon(
    () => all.map(({ presence }) => presence),
    all.map(() => [counts, []]),
  );
  const retained = new Set(all.flatMap(({ retainedKeys }) => [...retainedKeys]));
  const lastOnes = all.map(({ name, said }) => `${name} ${said - 1}`);
  await expectSoon(async () => {
    const [first = [], ...others] = await Promise.all(all.map((host) => host.retained()));
    const areEqual = others.every((other) => isDeepStrictEqual(other, first));
    return [first.length, first.filter((text) => lastOnes.includes(text)), areEqual];
  }, [retained.size, lastOnes, true]);
}

describe.concurrent.each(BROKERS)('three hosts over %s', (_, isHere, real, faults) => {
  const seeds = Math.ceil(ASKED / FAULTS.length);
  it.skipIf(!isHere)(
    `K2, K3, K10: 0 silent losses and 0 doubles in ${seeds * faults.length} faults in any order, and they agree in the end`,
    async () => {
      await underSeeds('spec/hub/real-faults.spec.ts', seeds, async (random) => {
        await using hosts = await FaultyHosts.over(real);
        for (const host of hosts.all) host.begin();
        for (const host of hosts.all) host.enter(`of ${host.name}`);
        await strike(hosts, faults, random, real);
        await hosts.untilConnected();
        for (const host of hosts.all) host.end();
        for (const host of hosts.all) host.say(`last of ${host.name}`);
        await hosts.untilAllHasCome();
        await expectAgreement(hosts);
        for (const host of hosts.all) expectTrueTo(hosts, host);
      });
    },
    60_000 * seeds,
  );
});
