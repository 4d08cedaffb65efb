import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { deployment, NO_PRESENCE } from './bus-fixtures.ts';
import type { Deployment, TestNode } from './bus-fixtures.ts';
import { bodyOf, KIND } from '../../src/hub/envelope.ts';
import type { Body } from '../../src/hub/envelope.ts';
import { retainedBodies } from '../../src/hub/retained-body.ts';
import { BusRoomRelay } from '../../src/hub/room-relay.ts';
import type { PresenceRelay } from '../../src/hub/room-relay.ts';
import { isNewer } from '../../src/rooms/retained-messages.ts';
import type { Retained, RetainedEntry, RetainVersion, RoomMessage } from '../../src/rooms/relay.ts';
import type { Data } from '../../src/core/data.ts';

interface RelayNode extends TestNode {
  readonly relay: BusRoomRelay;
  /** What its rooms retain. */
  readonly kept: ReadonlyMap<string, ReadonlyMap<true | string, RetainedEntry>>;
  publish(room: string, data: Data, message?: Partial<RoomMessage>): Promise<'sent' | 'failed'>;
}

const NOTHING: Retained = new Map();

/** A node whose rooms note in `told` what they get, and retain as rooms do. */
async function relayNode(
  { node, clock }: Deployment,
  name: string,
  presence: (told: string[]) => PresenceRelay = () => NO_PRESENCE,
): Promise<RelayNode> {
  const test = await node(name);
  const { bus, told } = test;
  const kept = new Map<string, Map<true | string, RetainedEntry>>();
  const retain = (
    room: string,
    key: true | string | undefined,
    { data, version }: { readonly data: Data; readonly version: RetainVersion | undefined },
  ): void => {
    if (key === undefined || version === undefined) return;
    const ofRoom = kept.get(room) ?? new Map<true | string, RetainedEntry>();
    kept.set(room, ofRoom);
    const own = ofRoom.get(key);
    if (own === undefined || isNewer(version, own.version)) ofRoom.set(key, { data, version });
  };
  const sink = {
    deliver(room: string, { data, except, retain: key, version }: RoomMessage): void {
      told.push(`${room}: ${String(data)}${except.length > 0 ? ` but ${except.join()}` : ''}`);
      retain(room, key, { data, version });
    },
    gap: (room: string, forMs: number) => void told.push(`${room}: gap ${forMs}`),
    retained: (room: string) => kept.get(room) ?? NOTHING,
    mergeRetained(room: string, merged: Retained): void {
      const texts = [...merged].map(([key, { data }]) => [key, data]);
      told.push(`${room}: merged ${JSON.stringify(Object.fromEntries(texts))}`);
      for (const [key, entry] of merged) retain(room, key, entry);
    },
    presentElsewhere: () => {},
  };
  const relay = new BusRoomRelay(bus, sink, clock, presence(told));
  return {
    ...test,
    relay,
    kept,
    publish(room, data, message = {}) {
      const version = message.retain === undefined ? undefined : relay.nextVersion();
      retain(room, message.retain, { data, version });
      if (message.retain !== undefined) void relay.enter(room);
      return relay.publish(room, { data, except: [], retain: undefined, version, ...message });
    },
  };
}

/** Nodes that know each other. */
async function relayNodes<const Names extends readonly string[]>(
  deployed: Deployment,
  ...names: Names
): Promise<{ readonly [Index in keyof Names]: RelayNode }> {
  const nodes: RelayNode[] = [];
  for (const name of names) nodes.push(await relayNode(deployed, name));
  await deployed.clock.advance(500);
  return nodes as { readonly [Index in keyof Names]: RelayNode };
}

