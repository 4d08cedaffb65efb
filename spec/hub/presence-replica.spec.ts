// Presence on several nodes: what one counts, the others list; what is lost is found out; and a
// node that leaves takes with it what it counted.

import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { deployment } from './bus-fixtures.ts';
import { losingNodes, presenceNode, presenceNodes } from './presence-nodes.ts';
import { bodyOf, encodeEnvelope, KIND } from '../../src/hub/envelope.ts';
import type { Body } from '../../src/hub/envelope.ts';
import { allBodies, ASK_BODY } from '../../src/hub/presence-body.ts';
import { TELL_ALL_EVERY_MS } from '../../src/hub/presence-room.ts';
import type { BrokerFaults } from '../../src/brokers/memory-broker.ts';

/** Counts the deliveries to rooms. */
function counting(): { readonly faults: BrokerFaults; count: number } {
  const counter = {
    count: 0,
    faults: {
      delivery(_from: number, _to: number, address: string) {
        if (address.startsWith('room:')) counter.count += 1;
        return undefined;
      },
    },
  };
  return counter;
}

describe('presence on several nodes', () => {
  it('adds up the sockets of all nodes, with their meta', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    a.track('ada', { on: 'a' });
    b.track('ada', { on: 'b' });
    b.track('__proto__', null);
    await deployed.clock.advance(50);
    expect([...a.presence().list().members]).toEqual([
      ['ada', { sockets: 2, meta: [{ on: 'a' }, { on: 'b' }] }],
      ['__proto__', { sockets: 1, meta: [null] }],
    ]);
    expect(b.presence().list().members.get('ada')).toEqual({ sockets: 2, meta: [{ on: 'b' }, { on: 'a' }] });
  });

  it('tells changes once for all nodes, and a client that moves is none', async () => {
    const deployed = deployment();
    const [a, b, c] = await presenceNodes(deployed, 'a', 'b', 'c');
    const changes = c.presence().changes();
    const first = a.track('ada');
    await deployed.clock.advance(100);
    expect(await changes.take()).toEqual([{ joined: ['ada'], left: [] }, 'ok']);
    first.end();
    await deployed.clock.advance(4000);
    const second = b.track('ada');
    await deployed.clock.advance(60_000);
    expect([changes.size, c.counts()]).toEqual([0, { ada: 1 }]);
    second.end();
    await deployed.clock.advance(5200);
    expect(await changes.take()).toEqual([{ joined: [], left: ['ada'] }, 'ok']);
  });

  it('sends a burst of changes as one envelope, and the changes alone', async () => {
    const counter = counting();
    const deployed = deployment(counter.faults);
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    const sockets = Array.from({ length: 100 }, (_, index) => a.track(`user ${index}`));
    const before = counter.count;
    await deployed.clock.advance(1000);
    for (const socket of sockets) socket.end();
    a.track('last');
    await deployed.clock.advance(1000);
    expect([counter.count - before, b.counts()]).toEqual([2, { last: 1 }]);
  });

  it('sends nothing of a room in which nothing has changed for others', async () => {
    const counter = counting();
    const deployed = deployment(counter.faults);
    const [a] = await presenceNodes(deployed, 'a', 'b');
    const before = counter.count;
    a.track('ada').end();
    await deployed.clock.advance(10_000);
    expect(counter.count - before).toBe(0);
  });

  it('carries more keys than an envelope holds', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    const meta = 'x'.repeat(3000);
    const sockets = Array.from({ length: 300 }, (_, index) => a.track(`user ${index}`, meta));
    await deployed.clock.advance(100);
    expect(Object.keys(b.counts()).length).toBe(300);
    for (const socket of sockets.slice(1)) socket.end();
    for (let index = 0; index < 300; index += 1) a.track(`other ${index}`, meta);
    await deployed.clock.advance(100);
    expect(Object.keys(b.counts()).length).toBe(301);
    const c = await presenceNode(deployed, 'c');
    c.presence().changes();
    await deployed.clock.advance(1000);
    expect(Object.keys(c.counts()).length).toBe(301);
  });

  it('is known to a node that comes later, and again to one that comes back to the room', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    const ada = a.track('ada', 1, 'late');
    await deployed.clock.advance(1000);
    for (const pauseMs of [0, 3000, 60_000]) {
      await deployed.clock.advance(pauseMs);
      const changes = b.presence('late').changes();
      await deployed.clock.advance(200);
      expect(b.counts('late')).toEqual({ ada: 1 });
      changes.close();
      expect(b.counts('late')).toEqual({});
    }
    const changes = b.presence('late').changes();
    changes.close();
    ada.end();
    await deployed.clock.advance(1000);
    b.presence('late').changes();
    expect(b.counts('late')).toEqual({});
  });
});

