// What NodeBus promises of rooms: each message once, in order, and a gap where one is missing. The
// rest of NodeBus: node-bus.spec.ts.

import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { deployment, dropping } from './bus-fixtures.ts';
import { FieldWriter } from '../../src/hub/byte-fields.ts';
import { bodyOf, encodeEnvelope, KIND } from '../../src/hub/envelope.ts';

describe('messages of other nodes to a room', () => {
  it('K12: reach the nodes that are subscribed, and never their own', async () => {
    const { node } = deployment();
    const [a, b, c] = [await node('a'), await node('b'), await node('c')];
    for (const each of [a, b]) await each.enter('room');
    expect(await a.say('room', 'hello')).toBe('sent');
    await settle();
    expect([a.told, b.told, c.told]).toEqual([[], ['a: hello'], []]);
  });

  it('K3: tell a gap of the broker at its place, once', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    await b.enter('room');
    await a.say('room', 'one');
    await settle();
    b.link.cut();
    await a.say('room', 'lost');
    await clock.advance(30);
    b.link.mend();
    await settle();
    await a.say('room', 'three');
    await clock.advance(5000);
    expect(b.told).toEqual(['a: one', 'gap 30', 'a: three']);
  });

  it('K2: tell a gap where the link of the sender was down', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    await b.enter('room');
    await a.say('room', 'one');
    await clock.advance(1000);
    a.link.cut();
    expect(await a.say('room', 'lost')).toBe('failed');
    a.link.mend();
    await clock.advance(500);
    await a.say('room', 'three');
    await clock.advance(5000);
    expect(b.told).toEqual(['a: one', 'gap 1500', 'a: three']);
  });

  it('tell a gap where the last message is missing, by the heartbeat of its sender', async () => {
    const { drops, faults } = dropping();
    const { node, clock } = deployment(faults);
    const [a, b] = [await node('a'), await node('b')];
    await b.enter('room');
    await clock.advance(500);
    drops.add('room:room');
    await a.say('room', 'lost');
    await clock.advance(600);
    expect(b.told).toEqual([]);
    drops.clear();
    await clock.advance(3000);
    expect(b.told).toEqual([expect.stringMatching(/^gap 3/)]);
    await a.say('room', 'two');
    await clock.advance(3000);
    expect(b.told.slice(1)).toEqual(['a: two']);
  });

  it('tell the gap also where that heartbeat is missing, too', async () => {
    const { drops, faults } = dropping();
    const { node, clock } = deployment(faults);
    const [a, b] = [await node('a'), await node('b')];
    await b.enter('room');
    await clock.advance(500);
    for (const address of ['room:room', 'nodes']) drops.add(address);
    await a.say('room', 'lost');
    await clock.advance(3000);
    drops.clear();
    await clock.advance(5000);
    expect(b.told).toHaveLength(1);
  });

  it('tell no gap of what was sent before the node entered', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    await a.say('room', 'before');
    await clock.advance(500);
    await b.enter('room');
    await a.say('room', 'after');
    await clock.advance(5000);
    expect(b.told).toEqual(['a: after']);
  });

  it('tell a gap where the first is missing that was sent in the millisecond of the entry', async () => {
    const { drops, faults } = dropping();
    const { node, clock } = deployment(faults);
    const [a, b, c] = [await node('a'), await node('b'), await node('c')];
    for (const each of [b, c]) {
      await each.enter('room');
      await each.enter('silent room');
    }
    drops.add('room:room').add('room:silent room');
    for (const room of ['room', 'silent room']) await a.say(room, 'lost');
    await settle();
    drops.clear();
    await a.say('room', 'after');
    await settle();
    expect([b.told, c.told]).toEqual([
      ['gap 0', 'a: after'],
      ['gap 0', 'a: after'],
    ]);
    await clock.advance(5000);
    expect(b.told.slice(2)).toEqual([expect.stringMatching(/^gap/)]);
  });

  it('tell no gap of what was sent before the entry, in the millisecond of it', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    for (const room of ['room', 'silent room']) await a.say(room, 'before');
    await settle();
    await b.enter('room');
    await b.enter('silent room');
    await a.say('room', 'after');
    await clock.advance(5000);
    expect(b.told).toEqual(['a: after']);
  });

  it('are asked for by nodes that are in a room, and by no others', async () => {
    const asked: string[] = [];
    const { node, clock } = deployment({
      delivery(_from, to, address) {
        if (address.startsWith('node:')) asked.push(`${address} gets one`);
        return to === 2 ? undefined : { copies: 1, delayMs: 0 };
      },
    });
    const a = await node('a');
    await a.say('room', 'hello');
    await clock.advance(2000);
    const b = await node('b');
    expect(asked).toEqual(['node:b gets one']);
    await b.enter('room');
    await clock.advance(10);
    a.link.cut();
    await a.say('room', 'lost');
    await clock.advance(1500);
    a.link.mend();
    await clock.advance(200);
    expect(b.told).toEqual([]);
    await clock.advance(3000);
    expect(b.told).toEqual([expect.stringMatching(/^gap /)]);
  });

  it('are asked for twice a second at most', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    await b.enter('room');
    const asked: string[] = [];
    a.bus.on(KIND.missed, (from) => void asked.push(from.id));
    const heartbeat = new FieldWriter(22).u8(0).u8(1).u64(5).u64(6).u32(0).bytes;
    for (let index = 0; index < 5; index += 1) await a.bus.broadcast(KIND.heartbeat, heartbeat);
    await settle();
    expect(asked).toEqual(['b']);
    await clock.advance(600);
    await a.bus.broadcast(KIND.heartbeat, heartbeat);
    await settle();
    expect(asked).toEqual(['b', 'b']);
  });

  it('K1: begin with a gap where the broker was down', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    b.link.cut();
    const entered = b.enter('room');
    await clock.advance(1);
    await entered;
    await clock.advance(1999);
    b.link.mend();
    await settle();
    await a.say('room', 'hello');
    await clock.advance(5000);
    expect(b.told).toEqual(['gap 2000', 'a: hello']);
  });

  it('hear a node again that another one has spoken for', async () => {
    const { node, clock } = deployment();
    const [a, b, c] = [await node('a'), await node('b'), await node('c')];
    await b.enter('room');
    const forged = { kind: KIND.room, sequence: 1, sincePreviousMs: Infinity };
    const later = { id: 'a', epoch: a.bus.epoch + 1 };
    await c.link.publish('room:room', encodeEnvelope({ ...forged, node: later }, bodyOf(Buffer.from('!'))));
    await clock.advance(1000);
    await a.say('room', 'shut out');
    await clock.advance(60_000);
    await a.say('room', 'heard');
    await clock.advance(5000);
    expect(b.told.filter((line) => !line.startsWith('gap'))).toEqual(['a: !', 'a: heard']);
  });

  it('forget the senders of which nothing comes', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    await b.enter('room');
    await a.say('room', 'one');
    await clock.advance(1000);
    const again = { kind: KIND.room, node: a.bus, sequence: 1, sincePreviousMs: Infinity };
    const bytes = encodeEnvelope(again, bodyOf(Buffer.from('again')));
    await a.link.publish('room:room', bytes);
    await clock.advance(300_000);
    await a.link.publish('room:room', bytes);
    await settle();
    expect(b.told).toEqual(['a: one', 'a: again']);
  });

  it('tell a gap in each room where the sender was cut off for minutes', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    await b.enter('room');
    await clock.advance(500);
    a.link.cut();
    await a.say('room', 'lost');
    await clock.advance(300_000);
    expect(b.told).toEqual([]);
    await b.enter('a later room');
    a.link.mend();
    await clock.advance(5000);
    expect(b.told).toEqual(['gap 301000']);
  });

  it('tell no gap in a room that was idle for minutes', async () => {
    const { node, clock } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    await b.enter('room');
    await a.say('room', 'one');
    await clock.advance(300_000);
    await a.say('another room', 'two');
    await a.say('room', 'three');
    await settle();
    expect(b.told).toEqual(['a: one', 'a: three']);
  });
});
