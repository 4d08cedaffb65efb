// A room as users hold it: a name, its members as a Map, and what `publish` refuses.

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ScriptedRooms } from './scripted-rooms.ts';
import type { PublishOptions } from '../../src/rooms/room.ts';

describe('room.members', () => {
  it('is a live Map by id, in the order in which they joined', () => {
    const rooms = new ScriptedRooms();
    const { members } = rooms.room('r');
    expect([members.size, [...members], members.get('a')]).toEqual([0, [], undefined]);
    const [a, b, c] = rooms.members('r', 3);
    rooms.socket('other').join('s');
    a?.join('r').leave();
    a?.join('r');
    expect([members.size, [...members.keys()]]).toEqual([3, ['b', 'c', 'a']]);
    expect([members.get('b'), members.has('c'), members.has('other'), members.get('__proto__')]).toEqual([
      b?.ws,
      true,
      false,
      undefined,
    ]);
    expect([...members.values()]).toEqual([b?.ws, c?.ws, a?.ws]);
  });

  it('is iterated over those that were there when it began, and still are', () => {
    const rooms = new ScriptedRooms();
    const [a, b] = rooms.members('r', 2);
    const seen: string[] = [];
    for (const [id] of rooms.room('r').members) {
      seen.push(id);
      if (id === a?.ws.id) b?.end();
      rooms.socket(`late ${id}`).join('r');
    }
    expect(seen).toEqual(['a']);
  });
});

describe('a room', () => {
  it('shows its name and its members, not how they are kept', () => {
    const rooms = new ScriptedRooms();
    const [a] = rooms.members('r', 1);
    expect(inspect(rooms.room('r'))).toBe("Room { name: 'r', members: 1 }");
    expect(inspect(rooms.room('r').members)).toContain("Members Map(1) { 'a' =>");
    expect(inspect(a?.join('r'))).toBe("Membership { room: 'r', skipped: 0, replaced: 0 }");
  });

  it.each([
    [7, undefined, 'room.publish(): expected a string or a Uint8Array, got 7'],
    ['x', { excpet: [] }, 'unknown option "excpet"; did you mean "except"?'],
    ['x', { except: 'a' }, 'except to be an array of ids of sockets, got "a"'],
    ['x', { except: [1] }, 'except to be an array of ids of sockets, got an array'],
    ['x', { retain: '' }, 'the key of retain to be a text of 1 to 1024 bytes of UTF-8, got ""'],
    ['x', { retain: 1 }, 'retain to be true, false or a text, got 1'],
    [{ a: 1 }, {}, 'a string or a Uint8Array (use JSON.stringify), got'],
    [Promise.resolve('x'), {}, 'a string or a Uint8Array (await the promise), got'],
    ['x', { retain: 'x'.repeat(1025) }, '1 to 1024 bytes of UTF-8, got 1025'],
  ])('refuses to publish %o with %o, and sends nothing', (data, options, text) => {
    const rooms = new ScriptedRooms();
    const [a] = rooms.members('r', 1);
    expect(() => rooms.room('r').publish(data as string, options as PublishOptions)).toThrow(text);
    expect(a?.sent).toEqual([]);
  });
});
