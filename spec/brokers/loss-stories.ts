// Faults of a real server that are repeated while messages pass: nothing is lost in silence, nothing
// comes twice. The specs of each adapter run these with its clients.

import { expect, it } from 'vitest';
import type { Broker } from 'corosock/testing';
import { record, recordOrder } from '../../src/testing/contracts/recorded-node.ts';
import { sceneOf, text, until } from './broker-stories.ts';
import type { RealBroker, Scene } from './broker-stories.ts';
import type { CutProxy } from './cut-proxy.ts';

/** How many kills, cuts and other faults: more by `npm run test:brokers -- --runs 100`. */
export const RUNS: number = Number(process.env['BROKER_RUNS'] ?? 20);

/** Kills of the server and cuts of links: each is told as one gap. */
export function lossStories(real: RealBroker): void {
  it.each([
    ['kills of the server', killAndStart],
    ['cuts of the links of the subscriber', async (_: Scene, { proxy }: Nodes) => proxy.cut()],
  ] as const)(
    `0 silent losses and 0 doubles in ${RUNS} %s`,
    async (_, fault) => expect(await repeat(real, RUNS, fault)).toBe(RUNS),
    60_000 + RUNS * 4000,
  );
}

async function killAndStart({ server }: Scene, { one, two }: Nodes): Promise<void> {
  await server.kill();
  await until('both are down', () => !one.isUp && !two.isUp);
  await server.start();
}

/** A publisher, and a subscriber behind a proxy. */
interface Nodes {
  readonly one: Broker;
  readonly two: Broker;
  readonly proxy: CutProxy;
}

/** A fault that is repeated. When it resolves, nodes may still be down. */
type RepeatedFault = (scene: Scene, nodes: Nodes) => Promise<void>;

/**
 * Repeats a fault while a publisher sends numbers all the time.
 *
 * @returns The gaps that were told.
 */
async function repeat(real: RealBroker, runs: number, fault: RepeatedFault): Promise<number> {
  await using scene = await sceneOf(real);
  const [one, { node: two, proxy }] = [await scene.node(), await scene.overProxy()];
  const atTwo = await record(two, 'a');
  const accepted = new Set<number>();
  let isOver = false;
  const publishing = (async (): Promise<number> => {
    let number = 0;
    for (; !isOver; number += 1) {
      const mine = number;
      await one.publish('a', text(`${mine}`)).then(
        () => accepted.add(mine),
        () => new Promise((resolve) => setTimeout(resolve, 2)),
      );
    }
    return number;
  })();
  for (let run = 0; run < runs; run += 1) {
    const before = atTwo.events.length;
    await until('messages pass', () => atTwo.events.length > before + 3);
    const gaps = atTwo.gaps.length;
    await fault(scene, { one, two, proxy });
    if (!MAY_LOSE_NOTHING.has(fault)) await until('the gap is told', () => atTwo.gaps.length > gaps);
    await until('both are up', () => one.isUp && two.isUp);
  }
  isOver = true;
  const sent = await publishing;
  await one.publish('a', text(`${sent}`));
  await until('the last has come', () => atTwo.events.at(-1) === `${sent}`);
  const { silent, doubles, gaps } = lossesIn(atTwo.events, accepted);
  expect({ silent, doubles }).toEqual({ silent: [], doubles: [] });
  return gaps;
}

/** Bytes of one message that a subscriber does not read, and the most of them. */
const BIG = new Uint8Array(262_144);
const MOST_BIG = 200;

async function stopForLong({ server }: Scene, { one, two }: Nodes): Promise<void> {
  await server.pause();
  await until('both are down', () => !one.isUp && !two.isUp);
  server.resume();
}

async function overflow(_: Scene, { one, two, proxy }: Nodes): Promise<void> {
  let isTold = false;
  const subscription = await two.subscribe(
    'big',
    () => {},
    () => (isTold = true),
  );
  proxy.stallInbound();
  for (let sent = 0; sent < MOST_BIG && !isTold; sent += 1) await one.publish('big', BIG);
  proxy.resume();
  await until('its end is told', () => isTold);
  await subscription[Symbol.asyncDispose]();
}

/**
 * Of a node with two links, that for messages to it may have answered just in time: it has lost
 * nothing then, and tells no gap.
 */
const MAY_LOSE_NOTHING: ReadonlySet<RepeatedFault> = new Set([stopForLong]);

/** So many servers at the same time: a stop takes seconds in which nothing is computed. */
const AT_ONCE = 5;

/** Shares all runs out to servers, and each gets the next client. */
function shared(real: readonly RealBroker[]): ReadonlyArray<readonly [real: RealBroker, runs: number]> {
  return Array.from({ length: Math.min(AT_ONCE, RUNS) }, (_, index) => {
    return [real[index % real.length] as RealBroker, Math.ceil((RUNS - index) / AT_ONCE)] as const;
  });
}

/** Stops, buffers that are too full, and servers that are absent at start, over all clients of a broker. */
export function outageStories(clients: readonly RealBroker[]): void {
  it.each([
    ['stops of the server', stopForLong],
    ['kills of a subscriber for its output buffer', overflow],
  ] as const)(
    `0 silent losses and 0 doubles in ${RUNS} %s`,
    async (_, fault) => {
      const all = shared(clients).map(([real, runs]) => repeat(real, runs, fault));
      await expect(Promise.all(all)).resolves.toHaveLength(all.length);
    },
    60_000 + RUNS * 4000,
  );

  it(
    `0 silent losses and 0 doubles in ${RUNS} starts without a server`,
    async () => {
      const all = shared(clients).map(([real, runs]) => absences(real, runs));
      await expect(Promise.all(all)).resolves.toHaveLength(all.length);
    },
    60_000 + RUNS * 4000,
  );
}

async function absences(real: RealBroker, runs: number): Promise<void> {
  for (let run = 0; run < runs; run += 1) {
    await using scene = await sceneOf(real, false);
    const [one, two] = [scene.soon(), scene.soon()];
    const { order, subscribing } = recordOrder(two, 'a');
    await expect(one.publish('a', text('lost'))).rejects.toThrow('The broker is down');
    await scene.server.start();
    await subscribing;
    await until('both are up', () => one.isUp && two.isUp);
    for (const words of ['1', '2', '3']) await one.publish('a', text(words));
    await until('all have come', () => order.at(-1) === '3');
    expect(order).toEqual(['gap', 'resolved', '1', '2', '3']);
  }
}

/** Finds numbers that were accepted, never came, and are behind no gap; and those that came twice. */
function lossesIn(
  events: readonly string[],
  accepted: ReadonlySet<number>,
): { readonly silent: readonly number[]; readonly doubles: readonly number[]; readonly gaps: number } {
  const silent: number[] = [];
  const doubles: number[] = [];
  let gaps = 0;
  let next = 0;
  let isBehindGap = false;
  for (const event of events) {
    if (event === 'gap') {
      gaps += 1;
      isBehindGap = true;
      continue;
    }
    const number = Number(event);
    if (number < next) doubles.push(number);
    for (; next < number; next += 1) if (accepted.has(next) && !isBehindGap) silent.push(next);
    next = Math.max(next, number + 1);
    isBehindGap = false;
  }
  return { silent, doubles, gaps };
}
