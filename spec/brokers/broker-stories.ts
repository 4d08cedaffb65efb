// What a broker over a real server lives through: absent at start, killed, stopped, one link cut or
// dead, the subscriber killed for its buffer. The specs of each adapter run these with its clients.

import { describe, expect, it } from 'vitest';
import { brokerContract } from 'corosock/testing';
import type { Broker } from 'corosock/testing';
import { record, recordOrder, untilWithin } from '../../src/testing/contracts/recorded-node.ts';
import { choicesOf, missesMessages, NodeLinks } from './node-links.ts';
import type { Which } from './node-links.ts';
import type { StoppableServer } from './stoppable-server.ts';

/** One node: its broker, and what closes its clients. */
export interface RealNode {
  readonly broker: Broker;
  close(): Promise<void>;
  /** Says in which state its clients are, where it has several, for the message of a failure. */
  describe?(): string;
}

/** How a spec makes servers and nodes. */
export interface RealBroker {
  /** A server that is not started; it kills subscribers that do not read for long. */
  server(): Promise<StoppableServer>;
  /** @param publisherPort - For the link that publishes, where a node has one. Default: `port`. */
  node(port: number, publisherPort?: number): RealNode;
  /** Whether a node has one link that receives, and another one that publishes. */
  readonly hasTwoLinks: boolean;
}

export const until: ReturnType<typeof untilWithin> = untilWithin(15_000);
export const text = (words: string): Uint8Array => new TextEncoder().encode(words);

/** Resolves when a node that is up is down: it may be up again before a look at it would tell. */
export function untilDown(node: Broker): Promise<void> {
  return new Promise((resolve) => {
    const stop = node.onChange(() => {
      stop();
      resolve();
    });
  });
}

/** A node, and the proxies in front of its links. */
interface NodeOverProxies {
  readonly node: Broker;
  readonly links: NodeLinks;
}

