// Presence as users hold it, in one process: who is counted, for how long, and what is refused.

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { PresenceOf } from '../../src/rooms/room.ts';
import { MAX_METAS } from '../../src/rooms/presence-state.ts';
import { ScriptedRooms } from './scripted-rooms.ts';
import type { ScriptedWs } from './scripted-rooms.ts';

type Listed = Readonly<Record<string, readonly [sockets: number, meta: readonly unknown[]]>>;

function listed(presence: PresenceOf<ScriptedWs>): Listed {
  const { members } = presence.list();
  return Object.fromEntries([...members].map(([key, { sockets, meta }]) => [key, [sockets, meta]]));
}

describe('room.presence', () => {
  it('counts sockets by key, each once, with the last meta of each', () => {
    const rooms = new ScriptedRooms();
    const { presence } = rooms.room('r');
    const [a, b, c] = ['a', 'b', 'c'].map((id) => rooms.socket(id).ws) as [
      ScriptedWs,
      ScriptedWs,
      ScriptedWs,
    ];
    presence.track(a, 'ada', { device: 'phone' });
    presence.track(b, 'ada', { device: 'old' });
    presence.track(b, 'ada', { device: 'desk' });
    presence.track(c, '__proto__');
    presence.track(c, 'ada');
    presence.track(c, 'grace', null);
    const { members, ...heard } = rooms.room('r').presence.list();
    expect([...members]).toEqual([
      ['ada', { sockets: 3, meta: [{ device: 'phone' }, { device: 'desk' }] }],
      ['__proto__', { sockets: 1, meta: [] }],
      ['grace', { sockets: 1, meta: [null] }],
    ]);
    expect(heard).toEqual({ missingNodes: [], asOfMs: 0 });
    expect(rooms.room('other').presence.list().members.size).toBe(0);
  });

  it('is of now where there is no other node', () => {
    const rooms = new ScriptedRooms();
    rooms.clock.tick(3000);
    expect(rooms.room('r').presence.list().asOfMs).toBe(3000);
  });

  it('is a list of its moment, with copies of what was given', () => {
    const rooms = new ScriptedRooms();
    const { presence } = rooms.room('r');
    const socket = rooms.socket('a');
    const meta = { is: 'before' };
    presence.track(socket.ws, 'ada', meta);
    meta.is = 'after';
    const { members } = presence.list();
    presence.track(socket.ws, 'ada');
    presence.track(socket.ws, 'grace');
    expect([...members]).toEqual([['ada', { sockets: 1, meta: [{ is: 'before' }] }]]);
    expect(listed(presence)).toEqual({ ada: [1, []], grace: [1, []] });
  });

  it('makes its list anew where something has changed, and at no other time', () => {
    const rooms = new ScriptedRooms();
    const { presence } = rooms.room('r');
    const [a, b] = [rooms.socket('a'), rooms.socket('b')] as const;
    presence.track(a.ws, 'ada');
    const changes = [
      () => presence.track(b.ws, 'ada'),
      () => presence.track(b.ws, 'ada', 'desk'),
      () => b.end(),
      () => a.end(),
      () => rooms.clock.tick(5000),
    ];
    let { members } = presence.list();
    const isSame = changes.map((change) => {
      const kept = presence.list().members === members;
      change();
      const before = members;
      ({ members } = presence.list());
      return [kept, before === members];
    });
    expect(isSame).toEqual(changes.map(() => [true, false]));
    expect(members.size).toBe(0);
  });

  it('lists so many meta of one key', () => {
    const rooms = new ScriptedRooms();
    const { presence } = rooms.room('r');
    presence.track(rooms.socket('none').ws, 'ada');
    for (let index = 0; index < MAX_METAS + 5; index += 1) {
      presence.track(rooms.socket(`s${index}`).ws, 'ada', index);
    }
    const ada = presence.list().members.get('ada');
    expect([ada?.sockets, ada?.meta.length, ada?.meta[0]]).toEqual([MAX_METAS + 6, MAX_METAS, 0]);
  });

  it('ends with the socket, also in rooms that it is no member of', () => {
    const rooms = new ScriptedRooms();
    const socket = rooms.socket('a');
    socket.join('r');
    for (const name of ['r', 's']) rooms.room(name).presence.track(socket.ws, 'ada');
    socket.end();
    rooms.room('r').presence.track(socket.ws, 'late');
    expect(['r', 's'].map((name) => listed(rooms.room(name).presence))).toEqual([
      { ada: [0, []] },
      { ada: [0, []] },
    ]);
    rooms.clock.tick(5000);
    expect([rooms.registry.size, listed(rooms.room('r').presence), rooms.clock.timers]).toEqual([0, {}, 0]);
  });

  it('ends where the socket leaves the room, and in that room alone', () => {
    const rooms = new ScriptedRooms();
    const [a, b] = rooms.members('r', 2);
    const membership = a?.join('r');
    for (const socket of [a, b]) rooms.room('r').presence.track(socket?.ws as ScriptedWs, 'ada');
    rooms.room('s').presence.track(a?.ws as ScriptedWs, 'ada');
    membership?.leave();
    expect(['r', 's'].map((name) => listed(rooms.room(name).presence))).toEqual([
      { ada: [1, []] },
      { ada: [1, []] },
    ]);
    rooms.room('r').presence.track(a?.ws as ScriptedWs, 'again');
    expect(listed(rooms.room('r').presence)).toEqual({ ada: [1, []], again: [1, []] });
  });

  it('keeps nothing of a room that is only asked', () => {
    const rooms = new ScriptedRooms();
    expect(rooms.room('r').presence.list().members.size).toBe(0);
    rooms.room('r').presence.changes().close();
    expect(rooms.registry.size).toBe(0);
  });

  it('shows its list', () => {
    const rooms = new ScriptedRooms();
    rooms.room('r').presence.track(rooms.socket('a').ws, 'ada');
    expect(inspect(rooms.room('r').presence)).toContain(
      "Presence {\n  members: Map(1) { 'ada' => { sockets: 1, meta: [] } },\n  missingNodes: [],",
    );
  });

  it.each([
    ['', undefined, 'room.presence.track(): expected key to be a text of 1 to 1024 bytes of UTF-8, got ""'],
    [7, undefined, 'room.presence.track(): expected key to be a text of 1 to 1024 bytes of UTF-8, got 7'],
    ['x'.repeat(1025), undefined, '1 to 1024 bytes of UTF-8, got 1025'],
    ['ada', () => {}, 'expected a value that JSON can hold, got a function'],
    ['ada', { all: new Map() }, 'Map at "value.all"'],
    ['ada', 'x'.repeat(4095), 'expected a meta of at most 4096 bytes of JSON, got 4097'],
  ] as ReadonlyArray<[string, unknown, string]>)('refuses the key %o with meta %o', (key, meta, text) => {
    const rooms = new ScriptedRooms();
    const { ws } = rooms.socket('a');
    expect(() => rooms.room('r').presence.track(ws, key, meta)).toThrow(text);
    expect(rooms.registry.size).toBe(0);
  });

  it('refuses what is no socket of its host', () => {
    const { ws } = new ScriptedRooms().socket('a');
    const rooms = new ScriptedRooms();
    for (const [foreign, shown] of [
      [ws, 'an object'],
      ['a', '"a"'],
    ] as ReadonlyArray<[ScriptedWs, string]>) {
      expect(() => rooms.room('r').presence.track(foreign, 'ada')).toThrow(
        `room.presence.track(): expected a socket of this host, got ${shown}`,
      );
    }
    expect(rooms.registry.size).toBe(0);
  });
});

