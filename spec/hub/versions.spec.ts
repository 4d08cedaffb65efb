// K13: nodes of different releases side by side, as in a rolling upgrade (releases.ts): messages of
// rooms, what heartbeats list, and what a node of another version is to the others. What hosts do
// with them is in host-releases.spec.ts.

import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { dropping, testNode } from './bus-fixtures.ts';
import type { TestNode } from './bus-fixtures.ts';
import { EARLIER, KIND_TO_COME, LATER, NEXT_VERSION, ofRelease } from './releases.ts';
import type { Release } from './releases.ts';
import { memoryBroker } from '../../src/brokers/memory-broker.ts';
import { bodyOf } from '../../src/hub/envelope.ts';
import type { EnvelopeError } from '../../src/hub/dropped-envelopes.ts';

interface SideBySide {
  readonly clock: VirtualClock;
  readonly ours: TestNode;
  readonly other: TestNode;
  /** What is sent to these addresses is lost. */
  readonly drops: Set<string>;
}

async function sideBySide(release: Release): Promise<SideBySide> {
  const clock = virtualClock();
  const { drops, faults } = dropping();
  const broker = memoryBroker({ clock, faults });
  const ours = testNode('ours', broker.node(), clock);
  const other = testNode('other', ofRelease(broker.node(), release), clock);
  for (const { bus, enter } of [ours, other]) {
    await bus.start();
    await enter('room');
  }
  await clock.advance(1500);
  return { clock, ours, other, drops };
}

const namesOf = ({ bus }: TestNode): readonly string[] => [...bus.nodes.keys()];

describe('K13: two releases side by side', () => {
  it.each([
    ['later', LATER],
    ['earlier', EARLIER],
  ])('bring each other what is published, beside a %s release', async (_, release) => {
    const { ours, other } = await sideBySide(release);
    for (const text of ['one', 'two']) {
      await ours.say('room', text);
      await other.say('room', text);
    }
    await settle();
    // The listener of a bus in this spec takes all kinds: that of a room drops what is to come.
    const once = (lines: readonly string[]): readonly string[] => [...new Set(lines)];
    expect([once(ours.told), once(other.told)]).toEqual([
      ['other: one', 'other: two'],
      ['ours: one', 'ours: two'],
    ]);
    expect([namesOf(ours), namesOf(other)]).toEqual([['other'], ['ours']]);
    expect([ours.reports, other.reports]).toEqual([[], []]);
  });

  it('tell no gap for kinds to come that are counted, and drop them', async () => {
    const { clock, ours, other } = await sideBySide(LATER);
    await other.bus.broadcast(KIND_TO_COME, Buffer.from('to all'));
    await other.bus.send('ours', KIND_TO_COME, Buffer.from('to one'));
    await other.bus.publish('room:room', KIND_TO_COME, bodyOf(Buffer.from('to a room')));
    await other.say('room', 'and on');
    await clock.advance(5000);
    expect(ours.told.filter((line) => line.startsWith('gap'))).toEqual([]);
    expect(ours.bus.dropped.get('kind')).toBeGreaterThan(2);
    expect([ours.told.includes('other: and on'), ours.reports]).toEqual([true, []]);
  });

  it.each([
    ['later', LATER],
    ['earlier', EARLIER],
  ])('notice by the lists of heartbeats what was lost last, beside a %s release', async (_, release) => {
    const { clock, ours, other, drops } = await sideBySide(release);
    drops.add('room:room');
    await ours.say('room', 'lost');
    await other.say('room', 'lost');
    await settle();
    drops.clear();
    await clock.advance(5000);
    expect([ours.told, other.told].map((told) => told.map((line) => line.split(' ')[0]))).toEqual([
      ['gap'],
      ['gap'],
    ]);
  });

  it.each([
    ['later', LATER],
    ['earlier', EARLIER],
  ])('answer with their lists what heartbeats were missed, beside a %s release', async (_, release) => {
    const { clock, ours, other, drops } = await sideBySide(release);
    for (const address of ['room:room', 'nodes']) drops.add(address);
    await ours.say('room', 'lost');
    await other.say('room', 'lost');
    await clock.advance(2000);
    drops.clear();
    await clock.advance(6000);
    expect([ours.told.length, other.told.length, namesOf(ours), namesOf(other)]).toEqual([
      1,
      1,
      ['other'],
      ['ours'],
    ]);
  });
});

describe('K13: two versions side by side', () => {
  it('leave each other alone, and each goes on by itself', async () => {
    const clock = virtualClock();
    const broker = memoryBroker({ clock });
    const nodes = ['a', 'b', 'c', 'd'].map((name, at) =>
      testNode(name, at < 2 ? broker.node() : ofRelease(broker.node(), NEXT_VERSION), clock),
    );
    for (const { bus, enter } of nodes) {
      await bus.start();
      await enter('room');
    }
    await clock.advance(1500);
    for (const { say } of nodes) await say('room', 'hello');
    await clock.advance(5000);
    expect(nodes.map(({ told }) => told)).toEqual([['b: hello'], ['a: hello'], ['d: hello'], ['c: hello']]);
    expect(nodes.map(namesOf)).toEqual([['b'], ['a'], ['d'], ['c']]);
    expect(nodes.map(({ bus }) => bus.isSureOfOthers)).toEqual([true, true, true, true]);
  });

  it('count all that they drop of each other, and report the first at once and then sums each minute', async () => {
    const { clock, ours, other } = await sideBySide(NEXT_VERSION);
    let sent = ours.bus.dropped.get('version') ?? 0;
    const publish = other.link.publish.bind(other.link);
    other.link.publish = (address, bytes) => {
      sent += 1;
      return publish(address, bytes);
    };
    for (let second = 0; second < 180; second += 1) {
      await other.say('room', `${second}`);
      await clock.advance(1000);
    }
    const reports = ours.reports as readonly EnvelopeError[];
    expect(reports.map(({ code, reason }) => `${code} ${reason}`)).toEqual(
      Array.from({ length: 4 }, () => 'COROSOCK_ENVELOPE version'),
    );
    // Each second a message and a heartbeat. The first minute began before the loop.
    const [first, , ...sums] = reports.map(({ count }) => count);
    expect([first, ...sums]).toEqual([1, 120, 120]);
    expect([ours.bus.dropped.get('version'), ours.told]).toEqual([sent, []]);
  });
});