describe('BusRoomRelay', () => {
  it('enters within half a second, also where the broker never acknowledges', async () => {
    const deployed = deployment();
    const [a] = await relayNodes(deployed, 'a', 'b');
    await relayNode(deployed, 'c');
    a.bus.heartbeats.hasFromNowOn('retained');
    const fresh = await relayNode(deployed, 'd');
    fresh.link.publish = () => new Promise(() => {});
    let isEntered = false;
    void fresh.relay.enter('room').then(() => (isEntered = true));
    await deployed.clock.advance(499);
    expect(isEntered).toBe(false);
    await deployed.clock.advance(1);
    expect(isEntered).toBe(true);
  });

  it('delivers to the nodes that are in the room, with one message of the broker for each', async () => {
    const deliveries: string[] = [];
    const deployed = deployment({
      delivery(from, to, address) {
        if (address.startsWith('room:')) deliveries.push(`${from} to ${to}`);
        return undefined;
      },
    });
    const [a, b, c] = await relayNodes(deployed, 'a', 'b', 'c');
    await Promise.all([a.relay.enter('room'), b.relay.enter('room'), c.relay.enter('other')]);
    expect(await a.publish('room', 'hello', { except: ['x', 'y'] })).toBe('sent');
    await settle();
    expect([a.told, b.told, c.told]).toEqual([[], ['room: hello but x,y'], []]);
    expect(deliveries).toEqual(['0 to 1']);
  });

  it('carries bytes, and names of any text', async () => {
    const deployed = deployment();
    const [a, b] = await relayNodes(deployed, 'a', 'b');
    const names = ['__proto__', 'ü'.repeat(512), ' ', 'a:b'];
    for (const name of names) await b.relay.enter(name);
    for (const name of names) await a.publish(name, new Uint8Array([1, 2]));
    await settle();
    expect(b.told).toEqual(names.map((name) => `${name}: 1,2`));
  });

  it('has nothing delivered any more once the room is left, and unsubscribes five seconds later', async () => {
    const deployed = deployment();
    const [a, b] = await relayNodes(deployed, 'a', 'b');
    await b.relay.enter('room');
    b.relay.leave('room');
    b.relay.leave('room');
    b.relay.leave('never entered');
    await a.publish('room', 'unheard');
    await a.bus.publish('room:room', KIND.retainedDigest, bodyOf(new Uint8Array(8)));
    await deployed.clock.advance(4900);
    expect(await a.link.publish('room:room', new Uint8Array())).toBe(1);
    await deployed.clock.advance(100);
    expect(await a.link.publish('room:room', new Uint8Array())).toBe(0);
    expect(b.told).toEqual([]);
  });

  it('stays subscribed where the room is entered again in time', async () => {
    const deployed = deployment();
    const [a, b] = await relayNodes(deployed, 'a', 'b');
    await b.relay.enter('flaps');
    await b.relay.enter('leaves');
    b.relay.leave('flaps');
    await deployed.clock.advance(3000);
    await b.relay.enter('flaps');
    b.relay.leave('leaves');
    await deployed.clock.advance(3000);
    const subscribed = (room: string): Promise<number | undefined> =>
      a.link.publish(`room:${room}`, new Uint8Array());
    expect([await subscribed('flaps'), await subscribed('leaves')]).toEqual([1, 1]);
    b.relay.leave('flaps');
    await deployed.clock.advance(2000);
    expect([await subscribed('flaps'), await subscribed('leaves')]).toEqual([1, 0]);
    await deployed.clock.advance(3000);
    expect(await subscribed('flaps')).toBe(0);
  });

  it('tells a gap to rooms that are in use', async () => {
    const deployed = deployment();
    const [, b] = await relayNodes(deployed, 'a', 'b');
    await b.relay.enter('used');
    await b.relay.enter('left');
    b.relay.leave('left');
    b.link.cut();
    await deployed.clock.advance(40);
    b.link.mend();
    await settle();
    expect(b.told).toEqual(['used: gap 40']);
  });

  it('fails with more ids than an envelope can have', async () => {
    const [a] = await relayNodes(deployment(), 'a');
    const except = Array.from({ length: 65_536 }, () => 'x');
    expect(await a.publish('room', 'hello', { except })).toBe('failed');
    expect(await a.publish('room', 'hello', { except: except.slice(1) })).toBe('sent');
  });

  it('drops and counts what it cannot read', async () => {
    const deployed = deployment();
    const [a, b] = await relayNodes(deployed, 'a', 'b');
    await b.relay.enter('room');
    const broken = bodyOf(new Uint8Array([1, 255, 255]));
    await a.bus.publish('room:room', KIND.room, broken);
    await a.bus.publish('node:b', KIND.retained, broken);
    await a.bus.publish('room:room', 99, broken);
    await a.bus.publish('node:b', KIND.retained, retainedBodies('another room', NOTHING, false)[0] as Body);
    await settle();
    expect(Object.fromEntries(b.bus.dropped)).toEqual({ malformed: 2, kind: 1 });
    expect(b.told).toEqual([]);
  });

  it.each<[string, Uint8Array]>([
    ['too long', Buffer.alloc(70_000, 'x')],
    ['empty', new Uint8Array()],
    ['no UTF-8', new Uint8Array([0xff])],
  ])('answers no question about a room whose name is %s', async (_, name) => {
    const deployed = deployment();
    const [a, b] = await relayNodes(deployed, 'a', 'b');
    await a.bus.publish('nodes', KIND.retainedAsk, bodyOf(name));
    await settle();
    expect([Object.fromEntries(b.bus.dropped), a.told]).toEqual([{ malformed: 1 }, []]);
  });

  describe('what is retained', () => {
    it('is merged before a first join resolves', async () => {
      const deployed = deployment();
      const [a, b] = await relayNodes(deployed, 'a', 'b');
      await a.publish('room', 'last', { retain: true });
      await a.publish('room', 'price', { retain: 'EUR' });
      await settle();
      await b.relay.enter('room');
      expect(b.told).toEqual(['room: merged {"true":"last","EUR":"price"}']);
      await b.relay.enter('room');
      expect(b.told).toHaveLength(1);
    });

    it('is not waited for where no other node retains anything', async () => {
      const deployed = deployment();
      const [a, b] = await relayNodes(deployed, 'a', 'b');
      await a.relay.enter('room');
      const before = deployed.clock.now();
      await b.relay.enter('room');
      expect([deployed.clock.now() - before, b.told]).toEqual([0, []]);
    });

    it('is not waited for where those that retain something retain nothing of the room', async () => {
      const deployed = deployment();
      const [a, b] = await relayNodes(deployed, 'a', 'b');
      await a.publish('other', 'last', { retain: true });
      await settle();
      await b.relay.enter('room');
      expect(b.told).toEqual([]);
    });

    it('is waited for half a second at most', async () => {
      const deployed = deployment();
      const [a, b] = await relayNodes(deployed, 'a', 'b');
      await a.publish('room', 'last', { retain: true });
      await settle();
      a.link.cut();
      const entered = b.relay.enter('room');
      await deployed.clock.advance(500);
      await entered;
      expect(b.told).toEqual([]);
    });

    it('is not waited for while the broker is down', async () => {
      const deployed = deployment();
      const [a, b] = await relayNodes(deployed, 'a', 'b');
      await a.publish('room', 'last', { retain: true });
      await settle();
      b.link.cut();
      const entered = b.relay.enter('room');
      await deployed.clock.advance(0);
      await entered;
      expect(b.told).toEqual([]);
    });

    it('never replaces what was published meanwhile', async () => {
      const deployed = deployment({
        delivery: (from, _to, address) =>
          from === 0 && address === 'node:b' ? { copies: 1, delayMs: 20 } : undefined,
      });
      const [a, b, c] = await relayNodes(deployed, 'a', 'b', 'c');
      await a.publish('room', 'old', { retain: 'x' });
      await a.publish('room', 'kept', { retain: 'y' });
      await settle();
      const entered = b.relay.enter('room');
      await settle();
      await c.publish('room', '', { retain: 'x' });
      await settle();
      await deployed.clock.advance(20);
      await entered;
      const kept = [...(b.kept.get('room') ?? [])].map(([key, { data }]) => [key, data]);
      expect(kept).toEqual([
        ['x', ''],
        ['y', 'kept'],
      ]);
    });

    it('of a node that has missed messages counts only where no other answers', async () => {
      const deployed = deployment();
      const [a, b, c] = await relayNodes(deployed, 'a', 'b', 'c');
      await a.publish('room', 'old', { retain: true });
      await b.relay.enter('room');
      a.link.cut();
      await b.publish('room', 'new', { retain: true });
      a.link.mend();
      await settle();
      await c.relay.enter('room');
      const [old, found] = [a, c].map(({ kept }) => kept.get('room')?.get(true)?.data);
      expect([old, found]).toEqual(['old', 'new']);
    });

    it('is not answered by a node that has yet to hear of it itself', async () => {
      const deployed = deployment({
        delivery: (_from, _to, address) => (address === 'node:b' ? { copies: 1, delayMs: 400 } : undefined),
      });
      const [a, b, c] = await relayNodes(deployed, 'a', 'b', 'c');
      await a.publish('room', 'x', { retain: 'x' });
      await settle();
      const published = b.publish('room', 'y', { retain: 'y' });
      await settle();
      await c.relay.enter('room');
      expect(c.told).toEqual(['room: merged {"x":"x","y":"y"}']);
      await published;
    });

    it('is handed on by a node that has it from another one', async () => {
      const deployed = deployment();
      const [a, b] = await relayNodes(deployed, 'a', 'b');
      await a.publish('room', 'last', { retain: true });
      await settle();
      await b.relay.enter('room');
      await a.bus.close();
      a.link.cut();
      const [c] = await relayNodes(deployed, 'c');
      await c.relay.enter('room');
      expect(c.kept.get('room')?.get(true)?.data).toBe('last');
    });

    it('is asked for by a node that has just begun', async () => {
      const deployed = deployment();
      const [a] = await relayNodes(deployed, 'a');
      await a.publish('room', 'last', { retain: true });
      await settle();
      const b = await relayNode(deployed, 'b');
      await b.relay.enter('room');
      expect(b.told).toEqual(['room: merged {"true":"last"}']);
    });
  });

  it('shares the subscription of a room with its presence', async () => {
    const deployed = deployment();
    const [a] = await relayNodes(deployed, 'a');
    const b = await relayNode(deployed, 'b', (told) => ({
      present: (room, _keys, key) => void told.push(`present ${room} ${key}`),
      heardOf: (room) => ({ missingNodes: [room], asOfMs: 7 }),
      used: (room) => void told.push(`used ${room}`),
      unused: (room) => void told.push(`unused ${room}`),
      entered: (room) => void told.push(`entered ${room}`),
      left: (room) => void told.push(`left ${room}`),
      receive: (room, from, body) =>
        void told.push(`from ${from.id} in ${room}: ${Buffer.from(body).toString()}`),
      gap: (room) => void told.push(`gap ${room}`),
      close: () => void told.push('close'),
    }));
    await deployed.clock.advance(500);
    await b.relay.enter('room');
    b.relay.present('room', new Map([['ada', { sockets: 1, meta: [] }]]), 'ada');
    expect(b.relay.heardOf('room')).toEqual({ missingNodes: ['room'], asOfMs: 7 });
    expect(a.relay.heardOf('room')).toEqual({ missingNodes: [], asOfMs: Infinity });
    a.relay.present('room', new Map(), 'ada');
    await a.relay.enter('room');
    await b.bus.publish('room:room', KIND.presence, bodyOf(Buffer.from('not kept')));
    await a.bus.publish('room:room', KIND.presence, bodyOf(Buffer.from('here')));
    await settle();
    b.relay.leave('room');
    b.link.cut();
    b.link.mend();
    await settle();
    await deployed.clock.advance(5000);
    b.relay.close();
    expect(b.told).toEqual([
      'used room',
      'entered room',
      'present room ada',
      'from a in room: here',
      'unused room',
      'gap room',
      'left room',
      'close',
    ]);
  });

  it('leaves no timer behind its end', async () => {
    const deployed = deployment();
    const [a] = await relayNodes(deployed, 'a');
    await a.relay.enter('room');
    a.relay.leave('room');
    a.relay.close();
    await a.bus.close();
    expect(deployed.clock.timers).toBe(0);
  });
});
