// K13: nodes of different releases side by side, as in a rolling upgrade. A later release is played
// by a link that changes what its node sends.

import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { testNode } from './bus-fixtures.ts';
import type { TestNode } from './bus-fixtures.ts';
import { memoryBroker } from '../../src/brokers/memory-broker.ts';
import type { MemoryNode } from '../../src/brokers/memory-broker.ts';
import { bodyOf, KIND } from '../../src/hub/envelope.ts';

type Change = (envelope: Buffer) => Buffer;

/** Makes a link whose node sends what `change` makes of its envelopes. */
function changing(link: MemoryNode, change: Change): MemoryNode {
  const publish = link.publish.bind(link);
  return Object.assign(link, {
    publish: (address: string, bytes: Uint8Array) => publish(address, change(Buffer.from(bytes))),
  });
}

/** A later release of version 1: fields behind those of the header, and behind those of heartbeats. */
const laterRelease: Change = (envelope) => {
  const end = envelope.readUInt16BE(6);
  const isHeartbeat = envelope[5] === KIND.heartbeat;
  const header = Buffer.concat([envelope.subarray(0, end), Buffer.from('more')]);
  header.writeUInt16BE(end + 4, 6);
  return Buffer.concat([header, envelope.subarray(end), Buffer.from(isHeartbeat ? 'more' : '')]);
};

/** An earlier release of version 1: its headers have no time. */
const earlierRelease: Change = (envelope) => {
  const end = envelope.readUInt16BE(6);
  const header = Buffer.from(envelope.subarray(0, end - 8));
  header.writeUInt16BE(end - 8, 6);
  return Buffer.concat([header, envelope.subarray(end)]);
};

/** Version 2. */
const nextVersion: Change = (envelope) => {
  envelope[4] = 2;
  return envelope;
};

async function sideBySide(change: Change): Promise<readonly [old: TestNode, newer: TestNode]> {
  const clock = virtualClock();
  const broker = memoryBroker({ clock });
  const nodes = [
    testNode('old', broker.node(), clock),
    testNode('newer', changing(broker.node(), change), clock),
  ] as const;
  for (const { bus, enter } of nodes) {
    await bus.start();
    await enter('room');
  }
  await clock.advance(1500);
  return nodes;
}

describe('K13: two releases side by side', () => {
  it('understand each other where the later one has more fields and kinds', async () => {
    const [old, newer] = await sideBySide(laterRelease);
    await old.say('room', 'from the old one');
    await newer.say('room', 'from the newer one');
    await newer.bus.broadcast(250, Buffer.from('a kind to come'));
    await newer.bus.publish('room:room', 251, bodyOf(Buffer.from('for the room')));
    await newer.say('room', 'and on');
    await settle();
    expect(newer.told).toEqual(['old: from the old one']);
    expect(old.told.filter((line) => !line.endsWith('for the room'))).toEqual([
      'newer: from the newer one',
      'newer: and on',
    ]);
    expect([[...old.bus.nodes.keys()], [...newer.bus.nodes.keys()]]).toEqual([['newer'], ['old']]);
    expect([old.reports, newer.reports]).toEqual([[], []]);
  });

  it('understand each other where the earlier one has no time in its headers', async () => {
    const [old, newer] = await sideBySide(earlierRelease);
    await old.say('room', 'from the later one');
    await newer.say('room', 'from the earlier one');
    await settle();
    expect([old.told, newer.told]).toEqual([['newer: from the earlier one'], ['old: from the later one']]);
    expect([old.reports, newer.reports]).toEqual([[], []]);
  });

  it('leave each other alone where the layout has changed, and say so', async () => {
    const [old, newer] = await sideBySide(nextVersion);
    await newer.say('room', 'from the newer one');
    await newer.bus.close();
    await settle();
    expect([old.told, [...old.bus.nodes.keys()]]).toEqual([[], []]);
    expect(old.bus.dropped.get('version')).toBeGreaterThan(1);
    expect(old.reports).toMatchObject([{ code: 'COROSOCK_ENVELOPE', reason: 'version', count: 1 }]);
  });
});
