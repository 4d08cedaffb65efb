// What the nodes of a deployment know of each other by their heartbeats. What a heartbeat tells of
// messages: node-bus-rooms.spec.ts.

import type { Clock } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { deployment, testNode } from './bus-fixtures.ts';
import { memoryBroker } from '../../src/brokers/memory-broker.ts';
import { FieldWriter } from '../../src/hub/byte-fields.ts';
import { heartbeatsOf } from '../../src/hub/heartbeat-body.ts';
import {
  Heartbeats,
  IDLE_ADDRESS_MS,
  MAX_LIST_ANSWER_BYTES,
  OLD_GAPS_A_TURN,
} from '../../src/hub/heartbeats.ts';
import type { HeartbeatBus } from '../../src/hub/heartbeats.ts';
import type { BusSubscription } from '../../src/hub/bus-subscription.ts';
import { KnownNodes } from '../../src/hub/known-nodes.ts';
import { SentSequences } from '../../src/hub/sent-sequences.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { bytesOf } from './body-fixtures.ts';
import { bodyOf, encodeEnvelope, KIND } from '../../src/hub/envelope.ts';

describe('heartbeats', () => {
  describe('who is there', () => {
    it('knows each other node as soon as that has started', async () => {
      const { node } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      expect([[...a.bus.nodes.keys()], [...b.bus.nodes.keys()]]).toEqual([['b'], ['a']]);
      expect(a.bus.nodes.get('b')).toMatchObject({ epoch: b.bus.epoch, isMissing: false });
    });

    it('tells that a node is missing, has returned and is gone', async () => {
      const { node, clock } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      const tell =
        (what: string) =>
        ({ id }: { readonly id: string }) =>
          void a.told.push(`${what} ${id}`);
      a.bus.onNode({ missing: tell('missing'), returned: tell('returned'), gone: tell('gone') });
      await clock.advance(10_000);
      expect(a.told).toEqual([]);
      b.link.cut();
      await clock.advance(6000);
      expect(a.told).toEqual(['missing b']);
      b.link.mend();
      await settle();
      expect(a.told).toEqual(['missing b', 'returned b']);
      await b.bus.close();
      expect(a.told).toEqual(['missing b', 'returned b', 'gone b']);
    });

    it('takes no node for missing because its own process has stood still', async () => {
      const clock = virtualClock();
      let stoodMs = 0;
      const standing: Clock = {
        now: () => clock.now() + stoodMs,
        setTimeout: (run, ms) => clock.setTimeout(run, ms),
        clearTimeout: (timer) => clock.clearTimeout(timer),
        setImmediate: (run) => clock.setImmediate(run),
      };
      const broker = memoryBroker({ clock });
      const [a, b] = [testNode('a', broker.node(), standing), testNode('b', broker.node(), clock)];
      await a.bus.start();
      await b.bus.start();
      a.bus.onNode({ missing: () => void a.told.push('missing'), gone: () => void a.told.push('gone') });
      await clock.advance(1500);
      stoodMs = 100_000;
      await clock.advance(10_000);
      expect(a.told).toEqual([]);
      b.link.cut();
      await clock.advance(10_000);
      expect(a.told).toEqual(['missing']);
    });

    it('forgets a node that was killed after a minute', async () => {
      const { node, clock } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      b.link.cut();
      await clock.advance(59_000);
      expect([...a.bus.nodes.keys()]).toEqual(['b']);
      await clock.advance(2000);
      expect([...a.bus.nodes.keys()]).toEqual([]);
    });

    it('knows which other nodes retain something', async () => {
      const { node, clock } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      expect(a.bus.heartbeats.retainingNodes()).toBe('any');
      await clock.advance(500);
      expect(a.bus.heartbeats.retainingNodes()).toBeUndefined();
      b.bus.heartbeats.hasFromNowOn('retained');
      b.bus.heartbeats.hasFromNowOn('retained');
      await settle();
      expect([a.bus.heartbeats.retainingNodes(), b.bus.heartbeats.retainingNodes()]).toEqual([
        new Set('b'),
        undefined,
      ]);
    });
  });

  it('answers the question what was missed for nodes that it knows, and not all the time', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    await a.say('room', 'x');
    await clock.advance(1500);
    let answers = 0;
    await b.link.subscribe(
      'node:c',
      () => (answers += 1),
      () => {},
    );
    const [publish] = [a.link.publish.bind(a.link)];
    a.link.publish = (address, body) => {
      if (address.startsWith('node:')) answers += 1;
      return publish(address, body);
    };
    const question = bodyOf(new Uint8Array(8));
    const asked = { kind: KIND.missed, sequence: 0, sincePreviousMs: Infinity };
    const ask = async (id: string, epoch: number): Promise<void> =>
      void (await b.link.publish('node:a', encodeEnvelope({ ...asked, node: { id, epoch } }, question)));
    await ask('c', 1);
    await settle();
    expect(answers).toBe(0);
    for (let times = 0; times < 100; times += 1) await ask('b', b.bus.epoch);
    await settle();
    expect(answers).toBe(1);
    await clock.advance(250);
    await ask('b', b.bus.epoch);
    await settle();
    expect(answers).toBe(2);
  });

  it('answers who asks for much with so many bytes in a second', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    await clock.advance(1000);
    const count = Math.ceil(MAX_LIST_ANSWER_BYTES / 8 / 1000);
    for (let room = 0; room < count; room += 1) void a.say(String(room).padStart(982, 'r'), 'x');
    let bytes = 0;
    const publish = a.link.publish.bind(a.link);
    a.link.publish = (address, body) => {
      if (address === 'node:b') bytes += body.length;
      return publish(address, body);
    };
    for (let times = 0; times < 30; times += 1) await b.bus.broadcast(KIND.heartbeat, ASKING);
    expect(bytes).toBeGreaterThan(MAX_LIST_ANSWER_BYTES);
    expect(bytes).toBeLessThan(1.2 * MAX_LIST_ANSWER_BYTES);
    expect(a.bus.dropped.get('busy')).toBeGreaterThan(15);
  });
});

