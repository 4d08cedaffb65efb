// What a broker over a real server lives through: absent at start, killed, stopped, one link cut or
// dead, the subscriber killed for its buffer. The specs of each adapter run these with its clients.

import { expect, it } from 'vitest';
import { brokerContract } from 'corosock/testing';
import type { Broker } from 'corosock/testing';
import { record, recordOrder, untilWithin } from '../../src/testing/contracts/recorded-node.ts';
import { CutProxy } from './cut-proxy.ts';
import type { StoppableServer } from './stoppable-server.ts';

/** One node: its broker, and what closes its clients. */
export interface RealNode {
  readonly broker: Broker;
  close(): Promise<void>;
}

/** How a spec makes servers and nodes. */
export interface RealBroker {
  /** A server that is not started; it kills subscribers that do not read for long. */
  server(): Promise<StoppableServer>;
  node(port: number): RealNode;
}

const until = untilWithin(15_000);
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

/** A server and nodes; each node has its own links, over a proxy. */
class Scene implements AsyncDisposable {
  readonly server: StoppableServer;
  readonly #real: RealBroker;
  readonly #open: Array<() => Promise<void>> = [];

  constructor(server: StoppableServer, real: RealBroker) {
    this.server = server;
    this.#real = real;
  }

  /** Makes a node, and waits until it is up. */
  async node(): Promise<Broker> {
    const node = this.soon();
    await until('the node is up', () => node.isUp);
    return node;
  }

  /** Makes a node. */
  soon(port = this.server.port): Broker {
    const node = this.#real.node(port);
    this.#open.push(async () => {
      await node.broker.close();
      await node.close();
    });
    return node.broker;
  }

  async overProxy(): Promise<{ readonly node: Broker; readonly proxy: CutProxy }> {
    const proxy = await CutProxy.to(this.server.port);
    const node = this.soon(proxy.port);
    this.#open.push(() => proxy[Symbol.asyncDispose]());
    await until('the node is up', () => node.isUp);
    return { node, proxy };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.resume();
    for (const close of this.#open) await close();
    await this.server.kill();
  }
}

async function sceneOf(real: RealBroker, isStarted = true): Promise<Scene> {
  const server = await real.server();
  if (isStarted) await server.start();
  return new Scene(server, real);
}

