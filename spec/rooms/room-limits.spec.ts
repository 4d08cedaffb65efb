// What one socket may hold in rooms: where a handler takes names from its client, the client
// decides how many. A limit refuses the rest, and leaves nothing of it behind.

import { describe, expect, it } from 'vitest';
import { ScriptedRooms } from './scripted-rooms.ts';
import type { ScriptedSocket } from './scripted-rooms.ts';
import { MAX_META_BYTES } from '../../src/rooms/room-presence.ts';
import { MAX_TRACKED_BYTES } from '../../src/rooms/room-registry.ts';
import { fakeSocket, runServer, settle } from 'corosock/testing';
import type { ServerSocket } from 'corosock';

/** What the limit of these specs says. */
const REFUSED = { name: 'UsageError', code: 'COROSOCK_ROOMS' };

describe('a socket in maxRooms rooms', () => {
  it('joins no further one, and leaves no room behind that it has named', async () => {
    const rooms = new ScriptedRooms({ maxRooms: 2 });
    const socket = rooms.socket('s');
    for (const name of ['a', 'b']) await rooms.registry.join(socket, name);
    expect(() => rooms.registry.join(socket, 'c')).toThrow(expect.objectContaining(REFUSED));
    expect([rooms.registry.size, rooms.registry.find('c')]).toEqual([2, undefined]);
  });

  it('joins no room that others are in', () => {
    const rooms = new ScriptedRooms({ maxRooms: 1 });
    rooms.members('full', 2);
    const socket = rooms.socket('s');
    socket.join('a');
    expect(() => rooms.registry.join(socket, 'full')).toThrow('ws.join()');
    expect(rooms.room('full').members.size).toBe(2);
  });

  it('gets the membership that it has, and a place again where it leaves', () => {
    const rooms = new ScriptedRooms({ maxRooms: 1 });
    const socket = rooms.socket('s');
    const first = socket.join('a');
    expect(socket.join('a')).toBe(first);
    first.leave();
    expect(socket.join('b').room.name).toBe('b');
  });

  it('does not keep others out', () => {
    const rooms = new ScriptedRooms({ maxRooms: 1 });
    expect(rooms.members('r', 3).map(({ ws }) => ws.id)).toEqual([...rooms.room('r').members.keys()]);
  });
});

describe('a socket under maxRooms keys of presence', () => {
  it('is counted under no further one, in any room', () => {
    const rooms = new ScriptedRooms({ maxRooms: 2 });
    const { ws } = rooms.socket('s');
    rooms.room('r').presence.track(ws, 'ada');
    rooms.room('q').presence.track(ws, 'ada');
    expect(() => rooms.room('r').presence.track(ws, 'eve')).toThrow(expect.objectContaining(REFUSED));
    expect(() => rooms.room('new').presence.track(ws, 'ada')).toThrow('room.presence.track()');
    expect(rooms.registry.size).toBe(2);
    expect([...rooms.room('r').presence.list().members.keys()]).toEqual(['ada']);
  });

  it('may change its meta', () => {
    const rooms = new ScriptedRooms({ maxRooms: 1 });
    const { ws } = rooms.socket('s');
    const { presence } = rooms.room('r');
    presence.track(ws, 'ada', 1);
    presence.track(ws, 'ada', 2);
    expect(presence.list().members.get('ada')).toEqual({ sockets: 1, meta: [2] });
  });

  it('has its places again once it has left', () => {
    const rooms = new ScriptedRooms({ maxRooms: 2 });
    const socket = rooms.socket('s');
    const membership = socket.join('r');
    for (const key of ['ada', 'eve']) rooms.room('r').presence.track(socket.ws, key);
    membership.leave();
    for (const key of ['bob', 'cyd']) rooms.room('q').presence.track(socket.ws, key);
    expect([...rooms.room('q').presence.list().members.keys()]).toEqual(['bob', 'cyd']);
  });
});

