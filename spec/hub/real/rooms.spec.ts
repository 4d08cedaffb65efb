// Rooms over real brokers: what is published while the broker is killed or stopped, what comes
// twice or from programs that are no node, and nodes that are restarted one after the other.

import type { Host } from 'corosock';
import type { ClientSocket } from 'corosock/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSY_MS, Deployment, KINDS, NodeProgram, redisOver, SERVERS } from './deployments.ts';
import { follow, untilFollowed } from './followed-room.ts';
import type { Followed } from './followed-room.ts';
import type { NodeProcess } from './node-process.ts';
import type { RealBroker } from '../../brokers/broker-stories.ts';
import { CLIENTS } from '../../redis/redis-scene.ts';
import { bodyOf, decodeEnvelope, encodeEnvelope, KIND } from '../../../src/hub/envelope.ts';
import type { Envelope } from '../../../src/hub/envelope.ts';

let program: NodeProgram;
beforeAll(async () => {
  program = await NodeProgram.make();
});
afterAll(() => program[Symbol.asyncDispose]());

/** Stories without hosts of other processes are told over a second client of Redis, too. */
const CLIENTS_OF_SERVERS = [...SERVERS, redisOver('Redis with node-redis', CLIENTS['redis 6'] as RealBroker)];

const ADDRESS = 'room:lobby';
const lobbyOf = (host: Host): ReturnType<Host['room']> => host.room('lobby');

/** Together more than what may wait for the acknowledgement of a broker. */
const BIG_MESSAGES = 300;
const BIG = 'x'.repeat(65_536);

/** On a busy machine a subscription may begin late, and tells that as one gap more. */
const messagesOf = ({ events }: Followed): readonly string[] => events.filter((event) => event !== 'gap');

async function untilUp(deployment: Deployment, ...hosts: readonly Host[]): Promise<void> {
  await deployment.until('the hosts are up', () => {
    return hosts.every(({ brokerHealth }) => brokerHealth.broker === 'up');
  });
}

describe.concurrent.each(CLIENTS_OF_SERVERS)('a room over $title', { timeout: BUSY_MS }, (kind) => {
  it.skipIf(!kind.isHere)('K4: keeps nothing of what is published while the server is killed', async () => {
    await using deployment = await Deployment.of(kind, program);
    const { host } = await deployment.host();
    const { host: other } = await deployment.host();
    const [near, far] = [follow(lobbyOf(other)), follow(lobbyOf(host))];
    await untilFollowed({ deployment, other }, 'lobby', far);
    await deployment.broker.kill();
    await deployment.until('the other is down', () => other.brokerHealth.broker === 'down');
    expect(await lobbyOf(other).publish('lost').relayed).toBe('failed');
    await deployment.broker.start();
    await untilUp(deployment, host, other);
    expect(await lobbyOf(other).publish('after').relayed).toBe('sent');
    await deployment.until('it has come', () => far.events.at(-1) === 'after');
    await deployment.until('it is here', () => near.events.at(-1) === 'after');
    expect([messagesOf(near), messagesOf(far)]).toEqual([['lost', 'after'], ['after']]);
    expect([near.events, far.events]).toEqual([
      expect.arrayContaining(['gap']),
      expect.arrayContaining(['gap']),
    ]);
  });

  it.skipIf(!kind.isHere)('K4: bounds what waits for a server that is stopped', async () => {
    await using deployment = await Deployment.of(kind, program);
    const { host } = await deployment.host();
    const { host: other } = await deployment.host();
    const { events } = follow(lobbyOf(host));
    await deployment.broker.pause();
    const relayed = Array.from({ length: BIG_MESSAGES }, () => lobbyOf(other).publish(BIG).relayed);
    expect([await relayed.at(-1), other.brokerHealth.broker]).toEqual(['failed', 'up']);
    expect(new Set(await Promise.all(relayed))).toEqual(new Set(['failed']));
    deployment.broker.resume();
    await untilUp(deployment, host, other);
    await deployment.until('messages pass again', async () => {
      await lobbyOf(other).publish('after').relayed;
      return events.at(-1) === 'after';
    });
  });

  it.skipIf(!kind.isHere)(
    'K5, K6, K12: gives once what comes again after a kill, and nothing of a former self',
    async () => {
      await using deployment = await Deployment.of(kind, program);
      const { host } = await deployment.host();
      const { host: other } = await deployment.host();
      const { broker: wire } = await deployment.node();
      const seen: Uint8Array[] = [];
      const tap = (bytes: Uint8Array): void => void seen.push(Buffer.from(bytes));
      await wire.subscribe(ADDRESS, tap, () => {});
      const [near, far] = [follow(lobbyOf(other)), follow(lobbyOf(host))];
      await untilFollowed({ deployment, other }, 'lobby', far);
      await lobbyOf(other).publish('one').relayed;
      await deployment.until('it has come', () => far.events.at(-1) === 'one');
      const { hellos } = far;
      await deployment.broker.kill();
      await deployment.until('all are down', () => {
        return [host, other].every(({ brokerHealth }) => brokerHealth.broker === 'down') && !wire.isUp;
      });
      await deployment.broker.start();
      await untilUp(deployment, host, other);
      await deployment.until('the third is up', () => wire.isUp);
      const before = [...seen];
      const last = decodeEnvelope(before.at(-1) as Uint8Array) as Envelope;
      const { id, epoch } = last.node;
      const former = { ...last, node: { id, epoch: epoch - 1 }, sequence: last.sequence + 9 };
      for (const bytes of [...before, encodeEnvelope(former, bodyOf(last.body))]) {
        await wire.publish(ADDRESS, bytes);
      }
      await lobbyOf(other).publish('two').relayed;
      await deployment.until('it has come', () => far.events.at(-1) === 'two');
      expect([messagesOf(near), messagesOf(far), far.hellos]).toEqual([
        ['one', 'two'],
        ['one', 'two'],
        hellos,
      ]);
    },
  );
});

