import { describe, expect, it } from 'vitest';
import { MAX_SENT_BYTES, MAX_SENT_TOLD_BYTES, SentSequences } from '../../src/hub/sent-sequences.ts';

const sinceOf = (sent: SentSequences, number: number): readonly (readonly [string, number])[] =>
  sent.since(number).map(({ address, sequence }) => [address, sequence]);

describe('SentSequences', () => {
  it('counts each address on its own, and says how long ago the one before was sent', () => {
    const sent = new SentSequences();
    expect([sent.next('a', 0), sent.next('a', 5), sent.next('a', 5)]).toEqual([
      { sequence: 1, sincePreviousMs: Infinity },
      { sequence: 2, sincePreviousMs: 5 },
      { sequence: 3, sincePreviousMs: 0 },
    ]);
    expect([sent.next('b', 6), sent.next('b', 8), sent.next('a', 9)]).toEqual([
      { sequence: 4, sincePreviousMs: Infinity },
      { sequence: 5, sincePreviousMs: 2 },
      { sequence: 4, sincePreviousMs: 4 },
    ]);
    expect(sent.number).toBe(6);
  });

  it('lists the addresses that were used after an envelope, the last one last', () => {
    const sent = new SentSequences();
    for (const address of ['a', 'b', 'c', 'a']) sent.next(address, 0);
    expect(sinceOf(sent, 0)).toEqual([
      ['b', 2],
      ['c', 3],
      ['a', 2],
    ]);
    expect(sinceOf(sent, 3)).toEqual([['a', 2]]);
    expect(sinceOf(sent, 4)).toEqual([]);
  });

  it('forgets idle addresses, and begins them anew above each sequence that they have had', () => {
    const sent = new SentSequences();
    for (let round = 0; round < 10; round += 1) sent.next('idle', round);
    sent.next('busy', 20);
    sent.toldTo = 11;
    sent.forget(20);
    expect([sent.forgotten, sinceOf(sent, 0)]).toEqual([10, [['busy', 11]]]);
    expect(sent.next('idle', 30)).toEqual({ sequence: 12, sincePreviousMs: Infinity });
    sent.forget(100);
    expect([sent.forgotten, sinceOf(sent, 0)]).toEqual([12, []]);
  });

  it('says that there may be more before, where heartbeats have not told of all that was forgotten', () => {
    const sent = new SentSequences();
    sent.next('idle', 5);
    sent.forget(20);
    expect(sent.next('other', 30)).toEqual({ sequence: 2, sincePreviousMs: 25 });
    sent.toldTo = 1;
    expect(sent.next('third', 30)).toEqual({ sequence: 3, sincePreviousMs: Infinity });
  });

  it('bounds what it remembers of names: first goes what heartbeats have told of', () => {
    const sent = new SentSequences();
    const name = (count: number): string => String(count).padStart(1000, 'n');
    const most = Math.floor(MAX_SENT_TOLD_BYTES / (1000 + 256));
    for (let count = 0; count < most; count += 1) sent.next(name(count), count);
    // Nothing is told yet: a loss would not be noticed.
    sent.next(name(most), most);
    expect([sent.since(0).length, sent.forgotten]).toEqual([most + 1, 0]);
    sent.toldTo = sent.number;
    sent.next(name(most + 1), most);
    expect([sent.since(0).length, sent.forgotten]).toEqual([most, 2]);
    expect(sent.next(name(0), most)).toEqual({ sequence: most + 3, sincePreviousMs: Infinity });
  });

  it('bounds it also while heartbeats tell nothing, and says that a loss is possible', () => {
    const sent = new SentSequences();
    const most = Math.floor(MAX_SENT_BYTES / (1000 + 256));
    for (let count = 0; count <= most; count += 1) sent.next(String(count).padStart(1000, 'n'), 5);
    expect([sent.since(0).length, sent.forgotten]).toEqual([most, 1]);
    expect(sent.next('new', 9)).toEqual({ sequence: most + 2, sincePreviousMs: 4 });
  });
});