describe('heartbeats of a node that has forgotten what it has sent', () => {
  it(`tell ${OLD_GAPS_A_TURN} rooms a turn of a gap, in their order, and those alone that are old`, async () => {
    const told: string[] = [];
    const subscription = (name: string, sinceMs: number): [string, BusSubscription] => {
      const isOfRoom = name.startsWith('room:');
      const fake = { isOfRoom, sinceMs, tellGap: (forMs: number) => told.push(`${name} ${forMs}`) };
      return [name, fake as unknown as BusSubscription];
    };
    const old = Array.from({ length: 2 * OLD_GAPS_A_TURN }, (_, room) => `room:${room}`);
    const subscriptions = new Map([
      subscription('nodes', 0),
      ...old.map((name) => subscription(name, 1)),
      subscription('room:new', 2),
    ]);
    const clock = new HandClock();
    const bus = { clock } as unknown as HeartbeatBus;
    const heartbeats = new Heartbeats(bus, {
      others: new KnownNodes(),
      sent: new SentSequences(),
      subscriptions,
    });
    const theirs = new SentSequences();
    theirs.next('room:0', 0);
    theirs.forget(1);
    for (const body of heartbeatsOf(theirs, 0, 1)) heartbeats.receive({ id: 'b', epoch: 1 }, bytesOf(body));
    heartbeats.tellOldGaps(IDLE_ADDRESS_MS + 2);
    const counts = [told.length];
    for (let turns = 0; turns < 3; turns += 1, counts.push(told.length)) await turn();
    // The first slice has the address of all nodes, which has no gap.
    expect(counts).toEqual([OLD_GAPS_A_TURN - 1, 2 * OLD_GAPS_A_TURN - 1, ...[0, 0].map(() => old.length)]);
    expect(told).toEqual(old.map((name) => `${name} ${IDLE_ADDRESS_MS + 1}`));
    heartbeats.tellOldGaps(IDLE_ADDRESS_MS + 3);
    expect(told.length).toBe(old.length);
  });
});

/** A heartbeat without a list that asks for an answer. */
const ASKING = new FieldWriter(22).u8(2).u8(1).u64(0).u64(0).u32(0).bytes;
