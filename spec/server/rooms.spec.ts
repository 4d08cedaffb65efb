// Rooms of a host: handlers join and publish, the end of a socket and of the host leaves, and an
// idle socket that is in no room has nothing of it.

import { describe, expect, it } from 'vitest';
import type { Membership, ServerSocket } from 'corosock';
import { fakeSocket, runServer } from 'corosock/testing';
import { MemoryHost } from '../fixtures/memory-host.ts';

describe('a chat', () => {
  const chat = async (ws: ServerSocket): Promise<void> => {
    await ws.join('lobby');
    const room = ws.host.room('lobby');
    for await (const message of ws) room.publish(message, { except: [ws.id] });
  };

  it('sends what a client says to all others, as long as they are there', async () => {
    await using run = runServer(chat);
    const [alice, bob, carol] = [await run.client, await run.connect(), await run.connect()];
    await alice.write('hello');
    expect([await bob.read(), await carol.read()]).toEqual([
      ['hello', 'ok'],
      ['hello', 'ok'],
    ]);
    await carol.close();
    await bob.write('still there?');
    expect([await alice.read(), await carol.read()]).toEqual([
      ['still there?', 'ok'],
      [undefined, 'closed'],
    ]);
  });
});

describe('ws.join', () => {
  it('gives a membership of the room of its host, and leaves at the end of the socket', async () => {
    const { ws, client } = fakeSocket();
    const { host } = ws;
    const membership: Membership = await ws.join('r');
    expect([membership.room.name, [...host.room('r').members]]).toEqual(['r', [[ws.id, ws]]]);
    const sizes: number[] = [];
    ws.signal.addEventListener('abort', () => sizes.push(host.room('r').members.size));
    await client.close();
    expect([sizes, (await ws.join('r')).room.members.size]).toEqual([[0], 0]);
  });

  it('rejects what is no room', async () => {
    const { ws } = fakeSocket();
    await expect(ws.join('')).rejects.toMatchObject({ code: 'COROSOCK_ROOM_NAME' });
  });

  it('finds an excepted socket by its id, and no socket by the id of another host', async () => {
    const [{ ws, client }, stranger] = [fakeSocket(), fakeSocket()];
    await ws.join('r');
    ws.host.room('r').publish('no', { except: [ws.id] });
    ws.host.room('r').publish('yes', { except: [stranger.ws.id] });
    expect(await client.read()).toEqual(['yes', 'ok']);
  });
});

describe('room.presence', () => {
  it('counts a socket of its host until it has ended, and refuses one of another', async () => {
    const [{ ws, client }, stranger] = [fakeSocket(), fakeSocket()];
    const { presence } = ws.host.room('r');
    presence.track(ws, 'ada', 1);
    expect(() => presence.track(stranger.ws, 'eve')).toThrow('expected a socket of this host, got an object');
    expect(() => presence.track({ id: ws.id } as ServerSocket, 'eve')).toThrow('a socket of this host');
    const { members } = presence.list();
    await client.close();
    presence.track(ws, 'late');
    expect([[...members], [...presence.list().members]]).toEqual([
      [['ada', { sockets: 1, meta: [1] }]],
      [['ada', { sockets: 0, meta: [] }]],
    ]);
  });
});

describe('a publish of text', () => {
  it('leaves each socket as its binaryData says at that time', async () => {
    const { ws, client } = fakeSocket();
    const { room } = await ws.join('r');
    ws.binaryData = true;
    room.publish('first');
    ws.binaryData = false;
    room.publish('second');
    ws.binaryData = true;
    room.publish('third');
    const received = [await client.read(), await client.read(), await client.read()];
    expect(received.map(([data]) => (typeof data === 'string' ? data : Buffer.from(data ?? [])))).toEqual([
      Buffer.from('first'),
      'second',
      Buffer.from('third'),
    ]);
  });
});

describe('host.room', () => {
  it('reports a frame that throws once, by its phase', async () => {
    const host = new MemoryHost();
    const { run } = host.visit(async (ws) => {
      await ws.closed;
    });
    await run.ws.join('r', {
      frame: () => {
        throw new Error('no frame');
      },
    });
    for (let count = 0; count < 3; count += 1) host.host.room('r').publish('x');
    expect(host.reports).toEqual([[new Error('no frame'), { phase: 'room' }]]);
  });

  it('closes its subscriptions with its host', async () => {
    const host = new MemoryHost();
    const events = host.host.room('r').subscribe();
    host.host.room('r').publish('last');
    await host.host.close({ graceMs: 0 });
    expect([await events.take(), await events.take()]).toEqual([
      [{ data: 'last' }, 'ok'],
      [undefined, 'closed'],
    ]);
  });
});
