// The rooms of one socket, few and many: each membership is found, and the end leaves all.

import { describe, expect, it } from 'vitest';
import { SocketRooms } from '../../src/rooms/socket-rooms.ts';
import type { SocketMember } from '../../src/rooms/socket-rooms.ts';

class Entry implements SocketMember<Entry> {
  readonly state: object = {};
  previousOfSocket: Entry | undefined;
  nextOfSocket: Entry | undefined;
  readonly #rooms: SocketRooms<Entry>;

  constructor(rooms: SocketRooms<Entry>) {
    this.#rooms = rooms;
    rooms.add(this);
  }

  leave(): void {
    this.#rooms.remove(this);
  }
}

describe.each([1, 3, 16, 17, 40])('a socket in %d rooms', (count) => {
  it('finds its membership in each, none in another, and none that it has left', () => {
    const rooms = new SocketRooms<Entry>();
    const entries = Array.from({ length: count }, () => new Entry(rooms));
    expect(entries.map(({ state }) => rooms.find(state))).toEqual(entries);
    expect(rooms.find({})).toBeUndefined();
    for (const [index, entry] of entries.entries()) if (index % 3 === 1) entry.leave();
    expect(entries.map(({ state }) => rooms.find(state) !== undefined)).toEqual(
      entries.map((_, index) => index % 3 !== 1),
    );
  });

  it('leaves all at its end, and can join again', () => {
    const rooms = new SocketRooms<Entry>();
    const entries = Array.from({ length: count }, () => new Entry(rooms));
    rooms.leaveAll();
    expect(entries.map(({ state }) => rooms.find(state))).toEqual(entries.map(() => undefined));
    const again = new Entry(rooms);
    expect(rooms.find(again.state)).toBe(again);
  });
});
