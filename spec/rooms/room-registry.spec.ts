// The rooms of a host: joining once and again, and what passes between them and a relay.

import { describe, expect, it } from 'vitest';
import type {
  HeardNodes,
  PresentKeys,
  Retained,
  RetainedEntry,
  RetainVersion,
  RoomMessage,
  RoomRelay,
} from '../../src/rooms/relay.ts';
import { REMEMBERED_MS } from '../../src/rooms/removed-keys.ts';
import { counts, ScriptedRooms } from './scripted-rooms.ts';
import { turn } from '../time/hand-clock.ts';

const MESSAGE: RoomMessage = { data: 'x', except: [], retain: undefined };

/** Above all times of day. */
const NOW = 2 ** 52;

/** A relay that writes its calls down, and lets the spec decide when it has entered. */
class ScriptedRelay implements RoomRelay {
  readonly calls: unknown[] = [];
  #time = NOW;
  heard: HeardNodes = { missingNodes: [], asOfMs: Infinity };
  entered: () => void = () => {};

  enter(room: string): Promise<void> {
    this.calls.push(['enter', room]);
    return new Promise((resolve) => (this.entered = resolve));
  }

  leave(room: string): void {
    this.calls.push(['leave', room]);
  }

  publish(room: string, message: RoomMessage): Promise<'sent'> {
    this.calls.push(['publish', room, message.data]);
    return Promise.resolve('sent');
  }

