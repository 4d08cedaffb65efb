// What is held for a member until its handler has had the chance to write what is retained: its
// order, what replaces what, and its bounds.

import { describe, expect, it } from 'vitest';
import { HeldMessages } from '../../src/rooms/held-messages.ts';
import { MAX_WAITING_BYTES, MAX_WAITING_MESSAGES } from '../../src/rooms/latest-messages.ts';
import { OutgoingMessage } from '../../src/rooms/outgoing-message.ts';

const textsOf = (held: HeldMessages): readonly string[] =>
  [...held].map(({ message }) => String(message.data));
const add = (held: HeldMessages, text: string, key?: string): string =>
  held.add(new OutgoingMessage(text), key);

describe('messages that are held', () => {
  it('keep their order', () => {
    const held = new HeldMessages();
    const added = ['a', 'b', 'a'].map((text) => add(held, text));
    expect([added, textsOf(held)]).toEqual([
      ['accepted', 'accepted', 'accepted'],
      ['a', 'b', 'a'],
    ]);
  });

  it('are replaced by key, and never across one without a key', () => {
    const held = new HeldMessages();
    const added = [
      add(held, 'x1', 'x'),
      add(held, 'y1', 'y'),
      add(held, 'x2', 'x'),
      add(held, 'barrier'),
      add(held, 'x3', 'x'),
    ];
    expect([added, textsOf(held)]).toEqual([
      ['accepted', 'accepted', 'replaced', 'accepted', 'accepted'],
      ['x2', 'y1', 'barrier', 'x3'],
    ]);
  });

  it(`are at most ${MAX_WAITING_MESSAGES}: further ones are skipped, unless they replace one`, () => {
    const held = new HeldMessages();
    for (let key = 0; key < MAX_WAITING_MESSAGES; key += 1) add(held, 'x', `${key}`);
    expect([add(held, 'x'), add(held, 'y', '0'), textsOf(held).length]).toEqual([
      'skipped',
      'replaced',
      MAX_WAITING_MESSAGES,
    ]);
  });

  it('are at most 1 MiB, of which one message may be larger', () => {
    const held = new HeldMessages();
    const large = 'x'.repeat(MAX_WAITING_BYTES + 1);
    expect([add(held, large, 'k'), add(held, 'x'), add(held, large, 'k'), add(held, 'x', 'k')]).toEqual([
      'accepted',
      'skipped',
      'replaced',
      'replaced',
    ]);
    expect([add(held, 'x'.repeat(MAX_WAITING_BYTES - 1)), add(held, 'x')]).toEqual(['accepted', 'skipped']);
  });
});
