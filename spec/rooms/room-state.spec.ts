// One room: who gets a publish, in which order, and that code of users inside of a publish changes
// nothing of that (W12).

import { describe, expect, it } from 'vitest';
import { counts, ScriptedRooms } from './scripted-rooms.ts';

describe('a publish', () => {
  it('reaches each member once, and counts it', () => {
    const rooms = new ScriptedRooms();
    const sockets = rooms.members('r', 3);
    expect(counts(rooms.room('r').publish('hello'))).toEqual([3, 0, 0, 0]);
    expect(sockets.map(({ sent }) => sent)).toEqual([['hello'], ['hello'], ['hello']]);
  });

  it('reaches no member of another room, and none that has left', () => {
    const rooms = new ScriptedRooms();
    const [a, b] = [rooms.socket('a'), rooms.socket('b')];
    const membership = a.join('r');
    b.join('other');
    membership.leave();
    expect([counts(rooms.room('r').publish('x')), a.sent, b.sent]).toEqual([[0, 0, 0, 0], [], []]);
  });

  it('leaves out the sockets of except, and ids that are nobody', () => {
    const rooms = new ScriptedRooms();
    const [a, b, c] = rooms.members('r', 3);
    const elsewhere = rooms.socket('elsewhere');
    elsewhere.join('other');
    const report = rooms.room('r').publish('x', { except: ['b', 'nobody', 'elsewhere'] });
    expect([counts(report), a?.sent, b?.sent, c?.sent]).toEqual([[2, 0, 0, 0], ['x'], [], ['x']]);
  });

  it('and a write leave in the order of the calls', async () => {
    const rooms = new ScriptedRooms();
    const { conversation, link, join } = rooms.socket('a');
    join('r');
    const request = { options: { binary: false, compress: true }, timeoutMs: Infinity, signal: undefined };
    void conversation.writer.write({ data: 'w1', ...request });
    rooms.room('r').publish('p1');
    await conversation.writer.write({ data: 'w2', ...request });
    rooms.room('r').publish('p2');
    expect(link.sentData).toEqual(['w1', 'p1', 'w2', 'p2']);
  });

  it('is sent as the socket sends its own writes, and encoded once for all', () => {
    const rooms = new ScriptedRooms();
    const [a, b] = rooms.members('r', 2);
    if (b !== undefined) b.ws.binaryData = true;
    rooms.room('r').publish('x');
    const [first, second] = [a?.link.sent[0]?.options, b?.link.sent[0]?.options];
    expect([first?.binary, second?.binary, first?.compress]).toEqual([false, true, true]);
    expect(first?.shared).toBe(second?.shared);
  });

  it('takes bytes, an empty message and any other data, and says alone without a broker', async () => {
    const rooms = new ScriptedRooms();
    const [a] = rooms.members('r', 1);
    const bytes = new Uint8Array([1, 2]);
    rooms.room('r').publish(bytes);
    const { relayed } = rooms.room('r').publish('');
    expect([a?.sent, await relayed]).toEqual([[bytes, ''], 'alone']);
  });
});

describe('code of users inside of a publish', () => {
  it('may publish: that goes before, for each member', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const frame = (data: unknown): string => {
      if (data === 'outer') room.publish('inner');
      return String(data);
    };
    const [a, b] = [rooms.socket('a'), rooms.socket('b')];
    a.join('r', { frame });
    b.join('r');
    const events = room.subscribe();
    room.publish('outer');
    expect([a.sent, b.sent, events.size]).toEqual([['inner', 'outer'], ['inner', 'outer'], 2]);
  });

  it('W12: may join, leave and end sockets: each member gets it at most once, and a new one not', () => {
    const rooms = new ScriptedRooms();
    const [a, b, c, late] = ['a', 'b', 'c', 'late'].map((id) => rooms.socket(id));
    const frame = (data: unknown): string => {
      b?.join('r').leave();
      b?.join('r');
      c?.end();
      late?.join('r', { frame });
      return String(data);
    };
    a?.join('r', { frame });
    b?.join('r');
    c?.join('r');
    expect(counts(rooms.room('r').publish('x'))).toEqual([1, 0, 0, 0]);
    expect([a, b, c, late].map((socket) => socket?.sent)).toEqual([['x'], [], [], []]);
    expect([...rooms.room('r').members.keys()]).toEqual(['a', 'b', 'late']);
  });

  it('may empty the room: what it keeps is kept all the same', () => {
    const rooms = new ScriptedRooms();
    const a = rooms.socket('a');
    const membership = a.join('r', {
      frame: (data) => {
        membership.leave();
        return data;
      },
    });
    expect(counts(rooms.room('r').publish('x', { retain: true }))).toEqual([0, 0, 0, 0]);
    expect([rooms.registry.size, rooms.socket('b').join('r').retained]).toEqual([1, ['x']]);
  });

  it('that wakes with an event may publish: all subscribers get both in one order', async () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const queues = [rooms.registry.subscribe('r', 5), rooms.registry.subscribe('r', 5)];
    const waking = rooms.registry.find('r')?.subscribe(5);
    let woken = 0;
    waking?.subscribe(() => {
      woken += 1;
      if (woken === 1) room.publish('second');
    });
    const later = rooms.registry.subscribe('r', 5);
    room.publish('first');
    const seen = await Promise.all(
      [...queues, later].map(async (queue) => [await queue.take(), await queue.take()]),
    );
    const both = [
      [{ data: 'first' }, 'ok'],
      [{ data: 'second' }, 'ok'],
    ];
    expect(seen).toEqual([both, both, both]);
  });
});

describe('a room', () => {
  it('is in use while it has a member, a subscriber or a kept message, and takes no memory else', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const sizes = [rooms.registry.size];
    room.publish('to nobody');
    sizes.push(rooms.registry.size);
    const membership = rooms.socket('a').join('r');
    sizes.push(rooms.registry.size);
    membership.leave();
    sizes.push(rooms.registry.size);
    const events = room.subscribe();
    sizes.push(rooms.registry.size);
    events.close();
    events.close();
    sizes.push(rooms.registry.size);
    room.publish('kept', { retain: 'key' });
    sizes.push(rooms.registry.size);
    room.publish('', { retain: 'key' });
    sizes.push(rooms.registry.size);
    expect(sizes).toEqual([0, 0, 1, 0, 1, 0, 1, 0]);
  });
});
