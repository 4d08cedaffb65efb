// What `retain` keeps: the last message of a room and of each key, within bounds, and which of them
// a new member is given.

import { describe, expect, it } from 'vitest';
import {
  KEEPING_ROOM_BYTES,
  KEPT_OVERHEAD_BYTES,
  MAX_RETAINED_BYTES,
  MAX_RETAINED_KEYS,
  RetainedMessages,
} from '../../src/rooms/retained-messages.ts';
import type { KeepingRoom } from '../../src/rooms/retained-messages.ts';
import { realClock } from '../../src/time/real-clock.ts';
import { ScriptedRooms } from './scripted-rooms.ts';

const ROOM: KeepingRoom = {
  name: 'r',
  kept: undefined,
  removed: undefined,
  keptOnDrop: () => {},
  keptOnForget: () => {},
};

describe('membership.retained', () => {
  it('has the last message of the room and of each key, oldest first', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    room.publish('not kept');
    room.publish('not kept either', { retain: false });
    room.publish('a1', { retain: 'a' });
    room.publish('last1', { retain: true });
    room.publish('a2', { retain: 'a' });
    room.publish('proto', { retain: '__proto__' });
    room.publish('last2', { retain: true });
    expect(rooms.socket('s').join('r').retained).toEqual(['a2', 'proto', 'last2']);
  });

  it('is empty where nothing was kept', () => {
    const rooms = new ScriptedRooms();
    const { retained } = rooms.socket('s').join('r');
    expect([retained, rooms.registry.retained('r').size]).toEqual([[], 0]);
  });

  it('has nothing that an empty message has removed', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const [a] = rooms.members('r', 1);
    room.publish('x', { retain: true });
    room.publish('y', { retain: 'key' });
    room.publish('', { retain: true });
    room.publish('', { retain: 'never kept' });
    expect([rooms.socket('s').join('r').retained, a?.sent]).toEqual([['y'], ['x', 'y', '', '']]);
  });

  it('has no message that came live, also where it is read late, nor one that is out of date', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    for (const key of ['a', 'b', 'c']) room.publish(`${key}1`, { retain: key });
    const membership = rooms.socket('s').join('r');
    room.publish('b2', { retain: 'b' });
    room.publish('', { retain: 'c' });
    expect(membership.retained).toEqual(['a1']);
    membership.leave();
    expect(membership.retained).toEqual([]);
  });

  it('keeps bytes of its own: the publisher may change them', () => {
    const rooms = new ScriptedRooms();
    const bytes = new Uint8Array([1, 2, 3]);
    rooms.room('r').publish(bytes, { retain: true });
    bytes.fill(0);
    const [kept] = rooms.socket('s').join('r').retained;
    expect(new Uint8Array(kept as Uint8Array)).toEqual(new Uint8Array([1, 2, 3]));
  });
});

describe('the kept messages of a host', () => {
  it(`are at most ${MAX_RETAINED_KEYS} in a room: the oldest goes, and is reported`, () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    for (let key = 0; key <= MAX_RETAINED_KEYS; key += 1) room.publish(`${key}`, { retain: `key ${key}` });
    const { retained } = rooms.socket('s').join('r');
    expect([retained.length, retained[0]]).toEqual([MAX_RETAINED_KEYS, '1']);
    expect(rooms.reports).toEqual([
      ['retain: dropped', new Error('room.publish(): the room "r" keeps no more: its oldest was dropped')],
    ]);
  });

  it('are bounded in bytes over all rooms: the oldest go, and each costs more than its bytes', () => {
    const retained = new RetainedMessages(realClock);
    const dropped: string[] = [];
    const roomOf = (name: string): KeepingRoom => ({ ...ROOM, name, keptOnDrop: () => dropped.push(name) });
    let time = 0;
    const keep = (room: KeepingRoom, key: true | string, data: string): void =>
      retained.keep(room, key, { data, version: { time: (time += 1), node: '' } }, time);
    const [a, b, c] = [roomOf('a'), roomOf('b'), roomOf('c')];
    const overhead = KEPT_OVERHEAD_BYTES + KEEPING_ROOM_BYTES + 1;
    const third = 'x'.repeat(MAX_RETAINED_BYTES / 2 - overhead - 3);
    keep(a, 'key', third);
    keep(b, 'key', third);
    expect([retained.bytes, dropped]).toEqual([MAX_RETAINED_BYTES, []]);
    keep(c, true, 'x');
    expect([dropped, a.kept, retained.bytes]).toEqual([
      ['a'],
      undefined,
      MAX_RETAINED_BYTES / 2 + overhead + 1,
    ]);
    keep(c, 'large', 'x'.repeat(MAX_RETAINED_BYTES));
    expect([dropped, b.kept, c.kept, retained.bytes]).toEqual([
      ['a', 'b', 'c', 'c'],
      undefined,
      undefined,
      0,
    ]);
  });

  it('cost their keys, too', () => {
    const retained = new RetainedMessages(realClock);
    const room = { ...ROOM };
    let time = 0;
    const keep = (key: true | string, data: string): void =>
      retained.keep(room, key, { data, version: { time: (time += 1), node: '' } }, time);
    keep('ключ', 'x');
    keep(true, 'yy');
    expect(retained.bytes).toBe(KEEPING_ROOM_BYTES + 1 + 2 * KEPT_OVERHEAD_BYTES + 8 + 1 + 2);
    keep(true, '');
    keep('ключ', 'z');
    keep('ключ', '');
    expect(retained.bytes).toBe(0);
  });

  it('cost their rooms, too: names that clients choose take no more than the whole', () => {
    const rooms = new ScriptedRooms();
    const nameOf = (number: number): string => `${number}`.padStart(1000, 'x');
    const most = Math.floor(MAX_RETAINED_BYTES / (KEPT_OVERHEAD_BYTES + KEEPING_ROOM_BYTES + 1000 + 1));
    for (let number = 0; number < most + 10; number += 1) {
      rooms.room(nameOf(number)).publish('x', { retain: true });
    }
    expect([rooms.registry.size, rooms.reports.length]).toEqual([most, 10]);
    expect(rooms.socket('s').join(nameOf(10)).retained).toEqual(['x']);
  });

  it('are the newest, in whatever order they come, and are given oldest first', () => {
    const dropped: string[] = [];
    const room = { ...ROOM, keptOnDrop: () => dropped.push('one') };
    const retained = new RetainedMessages(realClock);
    const keep = (key: string, time: number): void =>
      retained.keep(room, key, { data: key, version: { time, node: 'a' } }, 0);
    for (let time = MAX_RETAINED_KEYS; time > 0; time -= 1) keep(`${time}`, time);
    keep('too old', 0);
    expect([room.kept?.size, room.kept?.has('too old'), dropped]).toEqual([MAX_RETAINED_KEYS, false, []]);
    keep('new', MAX_RETAINED_KEYS + 1);
    const texts = RetainedMessages.upTo(room, 0);
    expect([texts[0], texts.at(-1), texts.length, dropped]).toEqual(['2', 'new', MAX_RETAINED_KEYS, ['one']]);
  });
});