/** The longest message that NATS passes on, and Redis without cutting a subscriber of these specs. */
const MAX_BYTES = 1_048_576;

/** What other programs may say to a room. @param own - An envelope of a node. */
function hostile(own: Uint8Array): readonly Uint8Array[] {
  const otherVersion = Uint8Array.from(own);
  otherVersion[1] = 255;
  return [
    new Uint8Array(),
    Buffer.from('{"__proto__":{"polluted":true},"constructor":1}'),
    Buffer.alloc(MAX_BYTES, 'x'),
    own.subarray(0, own.length / 2),
    own.map((byte) => byte ^ 0x55),
    otherVersion,
  ];
}

describe.concurrent.each(CLIENTS_OF_SERVERS)('other programs on $title', { timeout: BUSY_MS }, (kind) => {
  it.skipIf(!kind.isHere)('K8: are dropped where they send no message, and the hosts go on', async () => {
    await using deployment = await Deployment.of(kind, program);
    const { host, reports } = await deployment.host();
    const { host: other } = await deployment.host();
    const { broker: wire } = await deployment.node();
    const far = follow(lobbyOf(host));
    await untilFollowed({ deployment, other }, 'lobby', far);
    const header = { kind: KIND.room, node: { id: 'x', epoch: 1 }, sequence: 1, sincePreviousMs: Infinity };
    const own = encodeEnvelope(header, bodyOf(Buffer.from('own')));
    for (const bytes of hostile(own)) await wire.publish(ADDRESS, bytes);
    await deployment.until('it has come', async () => {
      await lobbyOf(other).publish('after').relayed;
      return far.events.includes('after');
    });
    expect(new Set(messagesOf(far))).toEqual(new Set(['after']));
    await untilUp(deployment, host, other);
    expect(reports.map(([, { phase }]) => phase)).toContain('broker');
  });
});

/** A client on one node, and the numbers that it has heard there. */
interface Stay {
  readonly client: ClientSocket;
  readonly numbers: readonly number[];
}

async function stayAt(node: NodeProcess): Promise<Stay> {
  const { client, id } = await node.visit('someone');
  const numbers: number[] = [];
  const note = (text: string): void => {
    // The id of the socket comes among them, and is none.
    if (!Number.isNaN(Number(text))) numbers.push(Number(text));
  };
  note(id);
  void (async () => {
    for (let [text] = await client.readText(); text !== undefined; [text] = await client.readText())
      note(text);
  })();
  return { client, numbers };
}

/** A client may be so far behind. */
const MAX_BEHIND = 100;

/** Publishes numbers to the clients of all nodes, as fast as these read them. */
class Numbers {
  published = 0;
  readonly #room: ReturnType<Host['room']>;
  readonly #results = new Set<string>();
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(deployment: Deployment, host: Host, stays: readonly Stay[]) {
    this.#room = lobbyOf(host);
    this.#done = (async () => {
      while (!this.#isOver) {
        await this.say();
        await deployment.until('the clients follow', () => this.#isOver || this.behind(stays) < MAX_BEHIND);
      }
    })();
  }

  async say(): Promise<void> {
    const relayed = this.#room.publish(`${this.published}`).relayed;
    this.published += 1;
    this.#results.add(await relayed);
  }

  behind(stays: readonly Stay[]): number {
    return Math.max(...stays.map(({ numbers }) => this.published - 1 - (numbers.at(-1) ?? Infinity)));
  }

  /** @returns What became of them. */
  async end(): Promise<ReadonlySet<string>> {
    this.#isOver = true;
    await this.#done;
    return this.#results;
  }
}

describe.concurrent.each(KINDS)('three nodes over $title', { timeout: BUSY_MS }, (kind) => {
  it.skipIf(!kind.isHere)('L8: lose nothing while they are restarted in turn', async () => {
    await using deployment = await Deployment.of(kind, program);
    const { host } = await deployment.host();
    const nodes = await Promise.all(Array.from('123', () => deployment.process()));
    const stays = await Promise.all(nodes.map((node) => stayAt(node)));
    const past: Stay[] = [];
    const numbers = new Numbers(deployment, host, stays);
    try {
      for (const [index, node] of nodes.entries()) {
        const stay = stays[index] as Stay;
        await deployment.until('the client hears them', () => stay.numbers.length > 0);
        const next = await deployment.process();
        await node.stop();
        expect((await stay.client.closed).code).toBe(1001);
        past.push(stay);
        stays[index] = await stayAt(next);
      }
      await deployment.until('all hear them', () => stays.every(({ numbers: heard }) => heard.length > 0));
    } finally {
      expect(await numbers.end()).toEqual(new Set(['sent']));
    }
    await numbers.say();
    await deployment.until('all has come', () => numbers.behind(stays) === 0);
    for (const { numbers: heard } of [...past, ...stays]) {
      const [first = 0] = heard;
      expect(heard).toEqual(Array.from(heard, (_, index) => first + index));
    }
  });
});
