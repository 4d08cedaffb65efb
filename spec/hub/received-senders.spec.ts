// What a node remembers of senders over all of its addresses: how many, and what an honest sender
// loses where a hostile program invents others.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Envelope } from '../../src/hub/envelope.ts';
import { ReceivedLine } from '../../src/hub/received-line.ts';
import { ReceivedSenders } from '../../src/hub/received-senders.ts';
import type { Sender } from '../../src/hub/received-senders.ts';
import { LAW, tries } from '../fixtures/law.ts';
import { FloodedNode } from './flooded-node.ts';
import type { FloodStep } from './flooded-node.ts';

/** All times up to this one are plausible. */
const PLAUSIBLE = 1_000_000;

function lines(most?: number): {
  readonly senders: ReceivedSenders;
  readonly one: ReceivedLine;
  readonly two: ReceivedLine;
} {
  const senders = new ReceivedSenders({ hear: (time) => time <= PLAUSIBLE }, most);
  const [one, two] = [new ReceivedLine(senders), new ReceivedLine(senders)];
  one.restart(0);
  two.restart(0);
  return { senders, one, two };
}

/** @param time - Also when it is sent. */
function from(id: string, sequence: number, time?: number, sincePreviousMs = 1): Envelope {
  return { kind: 16, node: { id, epoch: 1 }, sequence, sincePreviousMs, time, body: new Uint8Array() };
}

describe('ReceivedSenders', () => {
  it('K15: are bounded over all lines: the one that was used longest ago is evicted', () => {
    const { one, two } = lines(2);
    one.accept(from('a', 1, 10), 10);
    two.accept(from('a', 1, 11), 11);
    one.accept(from('a', 2, 12), 12);
    two.accept(from('b', 1, 13), 13);
    expect(one.accept(from('a', 2, 12), 14)).toEqual({ kind: 'duplicate' });
    expect(two.accept(from('a', 1, 11), 15)).toEqual({ kind: 'doubtful', forMs: 15 });
  });

  it('let what an evicted one sends later pass, behind a gap, and nothing that it has sent before', () => {
    const { one, two } = lines(1);
    for (const sequence of [1, 2, 3]) one.accept(from('a', sequence, sequence), 4);
    two.accept(from('x', 1, 2), 5);
    const again = [2, 3, 4, 3, 5].map((sequence) => one.accept(from('a', sequence, sequence), 9).kind);
    expect(again).toEqual(['doubtful', 'doubtful', 'gap', 'duplicate', 'next']);
  });

  it('drop what is doubtful of a sender of which a heartbeat alone has come', () => {
    const { one, two } = lines(1);
    one.accept(from('a', 1, 4), 4);
    two.accept(from('x', 1, 5), 5);
    one.told({ id: 'a', epoch: 1 }, 1, 1, 6);
    expect(one.accept(from('a', 1, 4), 7).kind).toBe('doubtful');
  });

  it('owe a gap where an evicted one was awaited', () => {
    const { one, two } = lines(1);
    one.accept(from('a', 1, 1), 1);
    one.told({ id: 'a', epoch: 1 }, 2, 0, 20);
    two.accept(from('x', 1, 30), 30);
    expect([one.isAwaiting, one.overdue(40), one.isAwaiting, two.isAwaiting]).toEqual([
      true,
      40,
      false,
      false,
    ]);
    one.told({ id: 'a', epoch: 1 }, 3, 0, 50);
    two.accept(from('x', 2, 60), 60);
    one.restart(70);
    expect(one.isAwaiting).toBe(false);
  });

  it('take no time from an evicted one that is not plausible, or from one that says none', () => {
    const { one, two } = lines(1);
    one.accept(from('x', 1, Number.MAX_SAFE_INTEGER), 1);
    one.accept(from('y', 1), 2);
    two.accept(from('a', 1, 3), 3);
    expect(one.accept(from('a', 1, 3), 4).kind).toBe('doubtful');
    expect(two.accept(from('b', 1, 4), 5).kind).toBe('next');
    expect(two.accept(from('c', 1), 6).kind).toBe('next');
  });

  it('are forgotten with their line', () => {
    const { one, two } = lines(2);
    one.accept(from('a', 1, 1), 1);
    two.accept(from('a', 1, 2), 2);
    one.close();
    two.accept(from('b', 1, 3), 3);
    expect(two.accept(from('a', 1, 2), 4).kind).toBe('duplicate');
  });

  it('are forgotten without a message for long, unless one is awaited', () => {
    const { senders, one, two } = lines(3);
    one.accept(from('a', 1, 1), 1);
    two.accept(from('a', 1, 2), 2);
    two.accept(from('b', 1, 3), 3);
    two.told({ id: 'a', epoch: 1 }, 2, 0, 4);
    senders.forget(100);
    const forgotten = [one.accept(from('a', 1, 1), 5), two.accept(from('b', 1, 3), 5)];
    expect(forgotten.map(({ kind }) => kind)).toEqual(['next', 'next']);
    expect([two.accept(from('a', 1, 2), 6).kind, two.isAwaiting]).toEqual(['duplicate', true]);
  });

  it('are 500,000', () => {
    const senders = new ReceivedSenders({ hear: () => true });
    const evicted: number[] = [];
    const owner = { awaits: () => false, remove: ({ sequence }: Sender) => void evicted.push(sequence) };
    const one = { previous: undefined, next: undefined, owner, id: 'a', epoch: 1, receivedMs: 0, time: 0 };
    const rest = { isCounted: true, announced: 0, announcedMs: 0 };
    for (let sequence = 1; sequence <= 500_000; sequence += 1) senders.add({ ...one, ...rest, sequence });
    expect(evicted).toEqual([]);
    senders.add({ ...one, ...rest, sequence: 500_001 });
    expect(evicted).toEqual([1]);
  });
});

describe('honest senders beside one that invents others', () => {
  it('lose nothing in silence, and are heard once, in order, and again', LAW, () => {
    const at = fc.nat(1);
    const step: fc.Arbitrary<FloodStep> = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('say'),
          node: at,
          line: at,
          isLost: fc.nat(3).map((n) => n === 0),
        }),
      },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('arrive'), node: at }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('repeat'), which: fc.nat(99) }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('invent'),
          line: at,
          count: fc.integer({ min: 1, max: 4 }),
          aheadMs: fc.constantFrom(0, 0, 700, 80_000_000, 90_000_000),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.constantFrom(1, 1, 300, 2500, 130_000) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), at, (script, skew) => {
        const node = new FloodedNode(skew * 400);
        for (const each of script) node.play(each);
        node.end();
        expect(node.wrongs).toEqual([]);
      }),
      tries(300),
    );
  });
});
