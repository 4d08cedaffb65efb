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
});
