import { describe, expect, it } from 'vitest';
import {
  checkAddress,
  isStateAddress,
  roomAddress,
  roomOf,
  sentAddress,
  stateAddress,
} from '../../src/hub/broker-address.ts';

describe('checkAddress', () => {
  it.each(['a', ' ', '__proto__', 'room:héllo \u{1f600}', 'x'.repeat(1100), 'é'.repeat(550), '*.>'])(
    'lets %j pass',
    (address) => {
      expect(() => checkAddress('call', address)).not.toThrow();
    },
  );

  it.each(['', 'x'.repeat(1101), 'é'.repeat(551), 'half \ud83d', 7, undefined])('refuses %j', (address) => {
    expect(() => checkAddress('broker.publish()', address)).toThrow(
      /^broker\.publish\(\): expected address to be a text of 1 to 1100 bytes of UTF-8/,
    );
  });
});

describe('roomOf', () => {
  it.each(['x', '', 'room:x'])('gives the name of the room %j back', (room) => {
    expect(roomOf(roomAddress(room))).toBe(room);
  });
});

describe('the sequence of what is no message of a room', () => {
  it.each(['x', '__proto__', 'state:x', 'room:x'])('has a name of its own for %j', (room) => {
    const state = stateAddress(roomAddress(room));
    expect([isStateAddress(state), isStateAddress(roomAddress(room))]).toEqual([true, false]);
    expect([sentAddress(state), sentAddress(roomAddress(room))]).toEqual([
      roomAddress(room),
      roomAddress(room),
    ]);
  });
});
