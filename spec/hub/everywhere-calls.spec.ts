// Calls on all nodes: their report, nodes that are missing, lost messages and duplicates.

import { describe, expect, it } from 'vitest';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { EverywhereCalls, MAX_DONE } from '../../src/hub/everywhere-calls.ts';
import { MAX_AGAIN, MAX_KEPT_BYTES } from '../../src/hub/kept-calls.ts';
import type { EverywhereReport } from '../../src/hub/everywhere-calls.ts';
import { encodeCall, encodeDone } from '../../src/hub/everywhere-body.ts';
import type { EverywhereCall } from '../../src/hub/everywhere-body.ts';
import { bodyOf, encodeEnvelope, KIND } from '../../src/hub/envelope.ts';
import type { Kind } from '../../src/hub/envelope.ts';
import type { NodeBus, Receive } from '../../src/hub/node-bus.ts';
import { memoryBroker } from '../../src/brokers/memory-broker.ts';
import type { BrokerFaults } from '../../src/brokers/memory-broker.ts';
import { deployment, dropping, testNode } from './bus-fixtures.ts';
import type { TestNode } from './bus-fixtures.ts';

interface CallingNode extends TestNode {
  readonly calls: EverywhereCalls;
  /** What it has carried out. */
  readonly done: string[];
}

interface Three {
  readonly clock: VirtualClock;
  readonly nodes: readonly [CallingNode, CallingNode, CallingNode];
}

const ROOM: EverywhereCall = { verb: 'room', name: 'lobby', code: 1000, reason: 'over' };

function calling(node: TestNode): CallingNode {
  const done: string[] = [];
  const calls = new EverywhereCalls(node.bus, ({ verb, name }) => done.push(`${verb} ${name}`));
  return { ...node, done, calls };
}

async function three(faults: BrokerFaults = {}): Promise<Three> {
  const { clock, node } = deployment(faults);
  const nodes = [calling(await node('a')), calling(await node('b')), calling(await node('c'))] as const;
  await clock.advance(1000);
  return { clock, nodes };
}

const shown = ({ nodes, missingNodes }: EverywhereReport): unknown => [
  Object.fromEntries(nodes),
  missingNodes,
];