describe('a node', () => {
  it('that says goodbye takes what it counted, after the grace', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    const changes = b.presence().changes();
    a.track('ada');
    await deployed.clock.advance(100);
    await changes.take();
    await Promise.all([a.close(), deployed.clock.advance(100)]);
    expect([b.counts(), b.presence().list().missingNodes, changes.size]).toEqual([{}, [], 0]);
    await deployed.clock.advance(5000);
    expect(await changes.take()).toEqual([{ joined: [], left: ['ada'] }, 'ok']);
  });

  it('that is killed is missing, and forgotten after a minute', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    a.track('ada');
    await deployed.clock.advance(1000);
    const list = (): readonly unknown[] => {
      const { missingNodes, asOfMs } = b.presence().list();
      return [b.counts(), missingNodes, Math.round((deployed.clock.now() - asOfMs) / 1000) <= 1];
    };
    expect(list()).toEqual([{ ada: 1 }, [], true]);
    a.link.cut();
    await deployed.clock.advance(10_000);
    expect(list()).toEqual([{ ada: 1 }, ['a'], false]);
    await deployed.clock.advance(55_000);
    expect(list()).toEqual([{}, [], true]);
  });

  it('that comes back after it was forgotten is listed again, and lists the others', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    a.track('ada');
    b.track('grace');
    await deployed.clock.advance(1000);
    a.link.cut();
    await deployed.clock.advance(90_000);
    expect([a.counts(), b.counts()]).toEqual([{ ada: 1 }, { grace: 1 }]);
    a.track('late');
    a.link.mend();
    await deployed.clock.advance(3000);
    expect(a.counts()).toEqual({ ada: 1, grace: 1, late: 1 });
    expect(b.counts()).toEqual(a.counts());
  });

  it('that begins anew under its id has nothing of its former self', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    a.track('ada');
    await deployed.clock.advance(1000);
    a.relay.close();
    a.link.cut();
    const again = await presenceNode(deployed, 'a');
    again.track('grace');
    await deployed.clock.advance(3000);
    expect(b.counts()).toEqual({ grace: 1 });
  });

  it('that is not in the room, or has not answered, is named as missing until it is known', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    const missing = (): readonly string[] => b.presence('other').list().missingNodes;
    a.track('ada', undefined, 'other');
    await deployed.clock.advance(1000);
    expect(missing()).toEqual(['a']);
    const changes = b.presence('other').changes();
    expect([missing(), b.counts('other')]).toEqual([['a'], {}]);
    await deployed.clock.advance(100);
    expect([missing(), b.counts('other')]).toEqual([[], { ada: 1 }]);
    changes.close();
    expect(missing()).toEqual(['a']);
    b.presence('empty').changes();
    await deployed.clock.advance(400);
    expect(b.presence('empty').list().missingNodes).toEqual(['a']);
    await deployed.clock.advance(200);
    expect(b.presence('empty').list().missingNodes).toEqual([]);
  });
});

describe('what is lost', () => {
  it('is asked for: a change, the last change, and an answer', async () => {
    const { deployed, drops, nodes } = await losingNodes('a', 'b');
    const [a, b] = nodes;
    a.track('ada');
    await deployed.clock.advance(1000);
    drops.add('room:r');
    const lost = a.track('grace');
    await deployed.clock.advance(100);
    drops.clear();
    expect(b.counts()).toEqual({ ada: 1 });
    await deployed.clock.advance(8000);
    expect(b.counts()).toEqual({ ada: 1, grace: 1 });
    drops.add('room:r');
    lost.end();
    await deployed.clock.advance(9000);
    drops.clear();
    await deployed.clock.advance(12_000);
    expect(b.counts()).toEqual({ ada: 1 });
  });

  it('is no gap for the subscribers of the room: a change, and the last one', async () => {
    const { deployed, drops, nodes } = await losingNodes('a', 'b');
    const [a, b] = nodes;
    const events = b.registry.room('r').subscribe();
    a.registry.room('r').publish('before');
    drops.add('room:r');
    a.track('ada');
    await deployed.clock.advance(100);
    drops.clear();
    a.track('grace');
    await deployed.clock.advance(1500);
    a.registry.room('r').publish('between');
    drops.add('room:r');
    a.track('eve');
    await deployed.clock.advance(100);
    drops.clear();
    await deployed.clock.advance(8000);
    a.registry.room('r').publish('after');
    await settle();
    expect(b.counts()).toEqual({ ada: 1, eve: 1, grace: 1 });
    events.close();
    const told: unknown[] = [];
    for await (const event of events) told.push(event);
    expect(told).toEqual(['before', 'between', 'after'].map((data) => ({ data })));
  });

  it('is forgotten where its node has left the room meanwhile', async () => {
    const { deployed, drops, nodes } = await losingNodes('a', 'b');
    const [a, b] = nodes;
    const changes = b.presence('other').changes();
    const ada = a.track('ada', undefined, 'other');
    await deployed.clock.advance(1000);
    expect(b.counts('other')).toEqual({ ada: 1 });
    drops.add('room:other');
    ada.end();
    await deployed.clock.advance(20_000);
    drops.clear();
    await deployed.clock.advance(20_000);
    expect(b.counts('other')).toEqual({});
    changes.close();
  });

  it('is told anew where the broker has refused it', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    const publish = a.link.publish.bind(a.link);
    let refusals = 2;
    a.link.publish = (address, bytes) => {
      if (!address.startsWith('room:') || refusals === 0) return publish(address, bytes);
      refusals -= 1;
      return Promise.reject(new Error('refused'));
    };
    a.track('ada');
    await deployed.clock.advance(3000);
    expect([refusals, b.counts()]).toEqual([0, { ada: 1 }]);
  });

  it('is told anew when the broker is back', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    a.link.cut();
    b.track('grace');
    a.track('ada');
    a.presence('new').changes();
    await deployed.clock.advance(3000);
    expect([a.counts(), b.counts()]).toEqual([{ ada: 1 }, { grace: 1 }]);
    a.link.mend();
    await deployed.clock.advance(2500);
    expect([a.counts(), b.counts()]).toEqual([
      { ada: 1, grace: 1 },
      { ada: 1, grace: 1 },
    ]);
  });

  it('of very many rooms is told anew bit by bit', async () => {
    const counter = counting();
    const deployed = deployment(counter.faults);
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    const rooms = Array.from({ length: 500 }, (_, index) => `room ${index}`);
    for (const room of rooms) {
      b.presence(room).changes();
      a.track('ada', undefined, room);
    }
    await deployed.clock.advance(5000);
    b.link.cut();
    await deployed.clock.advance(2000);
    b.link.mend();
    await settle();
    const before = counter.count;
    await deployed.clock.advance(50);
    expect(counter.count - before).toBeLessThan(450);
    await deployed.clock.advance(5000);
    expect(rooms.every((room) => b.counts(room)['ada'] === 1)).toBe(true);
  });
});