  nextVersion(): RetainVersion {
    return { time: (this.#time += 10), node: 'here' };
  }

  present(room: string, _keys: PresentKeys, key: string): void {
    this.calls.push(['present', room, key]);
  }

  heardOf(): HeardNodes {
    return this.heard;
  }
}

function relayed(): { readonly rooms: ScriptedRooms; readonly relay: ScriptedRelay } {
  const rooms = new ScriptedRooms();
  const relay = new ScriptedRelay();
  rooms.registry.connect(relay);
  return { rooms, relay };
}

describe('joining', () => {
  it('twice gives the same membership, and a new one after leaving', async () => {
    const rooms = new ScriptedRooms();
    const socket = rooms.socket('a');
    const frame = (): string => 'framed';
    const first = await rooms.registry.join(socket, 'r', { frame });
    expect(await rooms.registry.join(socket, 'r', { frame, slow: 'skip' })).toBe(first);
    first.leave();
    expect(await rooms.registry.join(socket, 'r')).not.toBe(first);
    expect(rooms.room('r').members.size).toBe(1);
  });

  it('twice with other options is a mistake, and changes nothing', async () => {
    const rooms = new ScriptedRooms();
    const socket = rooms.socket('a');
    const first = await rooms.registry.join(socket, 'r');
    expect(() => rooms.registry.join(socket, 'r', { slow: 'close' })).toThrow(
      'ws.join(): expected the options of the membership that the socket has in "r", got others',
    );
    expect(await rooms.registry.join(socket, 'r')).toBe(first);
  });

  it('after the end of the socket gives a membership that has left', async () => {
    const rooms = new ScriptedRooms();
    const socket = rooms.socket('a');
    socket.end();
    rooms.room('r').publish('kept', { retain: true });
    const membership = await rooms.registry.join(socket, 'r', { slow: 'close' });
    membership.leave();
    expect([membership.room.name, membership.retained, rooms.room('r').members.size]).toEqual(['r', [], 0]);
  });

  it.each([
    ['', {}, 'ws.join(): expected the name of a room to be a text'],
    ['r', { slow: 'no' }, 'ws.join(): expected slow to be'],
  ] as ReadonlyArray<[string, object, string]>)('%j with %o is a mistake', (name, options, text) => {
    const rooms = new ScriptedRooms();
    expect(() => rooms.registry.join(rooms.socket('a'), name, options)).toThrow(text);
    expect(() => rooms.registry.room(7 as unknown as string)).toThrow('host.room(): expected');
    expect(rooms.registry.size).toBe(0);
  });

  it('waits until messages of other nodes arrive; local ones come meanwhile', async () => {
    const { rooms, relay } = relayed();
    const [a, b] = [rooms.socket('a'), rooms.socket('b')];
    const order: string[] = [];
    const joins = [a, b].map((socket) =>
      rooms.registry.join(socket, 'r').then(() => order.push(socket.ws.id)),
    );
    expect(counts(rooms.room('r').publish('x'))).toEqual([2, 0, 0, 0]);
    order.push('entered');
    relay.entered();
    await Promise.all(joins);
    await rooms.registry.join(rooms.socket('c'), 'r').then(() => order.push('c'));
    expect([order, relay.calls]).toEqual([
      ['entered', 'a', 'b', 'c'],
      [
        ['enter', 'r'],
        ['publish', 'r', 'x'],
      ],
    ]);
  });
});

describe('a relay', () => {
  it('is entered for the first and left after the last, whatever they are', () => {
    const { rooms, relay } = relayed();
    const membership = rooms.socket('a').join('r');
    const events = rooms.room('r').subscribe();
    membership.leave();
    rooms.room('r').publish('x', { retain: true });
    events.close();
    rooms.room('r').publish('', { retain: true });
    rooms.clock.tick(REMEMBERED_MS);
    const calls = relay.calls.filter((call) => Array.isArray(call) && call[0] !== 'publish');
    expect(calls).toEqual([
      ['enter', 'r'],
      ['leave', 'r'],
    ]);
  });

  it('gets each publish behind the local delivery, also without members, and says what became', async () => {
    const { rooms, relay } = relayed();
    const report = rooms.room('nobody').publish('x');
    expect([counts(report), await report.relayed, relay.calls]).toEqual([
      [0, 0, 0, 0],
      'sent',
      [['publish', 'nobody', 'x']],
    ]);
  });

  it('delivers to members, subscribers and what is kept, and sends nothing back', async () => {
    const { rooms, relay } = relayed();
    const [a, b] = rooms.members('r', 2);
    const events = rooms.room('r').subscribe();
    relay.entered();
    await turn();
    const version = { time: 1, node: 'far' };
    rooms.registry.deliver('r', { data: 'x', except: ['b'], retain: 'key', version });
    rooms.registry.deliver('nobody', MESSAGE);
    expect([a?.sent, b?.sent, await events.take()]).toEqual([['x'], [], [{ data: 'x' }, 'ok']]);
    const kept = [...rooms.registry.retained('r')];
    expect(kept).toMatchObject([['key', { data: 'x', version }]]);
    expect([rooms.registry.retained('nobody').size, relay.calls]).toEqual([0, [['enter', 'r']]]);
  });

  it('says when a subscription is in force, which has the messages of this node before', async () => {
    const { rooms, relay } = relayed();
    const order: string[] = [];
    const events = rooms.room('r').subscribe();
    const again = rooms.room('r').subscribe();
    const inForce = [events, again].map(({ inForce }) => inForce.then(() => order.push('in force')));
    rooms.room('r').publish('x');
    expect(await events.take()).toEqual([{ data: 'x' }, 'ok']);
    order.push('entered');
    relay.entered();
    await Promise.all(inForce);
    await rooms.room('r').subscribe().inForce;
    expect(order).toEqual(['entered', 'in force', 'in force']);
  });

  it('gets what is present here, and brings what is present elsewhere', async () => {
    const { rooms, relay } = relayed();
    const { presence } = rooms.room('r');
    const ada = new Map([['ada', { sockets: 2, meta: ['far'] }]]);
    rooms.registry.presentElsewhere('r', 'far', ada, ['ada']);
    const changes = presence.changes();
    rooms.registry.presentElsewhere('r', 'far', ada, ['ada', 'never there']);
    presence.track(rooms.socket('a').ws, 'ada', 'near');
    expect(await changes.take()).toEqual([{ joined: ['ada'], left: [] }, 'ok']);
    relay.heard = { missingNodes: ['lost'], asOfMs: -5 };
    const { members, ...heard } = presence.list();
    expect(members.get('ada')).toEqual({ sockets: 3, meta: ['near', 'far'] });
    expect(heard).toEqual({ missingNodes: ['lost'], asOfMs: -5 });
    expect(relay.calls).toEqual([
      ['enter', 'r'],
      ['present', 'r', 'ada'],
    ]);
    rooms.registry.presentElsewhere('r', 'far', undefined, ['ada']);
    expect(presence.list().members.get('ada')?.sockets).toBe(1);
  });

  it('brings what other nodes keep or have removed, unless this one has something newer', async () => {
    const { rooms, relay } = relayed();
    const far = (time: number): RetainVersion => ({ time: NOW + time, node: 'far' });
    const joining = rooms.registry.join(rooms.socket('a'), 'r');
    rooms.room('r').publish('local', { retain: 'local' });
    rooms.registry.deliver('r', { data: 'remote', except: [], retain: 'remote', version: far(15) });
    rooms.room('r').publish('', { retain: 'removed' });
    rooms.room('r').publish('here', { retain: 'gone' });
    const kept: Retained = new Map<true | string, RetainedEntry>([
      ['local', { data: 'old', version: far(9) }],
      ['remote', { data: 'old', version: { time: NOW + 15, node: 'a' } }],
      ['removed', { data: 'old', version: far(1) }],
      ['gone', { data: '', version: far(31) }],
      [true, { data: 'last', version: far(1) }],
    ]);
    rooms.registry.mergeRetained('r', kept);
    rooms.registry.mergeRetained('nobody', kept);
    relay.entered();
    expect((await joining).retained).toEqual(['last']);
    const now = rooms.registry.retained('r');
    const texts = ['local', 'remote', 'removed', 'gone', true as const].map((key) => now.get(key)?.data);
    expect(texts).toEqual(['local', 'remote', '', '', 'last']);
  });

  it('leaves a message out of retained that comes live, also where another node has brought it before', async () => {
    const { rooms, relay } = relayed();
    const joiner = rooms.socket('a');
    const joining = rooms.registry.join(joiner, 'r');
    const entry = { data: 'x', version: { time: NOW, node: 'far' } };
    rooms.registry.mergeRetained('r', new Map([['key', entry]]));
    rooms.registry.deliver('r', { ...entry, except: [], retain: 'key' });
    relay.entered();
    expect([(await joining).retained, joiner.sent]).toEqual([[], ['x']]);
  });

  it('keeps the newer of two messages, in whatever order they come, and delivers both', async () => {
    const { rooms } = relayed();
    const events = rooms.room('r').subscribe();
    const from = (node: string, data: string): void =>
      rooms.registry.deliver('r', { data, except: [], retain: true, version: { time: 7, node } });
    from('b', 'newer');
    from('a', 'older');
    expect(rooms.registry.retained('r').get(true)?.data).toBe('newer');
    expect([await events.take(), await events.take()]).toEqual([
      [{ data: 'newer' }, 'ok'],
      [{ data: 'older' }, 'ok'],
    ]);
  });

  it('keeps what is published behind a removal', () => {
    const { rooms, relay } = relayed();
    rooms.room('r').publish('', { retain: true });
    rooms.room('r').publish('back', { retain: true });
    rooms.clock.tick(REMEMBERED_MS);
    expect(rooms.registry.retained('r').get(true)?.data).toBe('back');
    rooms.clock.tick(0);
    expect(relay.calls.filter((call) => String(call).startsWith('leave'))).toEqual([]);
  });

  it('is left once a removal is forgotten, ten minutes later', () => {
    const { rooms, relay } = relayed();
    rooms.room('r').publish('', { retain: true });
    rooms.clock.tick(REMEMBERED_MS - 1000);
    expect([rooms.registry.size, relay.calls.at(-1)]).toEqual([1, ['publish', 'r', '']]);
    rooms.clock.tick(1000);
    expect([rooms.registry.size, relay.calls.at(-1)]).toEqual([0, ['leave', 'r']]);
  });
});
