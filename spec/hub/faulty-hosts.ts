// Three hosts over a real server, each with proxies in front of its links. Each publishes numbers all
// the time, and has members, a subscription and presence of the same room.

import type { Handler } from 'corosock';
import type { ClientSocket } from 'corosock/client';
import type { RealBroker, RealNode } from '../brokers/broker-stories.ts';
import { NodeLinks } from '../brokers/node-links.ts';
import type { StoppableServer } from '../brokers/stoppable-server.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { isRoomAddress } from '../../src/hub/broker-address.ts';
import { untilWithin } from '../../src/testing/contracts/recorded-node.ts';
import { realClock } from '../../src/time/real-clock.ts';

const ROOM = 'room';
const NAMES = ['a', 'b', 'c'];
const MEMBERS = 2;
const PUBLISH_MS = 5;
/** Of so many messages one is retained, with one of some keys that all hosts share. */
const RETAIN_EACH = 10;
const RETAINED_KEYS = 4;
/** A subscription has room for all that is published while this thread is busy. */
const CAPACITY = 100_000;

const until = untilWithin(60_000);

/** What a subscription has got: who said a number, and which; or a gap. */
export type Event = readonly [name: string, number: number] | 'gap';

const eventOf = (text: string): Event => {
  const [name = '', number] = text.split(' ');
  return [name, Number(number)];
};

/** Tells whether a number of somebody has come, or one behind it. */
function hears(events: readonly Event[], name: string, number: number): boolean {
  const last = events.findLast((event) => event !== 'gap' && event[0] === name);
  return last !== undefined && Number(last[1]) >= number;
}

/** One host, and what is seen on it. */
export class FaultyHost {
  readonly name: string;
  readonly links: NodeLinks;
  /** What the subscription has got. */
  readonly events: Event[] = [];
  /** What each member has got. */
  readonly traces: ReadonlyArray<readonly Event[]>;
  /** Gaps that the broker has told the room. */
  brokerGaps = 0;
  /** How many numbers it has published. */
  said = 0;
  /** The keys under which it has retained some of them. */
  readonly retainedKeys: Set<string> = new Set();
  readonly #memory: MemoryHost;
  readonly #node: RealNode;
  /** Of presence. */
  readonly #present: Array<readonly [key: string, client: ClientSocket]> = [];
  #timer: unknown;