/** The contract, over three nodes and a server that is killed and started again. */
export function contractOver(real: RealBroker): void {
  it.each(brokerContract)('$name', async ({ run }) => {
    const running = run(async () => {
      const scene = await sceneOf(real);
      return {
        nodes: [await scene.node(), await scene.node(), await scene.node()] as const,
        takeAway: () => scene.server.kill(),
        bringBack: () => scene.server.start(),
        [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
      };
    });
    await expect(running).resolves.toBeUndefined();
  });
}

/** Cut and dead links of one node. */
export function linkStories(real: RealBroker): void {
  it('K3: tells a node whose links are cut one gap, and no other node', async () => {
    await using scene = await sceneOf(real);
    const [one, { node: two, proxy }] = [await scene.node(), await scene.overProxy()];
    const [atOne, atTwo] = [await record(one, 'a'), await record(two, 'a')];
    const told: boolean[] = [];
    two.onChange((isUp) => told.push(isUp));
    proxy.cut();
    await until('the gap is told', () => atTwo.gaps.length === 1 && two.isUp);
    await one.publish('a', text('of one'));
    await two.publish('a', text('of two'));
    await until('both have come', () => atTwo.events.length === 2 && atOne.events.length === 1);
    expect([atOne.events, atTwo.events]).toEqual([['of two'], ['gap', 'of one']]);
    // A node with two links may lose them one after the other.
    expect([told[0], told.at(-1)]).toEqual([false, true]);
  });

  it('K3: finds a link that is dead without an end within some seconds', async () => {
    await using scene = await sceneOf(real);
    const [one, { node: two, proxy }] = [await scene.node(), await scene.overProxy()];
    const atTwo = await record(two, 'a');
    proxy.stall();
    await one.publish('a', text('lost'));
    await until('the gap is told', () => atTwo.gaps.length === 1 && two.isUp);
    await one.publish('a', text('after'));
    await until('it has come', () => atTwo.events.length === 2);
    expect(atTwo.events).toEqual(['gap', 'after']);
    expect(atTwo.gaps[0]).toBeGreaterThan(1900);
  });
}

/** A link that is slow: a message that comes says nothing of those behind it. */
export function slowLinkStories(real: RealBroker): void {
  it('keeps a link that delivers, also where its answer stands behind seconds of messages', async () => {
    await using scene = await sceneOf(real);
    const [one, { node: two, proxy }] = [await scene.node(), await scene.overProxy()];
    const atTwo = await record(two, 'a');
    proxy.slowInbound(500);
    for (let count = 0; count < 400; count += 1) await one.publish('a', new Uint8Array(4096));
    await until('all have come', () => atTwo.events.length === 400);
    expect([atTwo.gaps, two.isUp]).toEqual([[], true]);
  });

  it('tells a gap that is as old as the oldest message that was lost', async () => {
    await using scene = await sceneOf(real);
    const [one, { node: two, proxy }] = [await scene.node(), await scene.overProxy()];
    const lost = new Map<number, number>();
    let gapBeganMs = Infinity;
    await two.subscribe(
      'a',
      (bytes) => lost.delete(bytes.length),
      (forMs) => (gapBeganMs = performance.now() - forMs),
    );
    proxy.slowInbound(500);
    for (let count = 0; count < 400; count += 1) {
      const size = 4096 + count;
      await one.publish('a', new Uint8Array(size));
      lost.set(size, performance.now());
    }
    await until('half has come', () => lost.size < 200);
    proxy.cut();
    await until('the gap is told', () => gapBeganMs < Infinity);
    expect(lost.size).toBeGreaterThan(0);
    expect(gapBeganMs).toBeLessThan(Math.min(...lost.values()));
  });
}

/** A server that is absent, stopped, or kills a subscriber. */
export function serverStories(real: RealBroker): void {
  it('K1: is down while the server is absent at start, and up once it is there', async () => {
    await using scene = await sceneOf(real, false);
    const [one, two] = [scene.soon(), scene.soon()];
    const { order, subscribing } = recordOrder(two, 'a');
    expect([one.isUp, two.isUp]).toEqual([false, false]);
    await expect(one.publish('a', text('lost'))).rejects.toThrow('The broker is down');
    await scene.server.start();
    await subscribing;
    await until('both are up', () => one.isUp && two.isUp);
    await one.publish('a', text('first'));
    await until('it has come', () => order.length === 3);
    expect(order).toEqual(['gap', 'resolved', 'first']);
  });

  it('K2: loses nothing in a short stop of the server, and tells no gap', async () => {
    await using scene = await sceneOf(real);
    const [one, two] = [await scene.node(), await scene.node()];
    const atTwo = await record(two, 'a');
    await scene.server.pause();
    const calls = Array.from({ length: 50 }, (_, index) => one.publish('a', text(`${index}`)));
    scene.server.resume();
    await Promise.all(calls);
    await until('all have come', () => atTwo.events.length === 50);
    expect(atTwo.events).toEqual(Array.from({ length: 50 }, (_, index) => `${index}`));
  });

  it('K2: is down while the server is stopped for long, rejects what it does not acknowledge, and tells one gap at most', async () => {
    await using scene = await sceneOf(real);
    const [one, two] = [await scene.node(), await scene.node()];
    const atTwo = await record(two, 'a');
    await scene.server.pause();
    await expect(one.publish('a', text('not acknowledged'))).rejects.toThrow('before it had acknowledged');
    await until('both are down', () => !one.isUp && !two.isUp);
    scene.server.resume();
    await until('both are up', () => one.isUp && two.isUp);
    await one.publish('a', text('after'));
    await until('it has come', () => atTwo.events.at(-1) === 'after');
    // Of a node with two links, that for messages to it may have answered just in time: it has lost
    // nothing then.
    expect([
      ['gap', 'after'],
      ['gap', 'not acknowledged', 'after'],
      ['not acknowledged', 'after'],
    ]).toContainEqual(atTwo.events);
  });

  it('K9: tells a gap when the server kills a subscriber that does not read', async () => {
    await using scene = await sceneOf(real);
    const [one, { node: two, proxy }] = [await scene.node(), await scene.overProxy()];
    const atTwo = await record(two, 'a');
    proxy.stallInbound();
    const big = new Uint8Array(262_144);
    const sent = 200;
    for (let count = 0; count < sent; count += 1) await one.publish('a', big);
    proxy.resume();
    await until('the gap is told', () => atTwo.gaps.length > 0 && two.isUp);
    await one.publish('a', text('after'));
    await until('it has come', () => atTwo.events.at(-1) === 'after');
    const words = atTwo.events.map((event) => (event.length > 99 ? 'big' : event));
    expect(words.slice(words.indexOf('gap'))).toEqual(['gap', 'after']);
    expect(words.length - 2).toBeLessThan(sent);
  });

  it('K11: has 10,000 subscriptions back within two seconds of the return of the server', async () => {
    await using scene = await sceneOf(real);
    const [one, two] = [await scene.node(), await scene.node()];
    let gaps = 0;
    let messages = 0;
    const addresses = Array.from({ length: 10_000 }, (_, index) => `room:${index}`);
    await Promise.all(
      addresses.map((address) =>
        two.subscribe(
          address,
          () => (messages += 1),
          () => (gaps += 1),
        ),
      ),
    );
    await scene.server.kill();
    await until('both are down', () => !one.isUp && !two.isUp);
    await scene.server.start();
    const backMs = performance.now();
    await until('both are up', () => one.isUp && two.isUp);
    const tookMs = performance.now() - backMs;
    await Promise.all(addresses.map((address) => one.publish(address, text('here'))));
    await until('all have come', () => messages >= addresses.length);
    expect([gaps, messages]).toEqual([10_000, 10_000]);
    expect(tookMs).toBeLessThan(2000);
  });
}

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
