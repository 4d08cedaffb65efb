// Rooms of two hosts over real servers that are killed: what is missing is told, nothing comes twice.

import type { Subscription } from 'corosock';
import { afterEach, describe, expect, it } from 'vitest';
import { untilDown } from '../brokers/broker-stories.ts';
import { RUNS } from '../brokers/loss-stories.ts';
import { choicesOf, missesMessages, NodeLinks } from '../brokers/node-links.ts';
import type { RealBroker, RealNode } from '../brokers/broker-stories.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { isNatsHere, realNats, withoutNats } from '../nats/nats-scene.ts';
import { CLIENTS, isRedisHere, withoutRedis } from '../redis/redis-scene.ts';
import { untilWithin } from '../../src/testing/contracts/recorded-node.ts';
import { realClock } from '../../src/time/real-clock.ts';

const until = untilWithin(15_000);
const opened: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

function hostOver({ broker, close }: RealNode): MemoryHost['host'] {
  const { host } = new MemoryHost({ clock: realClock, broker });
  opened.push(
    () => host.close({ graceMs: 0 }),
    () => broker.close(),
    close,
  );
  return host;
}

/** Notes what a subscription gives: numbers, and `gap`. */
async function note(subscription: Subscription, events: Array<number | 'gap'>): Promise<void> {
  for await (const event of subscription) events.push('gap' in event ? 'gap' : Number(event.data));
}

/** Names the messages that are missing without a gap, and those that came twice or out of order. */
function faultsOf(events: readonly (number | 'gap')[], said: number): readonly string[] {
  const faults: string[] = [];
  let next = 0;
  let hasGap = false;
  for (const event of [...events, said]) {
    if (event === 'gap') {
      hasGap = true;
      continue;
    }
    if (event < next) faults.push(`${event} came behind ${next - 1}`);
    if (event > next && !hasGap) faults.push(`${next} is missing in silence`);
    next = event + 1;
    hasGap = false;
  }
  return faults;
}

/** With each the number of kills of the server, and of cuts of links. The clients of Redis share them. */
const BROKERS: ReadonlyArray<readonly [name: string, isHere: boolean, real: RealBroker, times: number]> = [
  [`NATS${withoutNats}`, isNatsHere, realNats, RUNS],
  ...Object.entries(CLIENTS).map(
    ([name, real]) =>
      [
        `Redis with ${name}${withoutRedis}`,
        isRedisHere,
        real,
        Math.ceil(RUNS / Object.keys(CLIENTS).length),
      ] as const,
  ),
];

/** A host that publishes numbers, and what the subscription of another host has got of them. */
interface Watched {
  readonly events: ReadonlyArray<number | 'gap'>;
  readonly said: number;
  say(): Promise<string>;
  untilUp(): Promise<void>;
}

/** Starts to watch over two nodes, and waits until what the first publishes has to come. */
async function watch(publisher: RealNode, subscriber: RealNode): Promise<Watched> {
  const [a, b] = [hostOver(publisher), hostOver(subscriber)];
  const events: Array<number | 'gap'> = [];
  let said = 0;
  const watched: Watched = {
    events,
    get said() {
      return said;
    },
    say() {
      said += 1;
      return a.room('room').publish(`${said - 1}`).relayed;
    },
    untilUp: () =>
      until('both are up', () => [a, b].every(({ brokerHealth }) => brokerHealth.broker === 'up')),
  };
  await watched.untilUp();
  const subscription = b.room('room').subscribe();
  void note(subscription, events);
  await subscription.inForce;
  return watched;
}

/** Says a last number, and waits for it. */
async function expectNoFaults(watched: Watched): Promise<void> {
  await watched.say();
  await until('the last has come', () => watched.events.at(-1) === watched.said - 1);
  expect(faultsOf(watched.events, watched.said)).toEqual([]);
}

const gapsIn = ({ events }: Watched): number => events.filter((event) => event === 'gap').length;

describe.each(BROKERS)('rooms of two hosts over %s', (_, isHere, real, times) => {
  it.skipIf(!isHere)(
    `K2: 0 silent losses and 0 doubles in ${times} kills of the server`,
    async () => {
      const server = await real.server();
      await server.start();
      opened.push(() => server.kill());
      const watched = await watch(real.node(server.port), real.node(server.port));
      const { say } = watched;
      for (let kill = 0; kill < times; kill += 1) {
        for (let message = 0; message < 10; message += 1) await say();
        await Promise.all([say(), say(), server.kill(), say(), say()]);
        expect(await say()).toBe('failed');
        await server.start();
        await watched.untilUp();
      }
      await expectNoFaults(watched);
      expect(gapsIn(watched)).toBeGreaterThanOrEqual(times);
    },
    60_000 + times * 4000,
  );

  it.skipIf(!isHere).each(choicesOf(real))(
    `K3: 0 silent losses and 0 doubles in ${times} cuts of %s`,
    async (which) => {
      const server = await real.server();
      await server.start();
      opened.push(() => server.kill());
      const links = await NodeLinks.to(server.port, real);
      opened.push(() => links[Symbol.asyncDispose]());
      const behind = real.node(links.subscriber.port, links.publisher.port);
      const watched = await watch(real.node(server.port), behind);
      const { say } = watched;
      for (let cut = 1; cut <= times; cut += 1) {
        await Promise.all([say(), say()]);
        const isDown = untilDown(behind.broker);
        links.cut(which);
        await isDown;
        await say();
        await watched.untilUp();
      }
      await expectNoFaults(watched);
      // What was lost just before the node was back may be told once more, by the message behind it.
      if (missesMessages(which)) expect(gapsIn(watched)).toBeGreaterThanOrEqual(times);
      else expect(gapsIn(watched)).toBe(0);
    },
    60_000 + times * 4000,
  );
});
