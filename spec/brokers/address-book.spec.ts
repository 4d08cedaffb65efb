import { describe, expect, it } from 'vitest';
import { AddressBook } from '../../src/brokers/address-book.ts';
import { noted } from './scripted-engine.ts';

const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);
const now = (): number => 10;

describe('AddressBook', () => {
  it('gives a message to each subscription of its address', () => {
    const book = new AddressBook();
    const [first, second, other] = [noted(), noted(), noted()];
    book.add('__proto__', first, undefined);
    book.add('__proto__', second, undefined);
    book.add('other', other, undefined);
    book.deliver('__proto__', bytes('1'), now);
    expect([first.events, second.events, other.events, book.size]).toEqual([['1'], ['1'], [], 2]);
  });

  it('tells a gap once, before the next message', () => {
    const book = new AddressBook();
    const taken = noted();
    const subscription = book.add('a', taken, undefined);
    book.lose(4);
    book.lose(6);
    book.deliver('a', bytes('1'), now);
    subscription.tellGap(20);
    expect(taken.events).toEqual(['gap of 6', '1']);
  });

  it('never tells a gap below 0, nor to a subscription that has ended', () => {
    const book = new AddressBook();
    const taken = noted();
    book.add('a', taken, 15);
    const ended = book.add('a', taken, 1);
    ended.end();
    ended.tellGap(10);
    book.deliver('a', bytes('1'), now);
    expect(taken.events).toEqual(['gap of 0', '1']);
  });

  it('gives a subscription nothing that it ends in its own gap', () => {
    const book = new AddressBook();
    const { events, receive } = noted();
    const subscription = book.add('a', { receive, onGap: () => void subscription.end() }, 1);
    book.deliver('a', bytes('1'), now);
    expect(events).toEqual([]);
  });

  it('says of an end whether it was the last, once', () => {
    const book = new AddressBook();
    const subscriptions = [book.add('a', noted(), undefined), book.add('a', noted(), undefined)];
    expect(subscriptions.map((subscription) => subscription.end())).toEqual([false, true]);
    expect(subscriptions.map((subscription) => subscription.end())).toEqual([false, false]);
  });

  it('tells all subscriptions of a refused address, behind a last gap, and gives them nothing more', () => {
    const book = new AddressBook();
    const taken = noted();
    const subscriptions = [book.add('a', taken, undefined), book.add('a', taken, 2)];
    subscriptions[0]!.entry.open();
    subscriptions[0]!.entry.refuse(new Error('broken', { cause: 'no' }), 7, 10);
    book.deliver('a', bytes('1'), now);
    expect(taken.events).toEqual(['gap of 3', 'refused: no', 'gap of 8', 'refused: no']);
    expect(subscriptions.map((subscription) => subscription.end())).toEqual([false, false]);
  });

  it('says nothing more to a subscription that ends in its last gap, or asks for no refusals', () => {
    const book = new AddressBook();
    const { events, receive, onRefused } = noted();
    const ended = book.add('a', { receive, onGap: () => void ended.end(), onRefused }, undefined);
    book.add('a', { receive, onGap: () => void events.push('gap') }, undefined);
    ended.entry.open();
    ended.entry.refuse(new Error('broken'), 7, 10);
    expect(events).toEqual(['gap']);
  });

  it('keeps the later one of two entries of an address', () => {
    const book = new AddressBook();
    const { entry } = book.add('a', noted(), undefined);
    book.remove(entry);
    const later = book.add('a', noted(), undefined);
    book.remove(entry);
    expect(book.get('a')).toBe(later.entry);
  });
});
