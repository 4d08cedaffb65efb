// `room.subscribe`: events in their order, a gap in the place of what was missed, and its end.

import { describe, expect, it } from 'vitest';
import { channel, select } from 'corosock';
import type { RoomEvent, Subscription } from 'corosock';
import { EventQueue } from '../../src/rooms/event-queue.ts';
import { realClock } from '../../src/time/real-clock.ts';
import { ScriptedRooms } from './scripted-rooms.ts';

/** Takes what is there. */
async function taken(events: Subscription): Promise<readonly RoomEvent[]> {
  const all: RoomEvent[] = [];
  for (;;) {
    const [event, status] = await events.take({ timeoutMs: 0 });
    if (status !== 'ok') return all;
    all.push(event);
  }
}

const data = (...texts: readonly string[]): readonly RoomEvent[] => texts.map((text) => ({ data: text }));

describe('a subscription', () => {
  it('gives what is published from then on, whether there are members or not', async () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    room.publish('before');
    const events = room.subscribe();
    room.publish('a');
    rooms.socket('s').join('r');
    room.publish('b', { except: ['s'] });
    room.publish('', { retain: true });
    expect(await taken(events)).toEqual(data('a', 'b', ''));
  });

  it('has a gap in the place of what it has missed while it was full, for as long as that was', async () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const events = room.subscribe({ capacity: 2 });
    for (const text of ['a', 'b', 'missed', 'missed, too']) {
      room.publish(text);
      rooms.clock.tick(5);
    }
    expect(await events.take()).toEqual([{ data: 'a' }, 'ok']);
    room.publish('missed: the gap is in its place');
    expect(await events.take()).toEqual([{ data: 'b' }, 'ok']);
    room.publish('c');
    room.publish('missed');
    expect(await taken(events)).toEqual([{ gap: { forMs: 10 } }, { data: 'c' }, { gap: { forMs: 0 } }]);
  });

  it('has the gap that a relay tells of in its place, and one for several in a row', async () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const events = room.subscribe();
    rooms.registry.gap('r', 7);
    room.publish('a');
    rooms.registry.gap('r', 3);
    rooms.clock.tick(10);
    rooms.registry.gap('r', 2);
    rooms.registry.gap('nobody is here', 2);
    expect(await taken(events)).toEqual([{ gap: { forMs: 7 } }, { data: 'a' }, { gap: { forMs: 13 } }]);
    rooms.registry.gap('r', 1);
    expect(await taken(events)).toEqual([{ gap: { forMs: 1 } }]);
  });

  it('is a source of select, and a loop that ends with close, using or the host', async () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const events = room.subscribe();
    const other = channel<string>();
    const selected = select({ events, other });
    room.publish('a');
    expect(await selected).toEqual(['events', [{ data: 'a' }, 'ok']]);
    const seen: RoomEvent[] = [];
    const loop = (async () => {
      for await (const event of events) seen.push(event);
    })();
    room.publish('b');
    rooms.registry.close();
    await loop;
    expect([seen, await events.take(), rooms.registry.size]).toEqual([data('b'), [undefined, 'closed'], 0]);
    expect(await room.subscribe().take()).toEqual([undefined, 'closed']);
  });

  it('is in force at once where the host has no broker', async () => {
    const rooms = new ScriptedRooms();
    const events = rooms.room('r').subscribe();
    expect(await Promise.race([events.inForce, Promise.reject(new Error('not at once'))])).toBeUndefined();
  });

  it.each([
    [{ capacity: 0 }, 'room.subscribe(): expected capacity to be an integer from 1'],
    [{ size: 1 }, 'room.subscribe(): unknown option "size"'],
  ])('refuses %o', (options, text) => {
    const rooms = new ScriptedRooms();
    expect(() => rooms.room('r').subscribe(options as object)).toThrow(text);
    expect(rooms.registry.size).toBe(0);
  });
});

describe('the events of a subscription', () => {
  it('keep nothing that comes after the end', () => {
    const events = new EventQueue(4, realClock, () => {});
    events.close();
    events.add({ data: 'late' });
    expect(events.size).toBe(0);
  });
});
