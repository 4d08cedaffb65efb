// What the nodes of a deployment know of each other by their heartbeats. What a heartbeat tells of
// messages: node-bus-rooms.spec.ts.

import type { Clock } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { deployment, testNode } from './bus-fixtures.ts';
import { memoryBroker } from '../../src/brokers/memory-broker.ts';
import { FieldWriter } from '../../src/hub/byte-fields.ts';
import { MAX_TOLD_BYTES } from '../../src/hub/heartbeats.ts';
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
      expect(a.bus.retainingNodes()).toBe('any');
      await clock.advance(500);
      expect(a.bus.retainingNodes()).toBeUndefined();
      b.bus.retainsFromNowOn();
      b.bus.retainsFromNowOn();
      await settle();
      expect([a.bus.retainingNodes(), b.bus.retainingNodes()]).toEqual([new Set('b'), undefined]);
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
    const count = Math.ceil(MAX_TOLD_BYTES / 8 / 1000);
    for (let room = 0; room < count; room += 1) void a.say(String(room).padStart(982, 'r'), 'x');
    let bytes = 0;
    const publish = a.link.publish.bind(a.link);
    a.link.publish = (address, body) => {
      if (address === 'node:b') bytes += body.length;
      return publish(address, body);
    };
    for (let times = 0; times < 30; times += 1) await b.bus.broadcast(KIND.heartbeat, ASKING);
    expect(bytes).toBeGreaterThan(MAX_TOLD_BYTES);
    expect(bytes).toBeLessThan(1.2 * MAX_TOLD_BYTES);
    expect(a.bus.dropped.get('busy')).toBeGreaterThan(15);
  });
});

/** A heartbeat without a list that asks for an answer. */
const ASKING = new FieldWriter(22).u8(2).u8(1).u64(0).u64(0).u32(0).bytes;
