import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { deployment, dropping } from './bus-fixtures.ts';
import type { TestNode } from './bus-fixtures.ts';
import { bodyOf, encodeEnvelope, KIND, MAX_ENVELOPE_BYTES } from '../../src/hub/envelope.ts';
import type { Envelope, EnvelopeHeader } from '../../src/hub/envelope.ts';

const text = (body: Uint8Array): string => Buffer.from(body).toString();
const bytes = (value: string): Uint8Array => Buffer.from(value);

/** Notes what comes of one kind. */
function noted({ bus, told }: TestNode, kind: number): void {
  bus.on(kind, (from, body) => void told.push(`${from.id}: ${text(body)}`));
}

describe('NodeBus', () => {
  describe('sending', () => {
    it('reaches the inbox of one node, or all other nodes', async () => {
      const { node } = deployment();
      const nodes = [await node('a'), await node('b'), await node('c')] as const;
      for (const each of nodes) noted(each, 32);
      const [a, b, c] = nodes;
      expect(await a.bus.send('b', 32, bytes('to b'))).toBe('sent');
      expect(await a.bus.broadcast(32, bytes('to all'))).toBe('sent');
      await settle();
      expect(nodes.map(({ told }) => told)).toEqual([[], ['a: to b', 'a: to all'], ['a: to all']]);
      expect([b, c].map(({ bus }) => bus.dropped.size)).toEqual([0, 0]);
    });

    it('keeps the order of one sender', async () => {
      const { node, clock } = deployment({
        delivery: (from, to) => ({ copies: 1, delayMs: (from * 7 + to) % 5 }),
      });
      const [a, b] = [await node('a'), await node('b')];
      noted(b, 32);
      for (let index = 0; index < 50; index += 1) void a.bus.send('b', 32, bytes(`${index}`));
      await clock.advance(100);
      expect(b.told).toEqual(Array.from({ length: 50 }, (_, index) => `a: ${index}`));
    });

    it('K5: removes duplicates of the broker', async () => {
      const { node } = deployment({ delivery: () => ({ copies: 3, delayMs: 0 }) });
      const [a, b] = [await node('a'), await node('b')];
      noted(b, 32);
      const before = b.bus.dropped.get('duplicate') ?? 0;
      await a.bus.broadcast(32, bytes('once'));
      await settle();
      expect(b.told).toEqual(['a: once']);
      expect(b.bus.dropped.get('duplicate')).toBe(before + 2);
      expect(b.reports).toEqual([]);
    });

    it('fails while the broker is down, and says nothing more', async () => {
      const { node } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      noted(b, 32);
      a.link.cut();
      expect([await a.bus.broadcast(32, bytes('lost')), await a.bus.send('b', 32, bytes('lost'))]).toEqual([
        'failed',
        'failed',
      ]);
      a.link.mend();
      await settle();
      expect([b.told, a.reports]).toEqual([[], []]);
    });

    it('tells of envelopes that are missing in its inbox', async () => {
      const { drops, faults } = dropping();
      const { node, clock } = deployment(faults);
      const [a, b] = [await node('a'), await node('b')];
      const off = b.bus.onLoss((forMs) => void b.told.push(`loss ${forMs}`));
      noted(b, 32);
      await a.bus.send('b', 32, bytes('one'));
      await clock.advance(10);
      drops.add('node:b');
      await a.bus.send('b', 32, bytes('two'));
      drops.clear();
      await a.bus.send('b', 32, bytes('three'));
      await settle();
      expect(b.told).toEqual(['a: one', 'loss 10', 'a: three']);
      off();
    });

    it('refuses what is larger than an envelope may be, and reports it', async () => {
      const { node } = deployment();
      const a = await node('a');
      const most = new Uint8Array(MAX_ENVELOPE_BYTES - 42);
      expect([await a.bus.broadcast(32, most), a.reports]).toEqual(['sent', []]);
      expect(await a.bus.broadcast(32, new Uint8Array(most.length + 1))).toBe('failed');
      expect(a.reports).toMatchObject([{ code: 'COROSOCK_ENVELOPE', reason: 'oversize', count: 1 }]);
    });
  });

  it('receives no more from an address that it has unsubscribed from', async () => {
    const { node } = deployment();
    const [a, b] = [await node('a'), await node('b')];
    const listener = { receive: ({ body }: Envelope) => b.told.push(text(body)) > 0, gap: () => {} };
    const old = b.bus.subscribe('room:room', listener);
    await b.bus.unsubscribe(old);
    await a.say('room', 'before');
    await settle();
    const again = b.bus.subscribe('room:room', listener);
    await again.opened;
    await b.bus.unsubscribe(old);
    await a.say('room', 'now');
    await settle();
    expect(b.told).toEqual(['now']);
  });

  it('reports what the broker refuses', async () => {
    const { node } = deployment();
    const a = await node('a');
    a.bus.subscribe('room:\ud800', { receive: () => true, gap: () => {} });
    await settle();
    expect(a.reports).toMatchObject([{ code: 'COROSOCK_BROKER', cause: { code: 'COROSOCK_ARGUMENT' } }]);
  });

  it('reports each refusal once, at most once a minute, however many there are', async () => {
    const { node, clock } = deployment();
    const a = await node('a');
    for (const end of ['1', '2', '3']) {
      a.bus.subscribe(`room:${end}\ud800`, { receive: () => true, gap: () => {} });
    }
    await clock.advance(59_000);
    expect(a.reports).toHaveLength(1);
    await clock.advance(200_000);
    expect(a.reports).toHaveLength(2);
  });

  it('K14: asks each second for what was refused, unless the broker is down', async () => {
    const { node, clock } = deployment();
    const a = await node('a');
    let asked = 0;
    const subscribe = a.link.subscribe.bind(a.link);
    a.link.subscribe = (...call) => {
      asked += call[0] === 'room:vip' ? 1 : 0;
      return call[0] === 'room:vip' && asked < 6 ? Promise.reject(new Error('no')) : subscribe(...call);
    };
    await a.enter('vip');
    await clock.advance(3000);
    expect(asked).toBe(4);
    a.link.cut();
    await clock.advance(3000);
    expect(asked).toBe(4);
    a.link.mend();
    await clock.advance(5000);
    expect([asked, a.told]).toEqual([6, ['gap 8000']]);
  });

  it('takes a broker that throws for one that rejects', async () => {
    const { node, clock } = deployment();
    const a = await node('a');
    a.link.publish = () => {
      throw new Error('no');
    };
    await clock.advance(3000);
    expect(await a.say('room', 'x')).toBe('failed');
  });

  describe('what does not belong here', () => {
    const header: EnvelopeHeader = {
      kind: 200,
      node: { id: 'x', epoch: 1 },
      sequence: 0,
      sincePreviousMs: Infinity,
    };

    it('K8: is counted by its reason and dropped; what is wrong is reported once', async () => {
      const { node } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      const hostile = [
        bytes('{"__proto__":{}}'),
        bytes('{'),
        new Uint8Array(MAX_ENVELOPE_BYTES + 1),
        encodeEnvelope({ ...header, node: { id: 'a', epoch: 1 } }, bodyOf(bytes(''))),
        encodeEnvelope({ ...header, kind: KIND.heartbeat }, bodyOf(bytes('?'))),
        encodeEnvelope({ ...header, kind: KIND.missed }, bodyOf(bytes('?'))),
        encodeEnvelope(header, bodyOf(bytes(''))),
      ];
      const counts = (): object => Object.fromEntries(a.bus.dropped);
      for (const envelope of hostile) await b.link.publish('nodes', envelope);
      await settle();
      expect(counts()).toEqual({ foreign: 2, size: 1, own: 1, malformed: 2, kind: 1 });
      expect(a.reports).toMatchObject([
        { reason: 'foreign', count: 1 },
        { reason: 'size', count: 1 },
        { reason: 'malformed', count: 1 },
      ]);
      expect([...a.bus.nodes.keys()]).toEqual(['b']);
    });

    it('K13: a newer version is dropped and counted, and its node is none of ours', async () => {
      const { node } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      const newer = encodeEnvelope({ ...header, kind: KIND.heartbeat }, bodyOf(new Uint8Array(22)));
      newer[4] = 2;
      await b.link.publish('nodes', newer);
      await settle();
      expect([a.bus.dropped.get('version'), [...a.bus.nodes.keys()]]).toEqual([1, ['b']]);
    });

    it('drops what a former self of a node has sent', async () => {
      const { node } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      const old = { ...header, kind: KIND.heartbeat, node: { id: 'b', epoch: 1 }, sequence: 9 };
      await b.link.publish('nodes', encodeEnvelope(old, bodyOf(new Uint8Array(22))));
      await settle();
      expect([a.bus.dropped.get('stale'), a.bus.nodes.get('b')?.epoch]).toEqual([1, b.bus.epoch]);
    });
  });

  describe('its end', () => {
    it('says goodbye, so that it is gone at once and nothing is missed', async () => {
      const { node, clock } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      await a.enter('room');
      await b.say('room', 'last words');
      await b.bus.close();
      await b.bus.close();
      await settle();
      expect([a.told, [...a.bus.nodes.keys()]]).toEqual([['b: last words'], []]);
      await clock.advance(120_000);
      expect([a.told, a.reports]).toEqual([['b: last words'], []]);
    });

    it('says goodbye at once, also where the broker acknowledges late', async () => {
      const { node } = deployment({ acknowledgementMs: (from) => (from === 1 ? 60_000 : 0) });
      const [a, b] = [await node('a'), await node('b')];
      void b.bus.close();
      await settle();
      expect([...a.bus.nodes.keys()]).toEqual([]);
    });

    it('leaves no timer and no subscription', async () => {
      const { node, clock } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      await a.enter('room');
      await a.bus.close();
      await b.bus.close();
      expect([clock.timers, await b.link.publish('room:room', bytes('?'))]).toEqual([0, 0]);
    });

    it('says nothing more, and is not taken for here by what comes late', async () => {
      const { node } = deployment();
      const [a, b] = [await node('a'), await node('b')];
      await b.bus.close();
      b.bus.heartbeats.hasFromNowOn('retained');
      const late = { kind: KIND.heartbeat, node: b.bus, sequence: 0, sincePreviousMs: Infinity };
      await b.link.publish('node:a', encodeEnvelope(late, bodyOf(new Uint8Array(22))));
      await settle();
      expect([[...a.bus.nodes.keys()], a.bus.dropped.get('stale'), a.reports]).toEqual([[], 1, []]);
    });

    it('L7: takes a second at most where the broker is down', async () => {
      const { node, clock } = deployment();
      const a = await node('a');
      a.link.cut();
      const closed = a.bus.close();
      await clock.advance(1000);
      expect(await closed).toBeUndefined();
      expect(clock.timers).toBe(0);
    });
  });

  it('tells the health of the broker', async () => {
    const { node } = deployment();
    const a = await node('a');
    expect(a.bus.health.now.broker).toBe('up');
    a.link.cut();
    await settle();
    expect(a.bus.health.now.broker).toBe('down');
    a.link.mend();
    await settle();
    expect(a.bus.health.now.broker).toBe('up');
  });
});