describe('a socket whose keys of presence have many bytes', () => {
  const KEY_BYTES = 4;
  const META = 'x'.repeat(MAX_META_BYTES - KEY_BYTES - '""'.length);
  const KEYS = MAX_TRACKED_BYTES / MAX_META_BYTES;

  interface Full {
    readonly rooms: ScriptedRooms;
    readonly socket: ScriptedSocket;
    /** Counts the socket under so many keys, of which none is older. */
    track(count: number, room: string): void;
  }

  /** The socket has as many bytes as it may. */
  function full(): Full {
    const rooms = new ScriptedRooms();
    const socket = rooms.socket('s');
    let last = 1000;
    const track = (count: number, room: string): void => {
      for (const end = last + count; last < end; last += 1) {
        rooms.room(room).presence.track(socket.ws, `${last}`, META);
      }
    };
    track(KEYS / 2, 'q');
    track(KEYS / 2, 'r');
    return { rooms, socket, track };
  }

  it(`is counted under no further one beyond ${MAX_TRACKED_BYTES}, in any room`, () => {
    const { rooms, socket, track } = full();
    expect(() => track(1, 'r')).toThrow(expect.objectContaining(REFUSED));
    expect(() => rooms.room('new').presence.track(socket.ws, 'k')).toThrow(`${MAX_TRACKED_BYTES} bytes`);
    expect([rooms.registry.size, rooms.room('r').presence.list().members.size]).toEqual([2, KEYS / 2]);
  });

  it('may change a meta into one that is no longer, and has room again for what it gives up', () => {
    const { rooms, socket, track } = full();
    const { presence } = rooms.room('q');
    presence.track(socket.ws, '1000', META.toUpperCase());
    expect(() => presence.track(socket.ws, '1000', `${META}.`)).toThrow(expect.objectContaining(REFUSED));
    presence.track(socket.ws, '1000');
    presence.track(socket.ws, '1000', META);
    socket.join('q').leave();
    track(KEYS / 2, 'r');
    expect(() => track(1, 'q')).toThrow(expect.objectContaining(REFUSED));
  });

  it('may have fewer where its meta are lists of many entries, which take more than their text', () => {
    const rooms = new ScriptedRooms();
    const { ws } = rooms.socket('s');
    const meta = Array.from({ length: 1000 }, () => ({}));
    const trackAll = (): void => {
      for (let key = 0; key < 1000; key += 1) rooms.room('r').presence.track(ws, `${key}`, meta);
    };
    expect(trackAll).toThrow(expect.objectContaining(REFUSED));
    // Each has 3,001 characters, and 2,000 objects, lists and further entries of 64 bytes.
    expect(rooms.room('r').presence.list().members.size).toBe(Math.floor(MAX_TRACKED_BYTES / 131_004));
  });

  it('does not keep others out', () => {
    const { rooms } = full();
    rooms.room('r').presence.track(rooms.socket('other').ws, 'k', META);
    expect(rooms.room('r').presence.list().members.get('k')?.sockets).toBe(1);
  });
});

describe('a client that names more rooms than maxRooms', () => {
  const joinAll = async (ws: ServerSocket): Promise<void> => {
    for await (const name of ws) await ws.join(String(name));
  };

  it('is closed with 1008, and is in the report once', async () => {
    const reports: unknown[] = [];
    const options = { maxRooms: 2, report: (error: unknown) => void reports.push(error) };
    await using run = runServer(joinAll, options);
    for (const client of [await run.client, await run.connect(), await run.connect()]) {
      for (const name of ['a', 'b', 'c']) await client.write(name);
      expect(await client.closed).toMatchObject({ code: 1008 });
    }
    await settle();
    expect(reports).toEqual([expect.objectContaining(REFUSED)]);
  });

  it('is told by a handler that catches it, and stays in its rooms', async () => {
    const { ws } = fakeSocket({ maxRooms: 1 });
    await ws.join('a');
    const error: unknown = await ws.join('b').catch((refused: unknown) => refused);
    expect(error).toMatchObject({
      message: 'ws.join(): the socket is in 1 rooms, which is maxRooms',
    });
    expect([ws.closeInfo, ws.host.room('a').members.size]).toEqual([undefined, 1]);
  });
});

describe('a client that chooses what is no name', () => {
  const LONG = 'x'.repeat(1025);
  const ways: ReadonlyArray<readonly [call: string, act: (ws: ServerSocket, name: string) => unknown]> = [
    ['ws.join()', (ws, name) => ws.join(name)],
    ['host.room()', ({ host }, name) => host.room(name)],
    ['room.presence.track()', (ws, name) => ws.host.room('r').presence.track(ws, name)],
    ['room.publish()', ({ host }, name) => host.room('r').publish('x', { retain: name })],
  ];

  it.each(ways)('of %s is closed with 1008, and is in the report once', async (call, act) => {
    const reports: unknown[] = [];
    const handler = async (ws: ServerSocket): Promise<void> => {
      const [name] = await ws.readJson();
      await act(ws, name as string);
    };
    await using run = runServer(handler, { report: (error: unknown) => void reports.push(error) });
    for (const name of [LONG, '', '\uD800']) {
      const client = await run.connect();
      await client.writeJson(name);
      expect(await client.closed).toMatchObject({ code: 1008 });
    }
    await settle();
    expect(reports).toMatchObject([{ name: 'UsageError', code: 'COROSOCK_ROOM_NAME' }]);
    const { message } = reports[0] as Error;
    expect(message).toMatch(/: expected .* 1 to 1024 bytes of UTF-8, got 1025 in "x+"$/);
    expect(message.startsWith(call)).toBe(true);
  });

  it('is told by a handler that catches it', async () => {
    const { ws } = fakeSocket();
    await expect(ws.join('')).rejects.toMatchObject({ code: 'COROSOCK_ROOM_NAME' });
    expect(ws.closeInfo).toBe(undefined);
  });
});

describe('a host without maxRooms', () => {
  it('lets a socket join 1 000 rooms', async () => {
    const { ws } = fakeSocket();
    for (let name = 0; name < 1000; name += 1) await ws.join(`${name}`);
    await expect(ws.join('one more')).rejects.toMatchObject(REFUSED);
  });
});