  private constructor(name: string, links: NodeLinks, node: RealNode) {
    this.name = name;
    this.links = links;
    this.#node = node;
    this.#countGaps();
    this.#memory = new MemoryHost({ clock: realClock, broker: node.broker });
    this.traces = Array.from({ length: MEMBERS }, () => this.#member());
  }

  /** Starts one. Resolves when what others publish has to come. */
  static async over(real: RealBroker, port: number, name: string): Promise<FaultyHost> {
    const links = await NodeLinks.to(port, real);
    const host = new FaultyHost(name, links, real.node(links.subscriber.port, links.publisher.port));
    await until('the host is up', () => host.isUp);
    const subscription = host.#room.subscribe({ capacity: CAPACITY });
    void (async () => {
      for await (const event of subscription) {
        host.events.push('gap' in event ? 'gap' : eventOf(String(event.data)));
      }
    })();
    await subscription.inForce;
    return host;
  }

  get isUp(): boolean {
    return this.#memory.host.brokerHealth.broker === 'up';
  }

  /** For the message of a failure: what the broker, its client and the proxies say of the links. */
  describe(): string {
    const { subscriber, publisher } = this.links;
    const proxies = subscriber === publisher ? { link: subscriber } : { subscriber, publisher };
    const open = Object.entries(proxies).map(([name, proxy]) => `${name}: ${proxy.describe()}`);
    const clients = this.#node.describe?.() ?? 'one';
    const broker = this.isUp ? 'up' : 'down';
    return `${this.name}: broker ${broker}; clients ${clients}; proxies ${open.join(', ')}`;
  }

  /** Which keys are present on all nodes, each with the number of its sockets. */
  get presence(): unknown {
    const { members, missingNodes } = this.#room.presence.list();
    const counts = [...members].map(([key, { sockets }]) => [key, sockets] as const);
    return [Object.fromEntries(counts.filter(([, sockets]) => sockets > 0)), missingNodes];
  }

  /** The sockets of this host under each key. */
  get keys(): readonly string[] {
    return this.#present.map(([key]) => key);
  }

  /** What a socket gets that joins now. */
  async retained(): Promise<readonly string[]> {
    return await new Promise((resolve) => {
      this.#memory.visit(async (ws) => {
        const { retained } = await ws.join(ROOM);
        resolve(retained.map(String).toSorted());
      });
    });
  }

  /** Begins to publish numbers. */
  begin(): void {
    this.#timer = setInterval(() => this.say(), PUBLISH_MS);
  }

  /** Publishes the next number. */
  say(retain: boolean | string = this.#retain()): void {
    this.#room.publish(`${this.name} ${this.said}`, { retain });
    if (typeof retain === 'string') this.retainedKeys.add(retain);
    this.said += 1;
  }

  /** One more socket is present. */
  enter(key: string): void {
    const present: Handler = async (ws) => {
      this.#room.presence.track(ws, key);
      await ws.closed;
    };
    this.#present.push([key, this.#memory.visit(present).client]);
  }

  /** The socket that has been present for longest leaves. */
  async leave(): Promise<void> {
    await this.#present.shift()?.[1].close();
  }

  /** Publishes no more. */
  end(): void {
    clearInterval(this.#timer as NodeJS.Timeout);
  }

  async close(): Promise<void> {
    this.end();
    await this.#memory.host.close({ graceMs: 0 });
    await this.#node.broker.close();
    await this.#node.close();
    await this.links[Symbol.asyncDispose]();
  }

  get #room(): ReturnType<MemoryHost['host']['room']> {
    return this.#memory.host.room(ROOM);
  }

  #retain(): boolean | string {
    return this.said % RETAIN_EACH === 0 && `key ${(this.said / RETAIN_EACH) % RETAINED_KEYS}`;
  }

  #member(): readonly Event[] {
    const trace: Event[] = [];
    const { client } = this.#memory.visit(async (ws) => {
      await ws.join(ROOM);
      await ws.closed;
    });
    void (async () => {
      for await (const text of client) trace.push(eventOf(String(text)));
    })();
    return trace;
  }

  #countGaps(): void {
    const { broker } = this.#node;
    const { subscribe } = broker;
    broker.subscribe = (address, receive, onGap) =>
      subscribe.call(broker, address, receive, (forMs) => {
        if (isRoomAddress(address)) this.brokerGaps += 1;
        onGap(forMs);
      });
  }
}

/** A server and three hosts. */
export class FaultyHosts implements AsyncDisposable {
  readonly server: StoppableServer;
  readonly all: readonly FaultyHost[];

  private constructor(server: StoppableServer, all: readonly FaultyHost[]) {
    this.server = server;
    this.all = all;
  }

  static async over(real: RealBroker): Promise<FaultyHosts> {
    const server = await real.server();
    await server.start();
    const all = await Promise.all(NAMES.map((name) => FaultyHost.over(real, server.port, name)));
    return new FaultyHosts(server, all);
  }

  /** Waits until each host gets what each says from now on, and can send. */
  async untilConnected(): Promise<void> {
    const from = this.all.map(({ name, said }) => [name, said] as const);
    // One that subscribes again hears others before all its subscriptions are in force and it is up.
    await this.#untilHeard(
      'each host is up and hears each',
      () => from,
      () => this.all.every(({ isUp }) => isUp),
    );
  }

  /** Waits until each host has got the last number that each has said. */
  async untilAllHasCome(): Promise<void> {
    await this.#untilHeard('all has come', () => this.all.map(({ name, said }) => [name, said - 1]));
  }

  /** @throws Error that says which host does not hear whom, and what the links of each do. */
  async #untilHeard(
    what: string,
    wanted: () => ReadonlyArray<readonly [name: string, number: number]>,
    isReady: () => boolean = () => true,
  ): Promise<void> {
    const missing = (): readonly string[] =>
      this.all.flatMap((host) =>
        wanted()
          .filter(([name, number]) => !hears(host.events, name, number))
          .map(([name]) => `${host.name} does not hear ${name}`),
      );
    try {
      await until(what, () => isReady() && missing().length === 0);
    } catch (cause) {
      const lines = [(cause as Error).message, ...missing(), ...this.all.map((host) => host.describe())];
      throw new Error(lines.join('\n'), { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.resume();
    for (const host of this.all) await host.close();
    await this.server.kill();
  }
}
