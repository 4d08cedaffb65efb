// `w.broker`: the hosts of a world are nodes of one deployment, with an order that its seed decides.

import { describe, expect, it } from 'vitest';
import { memoryBroker, openHub } from 'corosock';
import type { Handler } from 'corosock';
import { simulate, world } from 'corosock/testing';
import type { World } from 'corosock/testing';

const join: Handler = async (ws) => {
  await ws.join('lobby');
  await ws.closed;
};

async function twoHosts(w: World): Promise<ReturnType<World['serve']>[]> {
  const hosts = [w.serve(join, { broker: w.broker() }), w.serve(join, { broker: w.broker() })];
  await w.settle();
  return hosts;
}

describe('w.broker', () => {
  it('joins the rooms of two hosts', async () => {
    await using w = world();
    const [one, two] = await twoHosts(w);
    const client = await w.connect(two!);
    await w.clock.advance(1000);
    const report = one!.room('lobby').publish('hello');
    expect([await client.readText(), await report.relayed]).toEqual([['hello', 'ok'], 'sent']);
  });

  it('is a node that a script cuts off and mends', async () => {
    await using w = world();
    const broker = w.broker();
    const host = w.serve(join, { broker });
    broker.cut();
    const down = host.brokerHealth.broker;
    broker.mend();
    await w.settle();
    expect([down, host.brokerHealth.broker]).toEqual(['down', 'up']);
  });

  it('is refused in another world, whose clock it does not follow', async () => {
    await using w = world();
    await using other = world();
    expect(() => w.serve(join, { broker: other.broker() })).toThrow(
      'w.serve(): expected broker to be w.broker() of this world',
    );
  });

  it('leaves a broker of no world alone', async () => {
    await using w = world();
    const host = w.serve(join, { broker: memoryBroker({ clock: w.clock }).node() });
    await w.settle();
    expect(host.brokerHealth.broker).toBe('up');
  });

  it('brings messages of one time in an order that its seed chooses', async () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 20; seed += 1) {
      await using w = world({ seed });
      const [one, two, three] = [w.broker(), w.broker(), w.broker()];
      const came: string[] = [];
      for (const node of [two, three])
        await node.subscribe(
          'a',
          (bytes) => void came.push(`${node === two} ${bytes[0]}`),
          () => {},
        );
      void one.publish('a', Uint8Array.of(1));
      void one.publish('a', Uint8Array.of(2));
      await w.settle();
      expect(came.filter((each) => each.startsWith('true'))).toEqual(['true 1', 'true 2']);
      orders.add(came.join());
    }
    expect(orders.size).toBeGreaterThan(2);
  });

  it('gives a hub an id that its seed decides, as hosts have: one seed gives one trace', async () => {
    const traces: string[] = [];
    for (const seed of [1, 1, 2]) {
      await using w = world({ seed });
      const listener = w.broker();
      const trace: string[] = [];
      await listener.subscribe(
        'nodes',
        (bytes) => void trace.push(`${w.clock.now()} ${Buffer.from(bytes).toString('hex')}`),
        () => {},
      );
      await twoHosts(w);
      const opening = ['1', '2'].map(() => openHub({ broker: w.broker(), clock: w.clock }));
      await w.clock.advance(3000);
      const hubs = await Promise.all(opening);
      const { nodes } = await hubs[0]!.closeSockets({ id: 'of no node' });
      expect(nodes.size).toBe(1);
      traces.push(JSON.stringify([trace, [...nodes]]));
      await Promise.all(hubs.map((hub) => hub.close()));
    }
    expect([traces[0] === traces[1], traces[0] === traces[2]]).toEqual([true, false]);
  });

  it('is closed with its world, and leaves no timer', async () => {
    const w = world({ faults: { partition: 1, delayMs: [0, 500] } });
    const broker = w.broker();
    await w[Symbol.asyncDispose]();
    await expect(broker.publish('a', new Uint8Array())).rejects.toThrow('The broker is closed');
    expect([broker.isUp, w.clock.timers]).toEqual([false, 0]);
    expect(() => w.broker()).toThrow('w.broker(): expected a world that lives');
  });

  it('lets a simulation find that all wait for ever, beside heartbeats that never end', async () => {
    const running = simulate(
      async (w) => {
        const [host] = await twoHosts(w);
        await openHub({ broker: w.broker(), clock: w.clock });
        await (await w.connect(host!)).read(100, Infinity);
      },
      { seed: 1, faults: { delayMs: [0, 2000] } },
    );
    await expect(running).rejects.toMatchObject({ code: 'COROSOCK_DEADLOCK' });
  });

  it('plays the same again with the same seed, and others with others', async () => {
    const traces = new Map<string, number>();
    for (const seed of [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]) {
      const trace = await traceOf(seed);
      traces.set(trace, (traces.get(trace) ?? 0) + 1);
    }
    expect([...traces.values()]).toEqual([2, 2, 2, 2, 2]);
  });
});

/** What the subscribers of three hosts are told, and when, under all faults of nodes. */
async function traceOf(seed: number): Promise<string> {
  const trace: unknown[] = [];
  await using w = world({
    seed,
    faults: {
      delayMs: [0, 500],
      brokerDrop: 0.2,
      brokerDuplicate: 0.2,
      partition: 0.5,
      slowAcknowledgement: 0.2,
      nodeDeath: 0.2,
    },
  });
  const hosts = [1, 2, 3].map(() => w.serve(join, { broker: w.broker() }));
  for (const [at, host] of hosts.entries()) {
    const events = host.room('lobby').subscribe();
    void w.spawn(`subscriber ${at}`, async () => {
      for await (const event of events) trace.push([w.clock.now(), at, event]);
    });
  }
  for (let at = 0; at < 30; at += 1) {
    hosts[at % 3]?.room('lobby').publish(`${at}`);
    await w.clock.advance(700);
  }
  return JSON.stringify(trace);
}