describe('foreign presence', () => {
  const told = (key: string, version: number): Body =>
    allBodies([[key, { sockets: 1, meta: [] }]], version)[0] as Body;

  it('is not taken from a node that has said goodbye', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    await Promise.all([a.bus.close(), deployed.clock.advance(100)]);
    await a.bus.publish('room:r', KIND.presence, told('ghost', 7));
    await deployed.clock.advance(70_000);
    expect(b.counts()).toEqual({});
  });

  it('is asked for once its node is known', async () => {
    const { deployed, drops, nodes } = await losingNodes('a', 'b');
    const [, b] = nodes;
    drops.add('nodes');
    const c = await presenceNode(deployed, 'c');
    c.track('early');
    await deployed.clock.advance(500);
    expect([b.counts(), b.bus.nodes.has('c')]).toEqual([{}, false]);
    drops.clear();
    await deployed.clock.advance(2000);
    expect(b.counts()).toEqual({ early: 1 });
  });

  it('of very many nodes that are not known keeps no other from being found', async () => {
    const { deployed, drops, nodes } = await losingNodes('a', 'b');
    const [a, b] = nodes;
    drops.add('nodes');
    const c = await presenceNode(deployed, 'c');
    c.track('early');
    await deployed.clock.advance(500);
    for (let index = 0; index < 1000; index += 1) {
      const node = { id: `node-${index}`, epoch: 1 };
      const header = { kind: KIND.presence, node, sequence: 0, sincePreviousMs: Infinity };
      await a.link.publish('room:r', encodeEnvelope(header, told('ghost', 7)));
    }
    drops.clear();
    await deployed.clock.advance(2000);
    expect(b.counts()).toEqual({ early: 1 });
  });

  it('is told to all four times a second, however often it is asked for', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    a.track('ada');
    await deployed.clock.advance(1000);
    const publish = vi.spyOn(a.bus, 'publish');
    for (let asked = 0; asked < 100; asked += 1, await deployed.clock.advance(10))
      await b.bus.publish('room:r', KIND.presence, ASK_BODY);
    const told = publish.mock.calls.filter(([, kind]) => kind === KIND.presence).length;
    expect(told).toBe(1000 / TELL_ALL_EVERY_MS);
  });

  it('that is broken is counted and dropped', async () => {
    const deployed = deployment();
    const [a, b] = await presenceNodes(deployed, 'a', 'b');
    for (const bytes of [[], [9], [2, 1], [3, 0, ...Array.from({ length: 16 }, () => 0), 0, 1]]) {
      await a.bus.publish('room:r', KIND.presence, bodyOf(new Uint8Array(bytes)));
    }
    await settle();
    expect([b.bus.dropped.get('malformed'), b.counts()]).toEqual([4, {}]);
  });
});

it('leaves no timer behind its end', async () => {
  const deployed = deployment();
  const [a, b] = await presenceNodes(deployed, 'a', 'b');
  const socket = a.track('ada');
  b.track('ada');
  await Promise.all([a.close(), b.close(), deployed.clock.advance(1000)]);
  socket.end();
  expect(deployed.clock.timers).toBe(0);
});
