// What is published between the call of `join` and the moment when its handler can write
// `membership.retained`: it is held for that member, and sent right after.

import type { Handler, JoinOptions, ServerSocket } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { counts, ScriptedRooms } from './scripted-rooms.ts';
import type { ScriptedSocket, ScriptedWs } from './scripted-rooms.ts';
import type { MembershipOf } from '../../src/rooms/room.ts';
import { MAX_WAITING_MESSAGES } from '../../src/rooms/latest-messages.ts';
import type { Data } from '../../src/core/data.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { turn } from '../time/hand-clock.ts';

interface Joined {
  readonly rooms: ScriptedRooms;
  readonly socket: ScriptedSocket;
  readonly membership: MembershipOf<ScriptedWs>;
}

/** A socket that has called `join` in a room that keeps `old` under `a`. */
function joined(options?: JoinOptions): Joined {
  const rooms = new ScriptedRooms();
  rooms.room('r').publish('old', { retain: 'a' });
  const socket = rooms.socket('s');
  return { rooms, socket, membership: socket.join('r', options) };
}

function write({ conversation }: ScriptedSocket, data: Data): void {
  const options = { binary: false, compress: true };
  void conversation.writer.write({ data, options, timeoutMs: Infinity, signal: undefined });
}

const byKey = (data: Data): string | undefined => /^(\w+)=/u.exec(String(data))?.[1];

describe('what is published before a handler goes on behind join', () => {
  it('comes behind what it writes of retained, and no message comes twice', async () => {
    const { rooms, socket, membership } = joined();
    const room = rooms.room('r');
    room.publish('b', { retain: 'b' });
    room.publish('c');
    await Promise.resolve();
    for (const data of membership.retained) write(socket, data);
    room.publish('d');
    expect(socket.sent).toEqual(['old']);
    await Promise.resolve();
    room.publish('e');
    write(socket, 'f');
    expect(socket.sent).toEqual(['old', 'b', 'c', 'd', 'e', 'f']);
    await turn();
    expect(socket.sent).toHaveLength(6);
  });

  it('is sent at the end of the turn, where retained is not read', async () => {
    const { rooms, socket } = joined();
    const report = rooms.room('r').publish('new', { retain: 'a' });
    expect([counts(report), socket.sent]).toEqual([[1, 0, 0, 0], []]);
    await turn();
    expect(socket.sent).toEqual(['new']);
  });

  it('is left out of retained, where it has replaced a message there', async () => {
    const { rooms, socket, membership } = joined();
    rooms.room('r').publish('new', { retain: 'a' });
    expect(membership.retained).toEqual([]);
    await turn();
    expect(socket.sent).toEqual(['new']);
  });

  it('is sent at once in a room that keeps nothing, and to its other members', () => {
    const rooms = new ScriptedRooms();
    const [old, other] = [rooms.socket('old'), rooms.socket('other')];
    old.join('r');
    other.join('other');
    const late = rooms.socket('late');
    rooms.room('r').publish('1', { retain: true });
    late.join('r');
    rooms.room('r').publish('2');
    rooms.room('other').publish('3');
    expect([old.sent, other.sent, late.sent]).toEqual([['1', '2'], ['3'], []]);
  });

  it('is dropped with leave, and with the end of the socket', async () => {
    const [left, ended] = [joined(), joined()];
    for (const { rooms } of [left, ended]) rooms.room('r').publish('new');
    left.membership.leave();
    ended.socket.end();
    await turn();
    expect([left.socket.sent, ended.socket.sent]).toEqual([[], []]);
  });

  it('is not dropped by a further join, nor by one with other options', async () => {
    const { rooms, socket } = joined();
    rooms.room('r').publish('new');
    expect(() => socket.join('r', { slow: 'close' })).toThrow(/expected the options/);
    socket.join('r');
    await turn();
    expect(socket.sent).toEqual(['new']);
  });

  it('waits for room behind it with latestBy, and is skipped without', async () => {
    const [latest, skipping] = [joined({ slow: { latestBy: byKey } }), joined()];
    for (const { rooms, socket } of [latest, skipping]) {
      for (const data of ['x=1', 'y=1', 'x=2']) rooms.room('r').publish(data);
      socket.fill();
    }
    await turn();
    for (const { socket } of [latest, skipping]) socket.link.take();
    expect([latest.socket.sent, skipping.socket.sent]).toEqual([['x=2', 'y=1'], []]);
    expect([latest.membership.replaced, skipping.membership.skipped]).toEqual([1, 3]);
  });

  it('closes a member with close whose buffer is full then: nothing more is sent', async () => {
    const { rooms, socket } = joined({ slow: 'close' });
    for (const data of ['1', '2']) rooms.room('r').publish(data);
    socket.fill();
    await turn();
    expect([rooms.room('r').members.size, socket.sent]).toEqual([0, []]);
  });

  it.each([
    ['skip', [0, 1, 0, 0], 1, 1],
    ['close', [0, 0, 0, 1], 0, 0],
  ] as const)(
    'is bounded: further messages are treated as slow %s says',
    (slow, report, skipped, members) => {
      const { rooms, membership } = joined({ slow });
      const room = rooms.room('r');
      for (let number = 0; number < MAX_WAITING_MESSAGES; number += 1) room.publish('x');
      expect([counts(room.publish('y')), membership.skipped, room.members.size]).toEqual([
        report,
        skipped,
        members,
      ]);
    },
  );

  it('names what was too much, where that closes the socket', () => {
    const { rooms, socket } = joined({ slow: 'close' });
    for (let number = 0; number <= MAX_WAITING_MESSAGES; number += 1) rooms.room('r').publish('x');
    socket.link.end({ code: 1013, by: 'local' });
    expect(socket.conversation.queue.end).toMatchObject({
      by: 'limit',
      cause: { message: 'Before its handler went on, too much was published to the room "r"' },
    });
  });
});

/** Helpers of an application around `join`. */
const HELPERS: Readonly<Record<string, (ws: ServerSocket) => ReturnType<ServerSocket['join']>>> = {
  'no helper': (ws) => ws.join('r'),
  'a helper that awaits': async (ws) => {
    const membership = await ws.join('r');
    return membership;
  },
  'a helper of a helper': async (ws) => {
    const inner = async (): ReturnType<ServerSocket['join']> => ws.join('r');
    return await inner();
  },
};

describe.each(Object.entries(HELPERS))('a handler that joins by %s', (_, join) => {
  const handler: Handler = async (ws) => {
    const membership = await join(ws);
    for (const data of membership.retained) void ws.write(data);
    await ws.closed;
  };

  it('sends what was kept, then what is published live', async () => {
    const memory = new MemoryHost();
    const { host } = memory;
    host.room('r').publish('base', { retain: 'base' });
    const { client } = memory.visit(handler);
    while (host.room('r').members.size === 0) await Promise.resolve();
    for (let delta = 0; delta < 3; delta += 1) {
      host.room('r').publish(`delta ${delta}`, { retain: `${delta}` });
      await Promise.resolve();
    }
    await settle();
    const texts: unknown[] = [];
    for (let count = 0; count < 4; count += 1) texts.push((await client.read())[0]);
    expect(texts).toEqual(['base', 'delta 0', 'delta 1', 'delta 2']);
  });
});