/** A server and nodes; each node has its own links, over a proxy. */
export class Scene implements AsyncDisposable {
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
  soon(port: number = this.server.port, publisherPort: number = port): Broker {
    const node = this.#real.node(port, publisherPort);
    this.#open.push(async () => {
      await node.broker.close();
      await node.close();
    });
    return node.broker;
  }

  /** Makes a node with a proxy in front of each of its links, and waits until it is up. */
  async overProxies(): Promise<NodeOverProxies> {
    const { node, links } = await this.soonOverProxies();
    await until('the node is up', () => node.isUp);
    return { node, links };
  }

  /** Makes a node with a proxy in front of each of its links. */
  async soonOverProxies(): Promise<NodeOverProxies> {
    const links = await NodeLinks.to(this.server.port, this.#real);
    const node = this.soon(links.subscriber.port, links.publisher.port);
    this.#open.push(() => links[Symbol.asyncDispose]());
    return { node, links };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.resume();
    for (const close of this.#open) await close();
    await this.server.kill();
  }
}

export async function sceneOf(real: RealBroker, isStarted = true): Promise<Scene> {
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
  describe.concurrent.each(choicesOf(real))('a node that loses %s', (which) => {
    it('K3: is told one gap where it has missed messages, and no other node is', async () => {
      await using scene = await sceneOf(real);
      const [one, { node: two, links }] = [await scene.node(), await scene.overProxies()];
      const [atOne, atTwo] = [await record(one, 'a'), await record(two, 'a')];
      const told: boolean[] = [];
      two.onChange((isUp) => told.push(isUp));
      links.cut(which);
      await until('it is told and up', () => told[0] === false && two.isUp);
      await one.publish('a', text('of one'));
      await two.publish('a', text('of two'));
      await until('both have come', () => atTwo.events.includes('of one') && atOne.events.length === 1);
      expect([atOne.events, atTwo.events]).toEqual([['of two'], [...gapOf(which), 'of one']]);
      // A node with two links may lose them one after the other.
      expect([told[0], told.at(-1)]).toEqual([false, true]);
    });

    it('K3: finds within some seconds that it is dead without an end', async () => {
      await using scene = await sceneOf(real);
      const [one, { node: two, links }] = [await scene.node(), await scene.overProxies()];
      const [atOne, atTwo] = [await record(one, 'b'), await record(two, 'a')];
      const isDown = untilDown(two);
      links.stall(which);
      const stalledMs = performance.now();
      const publishing = two.publish('b', text('not acknowledged'));
      await one.publish('a', text('meanwhile'));
      await isDown;
      expect(performance.now() - stalledMs).toBeLessThan(FOUND_MS);
      await until('it is up', () => two.isUp);
      await one.publish('a', text('after'));
      await until('it has come', () => atTwo.events.at(-1) === 'after');
      const meanwhile = missesMessages(which) ? gapOf(which) : ['meanwhile'];
      expect(atTwo.events).toEqual([...meanwhile, 'after']);
      for (const gap of atTwo.gaps) expect(gap).toBeGreaterThan(1900);
      await expectTruthful(publishing, atOne.events, which);
    });
  });
}

/** Links that die while their client waits for the first answers of the server. */
export function handshakeStories(real: RealBroker): void {
  const strike = async ({ server }: Scene, links: NodeLinks): Promise<void> => {
    await until('the links are open', () => links.areOpen);
    links.stall('both links');
    server.resume();
  };

  it('a new node finds that its links are dead before they are ready', async () => {
    await using scene = await sceneOf(real);
    await scene.server.pause();
    const { node, links } = await scene.soonOverProxies();
    await strike(scene, links);
    await until('it is up', () => node.isUp);
    const atNode = await record(node, 'a');
    const one = await scene.node();
    await one.publish('a', text('of one'));
    await until('it has come', () => atNode.events.length > 0);
    expect(atNode.events).toEqual(['of one']);
  });

  it('a node that connects again finds that its links are dead before they are ready', async () => {
    await using scene = await sceneOf(real);
    const [one, { node, links }] = [await scene.node(), await scene.overProxies()];
    const [atOne, atNode] = [await record(one, 'b'), await record(node, 'a')];
    await scene.server.pause();
    const isDown = untilDown(node);
    links.cut('both links');
    await isDown;
    await strike(scene, links);
    await until('both are up', () => node.isUp && one.isUp);
    await one.publish('a', text('of one'));
    await node.publish('b', text('of the node'));
    await until('both have come', () => atNode.events.includes('of one') && atOne.events.length > 0);
    expect([atNode.events, atOne.events]).toEqual([['gap', 'of one'], ['of the node']]);
  });
}

/** What a node is told of links that it has lost. */
const gapOf = (which: Which): readonly string[] => (missesMessages(which) ? ['gap'] : []);

/** A link that is watched is found silent after a second and two, and the machine may be busy. */
const FOUND_MS = 8000;

/** Expects that what was published over dead links was rejected, and over a living one was taken. */
async function expectTruthful(
  publishing: Promise<unknown>,
  events: readonly string[],
  which: Which,
): Promise<void> {
  if (which === 'the link of the subscriber') {
    await publishing;
    await until('it has come', () => events.length > 0);
    expect(events).toEqual(['not acknowledged']);
  } else {
    await expect(publishing).rejects.toThrow('before it had acknowledged');
    expect(events).toEqual([]);
  }
}

/** A link that is slow: a message that comes says nothing of those behind it. */
export function slowLinkStories(real: RealBroker): void {
  it('keeps a link that delivers, also where its answer stands behind seconds of messages', async () => {
    await using scene = await sceneOf(real);
    const [one, { node: two, links }] = [await scene.node(), await scene.overProxies()];
    const atTwo = await record(two, 'a');
    links.subscriber.slowInbound(500);
    for (let count = 0; count < 400; count += 1) await one.publish('a', new Uint8Array(4096));
    await until('all have come', () => atTwo.events.length === 400);
    expect([atTwo.gaps, two.isUp]).toEqual([[], true]);
  });

  it('tells a gap that is as old as the oldest message that was lost', async () => {
    await using scene = await sceneOf(real);
    const [one, { node: two, links }] = [await scene.node(), await scene.overProxies()];
    const lost = new Map<number, number>();
    let gapBeganMs = Infinity;
    await two.subscribe(
      'a',
      (bytes) => lost.delete(bytes.length),
      (forMs) => (gapBeganMs = performance.now() - forMs),
    );
    links.subscriber.slowInbound(500);
    for (let count = 0; count < 400; count += 1) {
      const size = 4096 + count;
      await one.publish('a', new Uint8Array(size));
      lost.set(size, performance.now());
    }
    await until('half has come', () => lost.size < 200);
    links.cut('both links');
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
    const [one, { node: two, links }] = [await scene.node(), await scene.overProxies()];
    const atTwo = await record(two, 'a');
    links.subscriber.stallInbound();
    const big = new Uint8Array(262_144);
    const sent = 200;
    for (let count = 0; count < sent; count += 1) await one.publish('a', big);
    links.subscriber.resume();
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