describe('a call on all nodes', () => {
  it('is carried out on each, and reports each', async () => {
    const { nodes } = await three();
    const report = await nodes[0].calls.run(ROOM);
    expect(shown(report)).toEqual([{ a: 1, b: 1, c: 1 }, []]);
    expect(nodes.map(({ done }) => done)).toEqual([['room lobby'], ['room lobby'], ['room lobby']]);
  });

  it('may be for one other node', async () => {
    const { nodes } = await three();
    const report = await nodes[0].calls.run(ROOM, 'b');
    expect(shown(report)).toEqual([{ b: 1 }, []]);
    expect(nodes[2].done).toEqual([]);
  });

  it('does not wait for a broker that acknowledges late', async () => {
    const { nodes } = await three({ acknowledgementMs: () => 60_000 });
    const calling = [nodes[0].calls.run(ROOM, 'b'), nodes[0].calls.run(ROOM)];
    await settle();
    expect((await Promise.all(calling)).map(shown)).toEqual([
      [{ b: 1 }, []],
      [{ a: 1, b: 2, c: 1 }, []],
    ]);
  });

  it('names a node that was never heard of', async () => {
    const { nodes } = await three();
    expect(shown(await nodes[0].calls.run(ROOM, 'nobody'))).toEqual([{}, ['nobody']]);
  });

  it('names a missing node at once, and reaches it when it is back within a minute', async () => {
    const { clock, nodes } = await three();
    nodes[2].link.cut();
    await clock.advance(6000);
    expect(shown(await nodes[0].calls.run(ROOM))).toEqual([{ a: 1, b: 1 }, ['c']]);
    await clock.advance(30_000);
    nodes[2].link.mend();
    await clock.advance(3000);
    expect([nodes[1].done, nodes[2].done]).toEqual([['room lobby'], ['room lobby']]);
  });

  it('has a report that does not change once it is given', async () => {
    const { clock, nodes } = await three();
    nodes[2].link.cut();
    await clock.advance(6000);
    const report = await nodes[0].calls.run(ROOM);
    nodes[2].link.mend();
    await clock.advance(3000);
    expect([nodes[2].done, shown(report)]).toEqual([['room lobby'], [{ a: 1, b: 1 }, ['c']]]);
  });

  it('is forgotten after a minute', async () => {
    const { clock, nodes } = await three();
    nodes[2].link.cut();
    await clock.advance(6000);
    await nodes[0].calls.run(ROOM);
    await clock.advance(62_000);
    nodes[2].link.mend();
    await clock.advance(10_000);
    expect(nodes[2].done).toEqual([]);
  });

  it('waits for at most 2 s, and is sent again where it was lost', async () => {
    const { drops, faults } = dropping();
    const { clock, nodes } = await three(faults);
    drops.add('nodes').add('node:b').add('node:c');
    const running = nodes[0].calls.run(ROOM);
    await clock.advance(2000);
    expect(shown(await running)).toEqual([{ a: 1 }, ['b', 'c']]);
    drops.clear();
    await clock.advance(3000);
    expect(nodes.map(({ done }) => done.length)).toEqual([1, 1, 1]);
  });

  it('is carried out once where the answers are lost', async () => {
    const { drops, faults } = dropping();
    const { clock, nodes } = await three(faults);
    drops.add('node:a');
    const running = nodes[0].calls.run(ROOM);
    await clock.advance(5000);
    await running;
    drops.clear();
    await clock.advance(130_000);
    await nodes[0].calls.run(ROOM);
    expect(nodes.map(({ done }) => done.length)).toEqual([2, 2, 2]);
  });

  it('reports this node alone while the broker is down, and goes out when it is back', async () => {
    const { clock, nodes } = await three();
    nodes[0].link.cut();
    await settle();
    expect(shown(await nodes[0].calls.run(ROOM))).toEqual([{ a: 1 }, ['b', 'c', '*']]);
    nodes[0].link.mend();
    await clock.advance(3000);
    expect(nodes[1].done).toEqual(['room lobby']);
  });

  it('waits until a node that has just begun knows the others', async () => {
    const { clock, node } = deployment();
    const a = calling(await node('a'));
    const b = calling(await node('b'));
    const running = b.calls.run(ROOM);
    await clock.advance(600);
    expect(shown(await running)).toEqual([{ a: 1, b: 1 }, []]);
    expect(a.done).toHaveLength(1);
  });

  it('says that it knows no other node where its broker has never been there', async () => {
    const { clock, node } = deployment();
    const a = calling(await node('a'));
    const link = memoryBroker({ clock }).node();
    link.cut();
    const alone = calling(testNode('alone', link, clock));
    void alone.bus.start();
    const running = alone.calls.run(ROOM);
    await clock.advance(1800);
    expect([shown(await running), a.done]).toEqual([[{ alone: 1 }, ['*']], []]);
  });

  it('waits for a broker that is connecting, and reaches what is behind it', async () => {
    const clock = virtualClock();
    const broker = memoryBroker({ clock });
    const [a, b] = [broker.node(), broker.node()].map((link, index) =>
      calling(testNode(`${index}`, link, clock)),
    ) as [CallingNode, CallingNode];
    await a.bus.start();
    b.link.cut();
    void b.bus.start();
    const running = b.calls.run(ROOM);
    await clock.advance(100);
    b.link.mend();
    await clock.advance(1200);
    expect([shown(await running), a.done]).toEqual([[{ 0: 1, 1: 1 }, []], ['room lobby']]);
  });

  it('does not count as known what may have come during an outage', async () => {
    const { clock, node } = deployment();
    const a = calling(await node('a'));
    await clock.advance(1000);
    a.link.cut();
    await clock.advance(1000);
    const late = calling(await node('late'));
    await clock.advance(1000);
    a.link.mend();
    await settle();
    const running = a.calls.run(ROOM);
    await clock.advance(600);
    expect([shown(await running), late.done]).toEqual([[{ a: 1, late: 1 }, []], ['room lobby']]);
  });

  it('is not sent to a node that has begun after it', async () => {
    const { clock, node } = deployment();
    const a = calling(await node('a'));
    await clock.advance(1000);
    await a.calls.run(ROOM);
    await clock.advance(1000);
    const late = calling(await node('late'));
    await clock.advance(5000);
    expect(late.done).toEqual([]);
  });

  it('keeps at most 10,000 calls', async () => {
    const { clock, nodes } = await three();
    nodes[2].link.cut();
    await clock.advance(6000);
    const calls = Array.from({ length: 10_001 }, (_, index) =>
      nodes[0].calls.run({ ...ROOM, name: String(index) }, 'c'),
    );
    await Promise.all(calls);
    nodes[2].link.mend();
    await clock.advance(3000);
    expect([nodes[2].done.length, nodes[2].done[0]]).toEqual([10_000, 'room 1']);
  });

  it('is forgotten as the oldest of 10,001 also while it waits for others to be known', async () => {
    const { clock, nodes } = await three();
    nodes[0].link.cut();
    nodes[0].link.mend();
    await clock.advance(1);
    const first = nodes[0].calls.run(ROOM);
    const others = Array.from({ length: 10_000 }, () => nodes[0].calls.run(ROOM, 'c'));
    await clock.advance(5000);
    await Promise.all(others);
    // Its answers find no call any more.
    expect(shown(await first)).toEqual([{ a: 1 }, ['b', 'c']]);
  });

  it('is sent again to silent nodes a bounded number of times in a second, each in its turn', async () => {
    const { clock, nodes } = await three();
    const [a, b, c] = nodes;
    // Both are there, and answer nothing.
    b.bus.on(KIND.everywhere, () => {});
    let came = new Set<string>();
    let again = 0;
    c.bus.on(KIND.everywhere, (_from, body) => {
      again += 1;
      came.add(Buffer.from(body).toString('hex'));
    });
    const calls = Array.from({ length: 4000 }, (_, index) => a.calls.run({ ...ROOM, name: String(index) }));
    await clock.advance(500);
    came = new Set();
    again = 0;
    await clock.advance(1000);
    expect(again).toBe(MAX_AGAIN / 2);
    await clock.advance(1000);
    expect([again, came.size]).toEqual([MAX_AGAIN, 4000]);
    await Promise.all(calls);
  });

  it('is forgotten where the names of calls are too many bytes', async () => {
    const { clock, nodes } = await three();
    nodes[2].link.cut();
    await clock.advance(6000);
    const long = 'x'.repeat(MAX_KEPT_BYTES / 300);
    const calls = Array.from({ length: 300 }, (_, index) =>
      nodes[0].calls.run({ ...ROOM, name: `${index} ${long}` }, 'c'),
    );
    await Promise.all(calls);
    nodes[2].link.mend();
    await clock.advance(10_000);
    expect(nodes[2].done.length).toBeGreaterThan(290);
    expect(nodes[2].done.length).toBeLessThan(300);
    expect(nodes[2].done.some((done) => done.startsWith('room 0 '))).toBe(false);
  });

  it('takes answers of as many nodes as a node knows', async () => {
    const { clock, nodes } = await three();
    const [a, b] = nodes;
    b.bus.on(KIND.everywhere, () => {});
    const running = a.calls.run(ROOM);
    await settle();
    for (let count = 0; count < 5000; count += 1) {
      const node = { id: `invented ${count}`.replace(' ', '-'), epoch: 1 };
      const header = { kind: KIND.everywhereDone, node, sequence: 0, sincePreviousMs: Infinity };
      await b.link.publish('node:a', encodeEnvelope(header, bodyOf(encodeDone(1, 1))));
    }
    await b.bus.send('a', KIND.everywhereDone, encodeDone(1, 7));
    await clock.advance(2000);
    const report = await running;
    expect([report.nodes.size, report.nodes.get('b')]).toEqual([4097, 7]);
  });

  it('ends with its node', async () => {
    const { clock, nodes } = await three();
    const { drops } = dropping();
    drops.clear();
    nodes[1].link.cut();
    const running = nodes[0].calls.run(ROOM);
    nodes[0].calls.close();
    expect((await running).nodes.get('a')).toBe(1);
    const after = nodes[0].calls.run(ROOM);
    await clock.advance(2000);
    expect(shown(await after)).toEqual([{ a: 2 }, []]);
  });

  it('drops what is broken, and an answer that nobody awaits', async () => {
    const { clock, nodes } = await three();
    const [a, b] = nodes;
    await a.bus.send('b', KIND.everywhere, Buffer.from([1]));
    await a.bus.send('b', KIND.everywhereDone, Buffer.from([1]));
    await a.bus.send('b', KIND.everywhereDone, Buffer.alloc(12));
    await clock.advance(10);
    expect([b.bus.dropped.get('malformed'), b.done]).toEqual([2, []]);
  });
});

describe('calls of other nodes', () => {
  it('are remembered in bounded number: the oldest may be carried out again', () => {
    const receivers = new Map<Kind, Receive>();
    const bus = {
      clock: virtualClock(),
      on: (kind: Kind, receive: Receive) => void receivers.set(kind, receive),
      onNode: () => () => {},
      send: () => Promise.resolve('sent'),
    } as unknown as NodeBus;
    let done = 0;
    const calls = new EverywhereCalls(bus, () => (done += 1));
    const call = (number: number): void =>
      receivers.get(KIND.everywhere)?.({ id: 'b', epoch: 1 }, encodeCall(number, ROOM));
    for (let number = 1; number <= MAX_DONE; number += 1) call(number);
    call(1);
    expect(done).toBe(MAX_DONE);
    call(MAX_DONE + 1);
    call(1);
    expect(done).toBe(MAX_DONE + 2);
    calls.close();
  });
});