describe('room.presence.changes', () => {
  it('tells the first socket of a key, and the last after its grace', async () => {
    const rooms = new ScriptedRooms();
    const { presence } = rooms.room('r');
    const [a, b] = [rooms.socket('a'), rooms.socket('b')];
    presence.track(a.ws, 'before');
    using changes = presence.changes();
    presence.track(a.ws, 'ada');
    presence.track(b.ws, 'ada');
    a.end();
    expect(await changes.take()).toEqual([{ joined: ['ada'], left: [] }, 'ok']);
    rooms.clock.tick(4999);
    expect(changes.size).toBe(0);
    rooms.clock.tick(1);
    expect(await changes.take()).toEqual([{ joined: [], left: ['before'] }, 'ok']);
    b.end();
    rooms.clock.tick(5000);
    expect(await changes.take()).toEqual([{ joined: [], left: ['ada'] }, 'ok']);
  });

  it('tells nothing of a reconnect within the grace', () => {
    const rooms = new ScriptedRooms();
    const { presence } = rooms.room('r');
    const first = rooms.socket('a');
    presence.track(first.ws, 'ada');
    using changes = presence.changes();
    first.end();
    rooms.clock.tick(3000);
    const second = rooms.socket('b');
    presence.track(second.ws, 'ada');
    rooms.clock.tick(3000);
    expect([changes.size, listed(presence), rooms.clock.timers]).toEqual([0, { ada: [1, []] }, 0]);
    second.end();
    rooms.clock.tick(4000);
    expect([changes.size, listed(presence)]).toEqual([0, { ada: [0, []] }]);
    rooms.clock.tick(1000);
    expect([changes.size, listed(presence)]).toEqual([1, {}]);
  });

  it('lets each key leave at its own time', async () => {
    const rooms = new ScriptedRooms();
    const { presence } = rooms.room('r');
    using changes = presence.changes();
    const sockets = ['a', 'b', 'c'].map((id) => rooms.socket(id));
    for (const { ws } of sockets) presence.track(ws, ws.id);
    await changes.take();
    for (const socket of sockets) {
      socket.end();
      rooms.clock.tick(1000);
    }
    const left: unknown[] = [];
    for (const ms of [1999, 1, 1000, 1000]) {
      rooms.clock.tick(ms);
      if (changes.size > 0) left.push((await changes.take())[0]?.left);
    }
    expect([left, rooms.clock.timers]).toEqual([[['a'], ['b'], ['c']], 0]);
  });

  it('keeps its room in use until it is closed', () => {
    const rooms = new ScriptedRooms();
    const changes = rooms.room('r').presence.changes();
    expect(rooms.registry.size).toBe(1);
    changes.close();
    changes.close();
    expect(rooms.registry.size).toBe(0);
  });

  it('ends with the host, and leaves no timer', async () => {
    const rooms = new ScriptedRooms();
    const { presence } = rooms.room('r');
    const [a, b] = [rooms.socket('a'), rooms.socket('b')];
    for (const { ws } of [a, b]) presence.track(ws, ws.id);
    const changes = presence.changes();
    a.end();
    rooms.registry.close();
    b.end();
    expect([rooms.clock.timers, (await changes.take())[1]]).toEqual([0, 'closed']);
    expect((await presence.changes().take())[1]).toBe('closed');
  });
});
