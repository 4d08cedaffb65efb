// Faults of a real server that are repeated while messages pass: nothing is lost in silence, nothing
// comes twice. The specs of each adapter run these with its clients.

import { expect, it } from 'vitest';
import type { Broker } from 'corosock/testing';
import { record, recordOrder } from '../../src/testing/contracts/recorded-node.ts';
import type { Recorded } from '../../src/testing/contracts/recorded-node.ts';
import { sceneOf, text, until, untilDown } from './broker-stories.ts';
import type { RealBroker, Scene } from './broker-stories.ts';
import { choicesOf, missesMessages } from './node-links.ts';
import type { NodeLinks } from './node-links.ts';

/** How many kills, cuts and other faults: more by `npm run test:brokers -- --runs 100`. */
export const RUNS: number = Number(process.env['BROKER_RUNS'] ?? 20);

/** A run takes a second at most, but the machine may be busy. */
const PATIENCE_MS = 60_000 + RUNS * 4000;

/** Kills of the server and cuts of links: each is one gap for a node that has missed messages. */
export function lossStories(real: RealBroker): void {
  it(
    `0 silent losses and 0 doubles in ${RUNS} kills of the server`,
    async () => expect(await repeat(real, RUNS, killAndStart)).toEqual({ gapsAtOne: RUNS, gapsAtTwo: RUNS }),
    PATIENCE_MS,
  );

  it.each(choicesOf(real))(
    `0 silent losses and 0 doubles in ${RUNS} cuts of %s`,
    async (which) => {
      const cut = async (_: Scene, { two, links }: Nodes): Promise<void> => {
        const isDown = untilDown(two);
        links.cut(which);
        await isDown;
      };
      const gapsAtTwo = missesMessages(which) ? RUNS : 0;
      expect(await repeat(real, RUNS, cut)).toEqual({ gapsAtOne: 0, gapsAtTwo });
    },
    PATIENCE_MS,
  );
}

async function killAndStart({ server }: Scene, { one, two }: Nodes): Promise<void> {
  await server.kill();
  await until('both are down', () => !one.isUp && !two.isUp);
  await server.start();
}

/** Two nodes, the second of which is behind proxies. */
interface Nodes {
  readonly one: Broker;
  readonly two: Broker;
  readonly links: NodeLinks;
}

/** A fault that is repeated. When it resolves, nodes may still be down. */
type RepeatedFault = (scene: Scene, nodes: Nodes) => Promise<void>;

/** Where both nodes publish: neither hears itself. */
const ADDRESS = 'a';

/** What is wrong in what a node has got from another. */
interface Losses {
  /** Numbers that were accepted, never came, and are behind no gap. */
  readonly silent: readonly number[];
  /** Numbers that came twice. */
  readonly doubles: readonly number[];
  /** What it has not got from the other. */
  readonly others: readonly string[];
  readonly gaps: number;
}

/** Numbers that one node publishes to another until it ends, as fast as the broker takes them. */
class Numbers {
  readonly #from: Broker;
  readonly #name: string;
  /** What the other node gets. */
  readonly #at: Recorded;
  readonly #accepted = new Set<number>();
  readonly #publishing: Promise<number>;
  #isOver = false;

  constructor(from: Broker, name: string, at: Recorded) {
    this.#from = from;
    this.#name = name;
    this.#at = at;
    this.#publishing = this.#publish();
  }

  /** Waits until some more have come. */
  async untilTheyPass(): Promise<void> {
    const { events } = this.#at;
    const before = events.length;
    await until('messages pass', () => events.length > before + 3);
  }

  /** Ends, while both nodes are up. @returns What was lost, and how many gaps were told. */
  async end(): Promise<Losses> {
    this.#isOver = true;
    const last = await this.#publishing;
    await this.#say(last);
    const { events } = this.#at;
    await until('the last has come', () => events.includes(`${this.#name}${last}`));
    const others = events.filter((event) => event !== 'gap' && !event.startsWith(this.#name));
    const numbers = events.map((event) => (event === 'gap' ? event : Number(event.slice(this.#name.length))));
    return { ...lossesIn(numbers, this.#accepted), others };
  }

  /** @returns How many there were. */
  async #publish(): Promise<number> {
    let number = 0;
    for (; !this.#isOver; number += 1) {
      const mine = number;
      await this.#say(mine).then(
        () => this.#accepted.add(mine),
        () => new Promise((resolve) => setTimeout(resolve, 2)),
      );
    }
    return number;
  }

  #say(number: number): Promise<unknown> {
    return this.#from.publish(ADDRESS, text(`${this.#name}${number}`));
  }
}

/**
 * Repeats a fault while both nodes publish to each other all the time.
 *
 * @returns The gaps that each of them was told.
 */
async function repeat(
  real: RealBroker,
  runs: number,
  fault: RepeatedFault,
): Promise<{ readonly gapsAtOne: number; readonly gapsAtTwo: number }> {
  await using scene = await sceneOf(real);
  const [one, { node: two, links }] = [await scene.node(), await scene.overProxies()];
  const [atOne, atTwo] = [await record(one, ADDRESS), await record(two, ADDRESS)];
  const [toOne, toTwo] = [new Numbers(two, 'two', atOne), new Numbers(one, 'one', atTwo)];
  for (let run = 0; run < runs; run += 1) {
    await Promise.all([toOne.untilTheyPass(), toTwo.untilTheyPass()]);
    await fault(scene, { one, two, links });
    await until('both are up', () => one.isUp && two.isUp);
  }
  const losses = await Promise.all([toOne.end(), toTwo.end()]);
  const [gapsAtOne, gapsAtTwo] = losses.map(({ gaps }) => gaps) as [number, number];
  const none = { silent: [], doubles: [], others: [] };
  expect(losses).toEqual([
    { ...none, gaps: gapsAtOne },
    { ...none, gaps: gapsAtTwo },
  ]);
  return { gapsAtOne, gapsAtTwo };
}

/** Bytes of one message that a subscriber does not read, and the most of them. */
const BIG = new Uint8Array(262_144);
const MOST_BIG = 200;

async function stopForLong({ server }: Scene, { one, two }: Nodes): Promise<void> {
  await server.pause();
  await until('both are down', () => !one.isUp && !two.isUp);
  server.resume();
}

async function overflow(_: Scene, { one, two, links }: Nodes): Promise<void> {
  let isTold = false;
  const subscription = await two.subscribe(
    'big',
    () => {},
    () => (isTold = true),
  );
  links.subscriber.stallInbound();
  for (let sent = 0; sent < MOST_BIG && !isTold; sent += 1) await one.publish('big', BIG);
  links.subscriber.resume();
  await until('its end is told', () => isTold);
  await subscription[Symbol.asyncDispose]();
}

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
    PATIENCE_MS,
  );

  it(
    `0 silent losses and 0 doubles in ${RUNS} starts without a server`,
    async () => {
      const all = shared(clients).map(([real, runs]) => absences(real, runs));
      await expect(Promise.all(all)).resolves.toHaveLength(all.length);
    },
    PATIENCE_MS,
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

/** Finds what is missing without a gap, and what came twice. */
function lossesIn(
  events: ReadonlyArray<number | 'gap'>,
  accepted: ReadonlySet<number>,
): Omit<Losses, 'others'> {
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
    if (event < next) doubles.push(event);
    for (; next < event; next += 1) if (accepted.has(next) && !isBehindGap) silent.push(next);
    next = Math.max(next, event + 1);
    isBehindGap = false;
  }
  return { silent, doubles, gaps };
}
