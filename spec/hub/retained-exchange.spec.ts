// What nodes retain after an outage: they compare, and who has something newer sends it.

import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { deployment, dropping } from './bus-fixtures.ts';
import type { PresenceNode } from './presence-nodes.ts';
import { keptOf, listening, nodesOf, put } from './retaining-nodes.ts';
import { bodyOf, encodeEnvelope, KIND } from '../../src/hub/envelope.ts';
import type { Body } from '../../src/hub/envelope.ts';
import { FieldWriter } from '../../src/hub/byte-fields.ts';
import { digestBody, retainedBodies, versionsBodies } from '../../src/hub/retained-body.ts';
import { MAX_COMPARED } from '../../src/hub/retained-exchange.ts';
import { roomBodyOf } from '../../src/hub/room-body.ts';

describe('what nodes retain', () => {
  it('is the same on all of them after an outage, without a new publish', async () => {
    const deployed = deployment();
    const [a, b, c] = await nodesOf(deployed, 'a', 'b', 'c');
    put(a, 'old');
    put(a, 'stays', 'k');
    put(a, 'to be removed', 'gone');
    await deployed.clock.advance(1000);
    c.link.cut();
    put(a, 'new');
    put(b, '', 'gone');
    put(c, 'of c', 'own');
    await deployed.clock.advance(20_000);
    expect(keptOf(c)).toEqual({ true: 'old', k: 'stays', gone: 'to be removed', own: 'of c' });
    c.link.mend();
    await deployed.clock.advance(1500);
    for (const node of [a, b, c]) expect(keptOf(node)).toEqual({ true: 'new', k: 'stays', own: 'of c' });
  });

  it('is what was published last, by whichever node', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    b.link.cut();
    put(a, 'first');
    await deployed.clock.advance(1);
    put(b, 'second');
    b.link.mend();
    await deployed.clock.advance(1500);
    expect([keptOf(a), keptOf(b)]).toEqual([{ true: 'second' }, { true: 'second' }]);
  });

  it('is compared by a digest first, and only what is newer is sent, once', async () => {
    const { watch, kinds } = listening();
    const deployed = deployment();
    const nodes = await nodesOf(deployed, 'a', 'b', 'c', 'd');
    const [a, b] = nodes;
    for (let key = 0; key < 50; key += 1) put(a, 'x'.repeat(1000), `${key}`);
    await deployed.clock.advance(1000);
    for (const node of nodes) watch(node);
    b.link.cut();
    b.link.mend();
    await deployed.clock.advance(5000);
    expect(kinds).toEqual(['b digest']);
    kinds.length = 0;
    b.link.cut();
    put(a, 'new', '7');
    b.link.mend();
    await deployed.clock.advance(5000);
    expect(kinds).toEqual(['b digest', 'a versions', 'b versions', 'a entries']);
    expect(keptOf(b)['7']).toBe('new');
  });

  it('is compared by one digest where the broker was down for all', async () => {
    const { watch, kinds } = listening();
    const deployed = deployment();
    const nodes = await nodesOf(deployed, 'a', 'b', 'c', 'd');
    put(nodes[0], 'x');
    await deployed.clock.advance(1000);
    for (const { link } of nodes) link.cut();
    await deployed.clock.advance(3000);
    for (const node of nodes) watch(node);
    for (const { link } of nodes) link.mend();
    await deployed.clock.advance(5000);
    expect(kinds).toEqual(['a digest']);
  });

  it('is not compared where no node retains anything', async () => {
    const { watch, kinds } = listening();
    const deployed = deployment();
    const nodes = await nodesOf(deployed, 'a', 'b');
    for (const node of nodes) watch(node);
    nodes[1].link.cut();
    nodes[1].link.mend();
    await deployed.clock.advance(5000);
    expect(kinds).toEqual([]);
  });

  it('of very many rooms is compared bit by bit', async () => {
    const { watch, kinds } = listening();
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    const rooms = Array.from({ length: 500 }, (_, index) => `room ${index}`);
    for (const room of rooms) {
      put(a, 'old', true, room);
      b.registry.room(room).subscribe();
    }
    await deployed.clock.advance(6000);
    b.link.cut();
    for (const room of rooms) put(a, 'new', true, room);
    await deployed.clock.advance(1000);
    for (const node of [a, b]) watch(node);
    b.link.mend();
    await deployed.clock.advance(150);
    expect(kinds.length).toBeLessThan(210);
    await deployed.clock.advance(6000);
    expect(rooms.filter((room) => keptOf(b, room)['true'] !== 'new')).toEqual([]);
  });

  it('comes through where parts of the comparison are lost', async () => {
    const { drops, faults } = dropping();
    const deployed = deployment(faults);
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    for (let round = 0; round < 20; round += 1) {
      drops.add('room:r');
      put(a, `${round}`);
      await deployed.clock.advance(120 * round);
      drops.clear();
      await deployed.clock.advance(30 * round);
    }
    await deployed.clock.advance(10_000);
    expect([keptOf(a), keptOf(b)]).toEqual([{ true: '19' }, { true: '19' }]);
  });

  it('is told in parts where it is much', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    b.link.cut();
    for (let key = 0; key < 600; key += 1) put(a, 'x'.repeat(500), `${'k'.repeat(1000)} ${key}`);
    put(b, 'y', 'of b');
    b.link.mend();
    await deployed.clock.advance(3000);
    expect([Object.keys(keptOf(b)).length, keptOf(b)]).toEqual([601, keptOf(a)]);
  });

  it('is the same 1,000 keys on all nodes, in whatever order they have come', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    b.link.cut();
    for (let key = 0; key < 700; key += 1) put(key % 2 === 0 ? a : b, 'x', `early ${key}`);
    await deployed.clock.advance(1);
    for (let key = 0; key < 700; key += 1) put(key % 2 === 0 ? a : b, 'x', `late ${key}`);
    b.link.mend();
    await deployed.clock.advance(3000);
    const names = Object.keys(keptOf(a));
    expect([names.length, names.filter((name) => name.startsWith('late')).length]).toEqual([1000, 700]);
    expect(keptOf(b)).toEqual(keptOf(a));
  });

  it.each([
    ['nothing compares before', (): void => {}],
    ['it has compared before', ({ link }: PresenceNode): void => (link.cut(), link.mend())],
  ])('reaches a node that entered while it was under way to all that answer: %s', async (_, meanwhile) => {
    let isSlow = false;
    const deployed = deployment({
      delivery: (from, to) => ({ copies: 1, delayMs: isSlow && from === 1 && to === 0 ? 700 : 0 }),
    });
    const [a, b, c] = await nodesOf(deployed, 'a', 'b', 'c');
    put(a, 'of a', 'a', 's');
    b.registry.room('s').subscribe();
    await deployed.clock.advance(5000);
    isSlow = true;
    put(b, 'of b', 'b', 's');
    await deployed.clock.advance(1);
    // Only `a` is left to answer, without the message that it has yet to hear.
    b.link.cut();
    c.registry.room('s').subscribe();
    await deployed.clock.advance(300);
    meanwhile(c);
    await deployed.clock.advance(1700);
    expect([keptOf(a, 's'), keptOf(c, 's')]).toEqual([{ a: 'of a', b: 'of b' }, { a: 'of a' }]);
    await deployed.clock.advance(1500);
    expect(keptOf(c, 's')).toEqual({ a: 'of a', b: 'of b' });
  });

  it('is not brought back by a node that was away while it was removed', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    put(a, 'x', 'k');
    await deployed.clock.advance(1000);
    b.link.cut();
    put(a, '', 'k');
    await deployed.clock.advance(590_000);
    b.link.mend();
    await deployed.clock.advance(3000);
    expect([keptOf(a), keptOf(b)]).toEqual([{}, {}]);
  });

  it('is the same where a publisher without versions has sent it', async () => {
    const deployed = deployment({
      delivery: (from, to) => ({ copies: 1, delayMs: from === 2 && to === 1 ? 90 : 0 }),
    });
    const [a, b, c] = await nodesOf(deployed, 'a', 'b', 'c');
    const header = {
      kind: KIND.room,
      node: { id: 'python', epoch: 0 },
      sequence: 0,
      sincePreviousMs: Infinity,
    };
    const body = roomBodyOf({ data: 'python', except: [], retain: true });
    // b has it behind the message of a, and a before its own.
    await c.link.publish('room:r', encodeEnvelope(header, body));
    await deployed.clock.advance(30);
    put(a, 'a');
    await deployed.clock.advance(3000);
    expect([keptOf(a), keptOf(b), keptOf(c)]).toEqual([keptOf(a), keptOf(a), keptOf(a)]);
  });

  it('of a sender whose time cannot be true is taken as of one without', async () => {
    const deployed = deployment();
    const [a, b, c] = await nodesOf(deployed, 'a', 'b', 'c');
    const header = {
      kind: KIND.room,
      node: { id: 'forger', epoch: 0 },
      sequence: 0,
      sincePreviousMs: Infinity,
    };
    const forged = encodeEnvelope(
      { ...header, time: Number.MAX_SAFE_INTEGER },
      roomBodyOf({ data: 'forged', except: [], retain: true }),
    );
    await c.link.publish('room:r', forged);
    await settle();
    const version = { time: Number.MAX_SAFE_INTEGER, node: 'forger' };
    const [entries] = retainedBodies('r', new Map([['k', { data: 'forged', version }]]), false) as [Body];
    await c.bus.publish('room:r', KIND.retained, entries);
    await deployed.clock.advance(3000);
    expect([keptOf(a), keptOf(b)]).toEqual([{ true: 'forged' }, { true: 'forged' }]);
    put(a, 'mine');
    await deployed.clock.advance(100);
    expect([keptOf(a), keptOf(b)]).toEqual([{ true: 'mine' }, { true: 'mine' }]);
  });

  it('takes no list without an end', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    put(b, 'x', 'k');
    await deployed.clock.advance(3000);
    const { watch, kinds } = listening();
    watch(b);
    const listed = new Map(
      Array.from({ length: 7000 }, (_, index) => [
        `${index}`,
        { data: 'x', version: { time: 1, node: 'z' } },
      ]),
    );
    for (let part = 0; part < 6; part += 1) {
      const [body] = versionsBodies(
        new Map([...listed].map(([key, entry]) => [`${part} ${key}`, entry])),
      ) as [Body];
      const bytes = new FieldWriter(body.byteLength);
      body.writeTo(bytes);
      // More follow, always.
      bytes.bytes.writeUInt8(part === 0 ? 5 : 1);
      await a.bus.publish('room:r', KIND.retainedVersions, bodyOf(bytes.bytes));
    }
    await deployed.clock.advance(20_000);
    expect([kinds, keptOf(b)]).toEqual([[], { k: 'x' }]);
  });

  it('is looked at a bounded number of times for one envelope, however many entries that has', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    put(b, 'x', 'k');
    await deployed.clock.advance(3000);
    const look = vi.spyOn(b.registry, 'retained');
    const version = { time: b.bus.time.next(), node: 'z' };
    const many = new Map(Array.from({ length: 500 }, (_, key) => [`${key}`, { data: 'x', version }]));
    await a.bus.publish('room:r', KIND.retained, retainedBodies('r', many, false)[0] as Body);
    await settle();
    expect([Object.keys(keptOf(b)).length, look.mock.calls.length < 10]).toEqual([501, true]);
  });

  it('is sent once a second, however often a node says that it has nothing', async () => {
    const { watch, kinds } = listening();
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    put(b, 'x', 'k');
    await deployed.clock.advance(5000);
    watch(b);
    const [nothing] = versionsBodies(new Map()) as [Body];
    for (let round = 0; round < 30; round += 1) {
      await a.bus.publish('room:r', KIND.retainedVersions, nothing);
      await deployed.clock.advance(100);
    }
    expect(kinds.filter((kind) => kind === 'b entries').length).toBeLessThanOrEqual(4);
  });

  it('is compared a bounded number of times in a second', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    put(b, 'x', 'k');
    await deployed.clock.advance(5000);
    const [nothing] = versionsBodies(new Map()) as [Body];
    for (let count = 0; count < MAX_COMPARED; count += 1) {
      await a.bus.publish('room:r', KIND.retainedDigest, digestBody('0'.repeat(16)));
      await a.bus.publish('room:r', KIND.retainedVersions, nothing);
    }
    expect(b.bus.dropped.get('busy')).toBe(MAX_COMPARED);
    await deployed.clock.advance(1000);
    await a.bus.publish('room:r', KIND.retainedDigest, digestBody('0'.repeat(16)));
    expect(b.bus.dropped.get('busy')).toBe(MAX_COMPARED);
  });

  it('drops and counts what it cannot read', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    for (const kind of [KIND.retainedDigest, KIND.retainedVersions, KIND.retained]) {
      await a.bus.publish('room:r', kind, bodyOf(new Uint8Array([1, 1])));
    }
    await settle();
    expect(b.bus.dropped.get('malformed')).toBe(3);
  });

  it('leaves no timer behind its end', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    put(a, '', 'removed');
    b.relay.close();
    b.link.cut();
    b.link.mend();
    await settle();
    await Promise.all([a.close(), b.close(), deployed.clock.advance(1000)]);
    expect(deployed.clock.timers).toBe(0);
  });
});
