// A host as one node of a deployment, over the broker in memory and on a virtual clock.

import { memoryBroker, openHub, select, serve } from 'corosock';
import type { Broker, CloseInfo, Handler, HostOptions, ServerSocket, Subscription } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import { CLOSE_AFTER_MS, CLOSES_A_TURN } from '../../src/server/host-node.ts';

type Link = ReturnType<ReturnType<typeof memoryBroker>['node']>;

interface Node {
  readonly host: MemoryHost['host'];
  readonly memory: MemoryHost;
  readonly link: Link;
}

interface Nodes {
  readonly clock: VirtualClock;
  node(options?: HostOptions): Node;
}

function nodes(): Nodes {
  const clock = virtualClock();
  const deployment = memoryBroker({ clock });
  return {
    clock,
    node(options = {}) {
      const link = deployment.node();
      const memory = new MemoryHost({ clock, broker: link, ...options });
      return { host: memory.host, memory, link };
    },
  };
}

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.closed);

const member: Handler = async (ws) => {
  await ws.join('room');
  await ws.closed;
};

/** Takes what is there: texts, and `gap`. */
async function eventsOf(subscription: Subscription): Promise<readonly string[]> {
  const events: string[] = [];
  while (subscription.size > 0) {
    const [event] = await subscription.take();
    if (event !== undefined) events.push('gap' in event ? 'gap' : String(event.data));
  }
  return events;
}

describe('a host with a broker', () => {
  it('lists who is present on all nodes, and says goodbye for them', async () => {
    const { node, clock } = nodes();
    const [a, b] = [node(), node()];
    const present: Handler = async (ws) => {
      const { room } = await ws.join('room');
      room.presence.track(ws, 'ada', ws.id);
      await ws.closed;
    };
    for (const { memory } of [a, b]) memory.visit(present);
    await clock.advance(1000);
    const list = (): unknown => b.host.room('room').presence.list().members.get('ada');
    const [near, far] = [b, a].map(({ host }) => [...host.sockets.keys()][0]);
    expect(list()).toEqual({ sockets: 2, meta: [near, far] });
    await Promise.all([a.host.close({ graceMs: 0 }), clock.advance(2000)]);
    expect(list()).toEqual({ sockets: 1, meta: [near] });
  });

  it('reaches the members of a room on all nodes', async () => {
    const { node, clock } = nodes();
    const [a, b] = [node(), node()];
    const [near, far] = [a.memory.visit(member).client, b.memory.visit(member).client];
    await clock.advance(1000);
    const report = a.host.room('room').publish('hello');
    expect([report.accepted, await report.relayed]).toEqual([1, 'sent']);
    expect([await near.read(), await far.read()]).toEqual([
      ['hello', 'ok'],
      ['hello', 'ok'],
    ]);
  });

  it('gives a subscription all that other nodes publish once it is in force', async () => {
    const { node, clock } = nodes();
    const [a, b, cut] = [node(), node(), node()];
    await clock.advance(500);
    cut.link.cut();
    const [events, late] = [b, cut].map(({ host }) => host.room('room').subscribe()) as [
      Subscription,
      Subscription,
    ];
    const inForce = Promise.all([events.inForce, late.inForce]);
    await clock.advance(0);
    await inForce;
    a.host.room('room').publish('hello');
    cut.link.mend();
    await settle();
    expect([await eventsOf(events), await eventsOf(late)]).toEqual([['hello'], ['gap']]);
  });

  it('tells that it is alone without one', async () => {
    const { host } = new MemoryHost();
    expect(await host.room('room').publish('hello').relayed).toBe('alone');
    expect(host.brokerHealth.broker).toBe('none');
  });

  it('K4: reaches its own members at once while the broker is down', async () => {
    const { node, clock } = nodes();
    const a = node();
    const { client } = a.memory.visit(member);
    await clock.advance(1000);
    a.link.cut();
    const report = a.host.room('room').publish('hello');
    expect([report.accepted, await report.relayed, await client.read()]).toEqual([
      1,
      'failed',
      ['hello', 'ok'],
    ]);
  });

  it('gives what another node retains to the first that joins', async () => {
    const { node, clock } = nodes();
    const [a, b] = [node(), node()];
    await clock.advance(500);
    a.host.room('room').publish('price', { retain: 'EUR' });
    await settle();
    const retained: unknown[] = [];
    b.memory.visit(async (ws) => void retained.push(...(await ws.join('room')).retained));
    await settle();
    expect(retained).toEqual(['price']);
  });

  it('shows the health of the broker, and gives its changes to select', async () => {
    const { node, clock } = nodes();
    const { host, link } = node();
    await clock.advance(10);
    const health = host.brokerHealth;
    expect([health.broker, health.sinceMs]).toEqual(['up', 10]);
    link.cut();
    expect(await select({ health }, { clock })).toEqual(['health', { broker: 'down', sinceMs: 0 }]);
  });

  it('says goodbye when it closes, and leaves the broker open', async () => {
    const { node, clock } = nodes();
    const [a, b] = [node(), node()];
    const events = b.host.room('room').subscribe();
    await settle();
    a.host.room('room').publish('last words');
    await a.host.close();
    await clock.advance(120_000);
    expect(await eventsOf(events)).toEqual(['last words']);
    expect([a.link.isUp, b.memory.reports]).toEqual([true, []]);
  });

  it('L7: closes within a second more while the broker is down', async () => {
    const { node, clock } = nodes();
    const { host, link, memory } = node();
    memory.visit(member);
    await settle();
    link.cut();
    const closed = host.close({ graceMs: 0 });
    await clock.advance(2000);
    expect(await closed).toMatchObject({ closed: 1 });
    expect(clock.timers).toBe(0);
  });

  it.each([[{}], ['nats://localhost'], [{ publish() {}, subscribe() {}, close() {} }]])(
    'refuses %j as one',
    (broker) => {
      expect(() => new MemoryHost({ broker: broker as unknown as Broker })).toThrow(
        /^spec: expected broker to be a broker, such as memoryBroker\(\)\.node\(\), got /,
      );
    },
  );
});

describe('the broker of a host', () => {
  it('is of one host or hub at a time', async () => {
    const clock = virtualClock();
    const broker = memoryBroker({ clock }).node();
    const first = new MemoryHost({ clock, broker });
    expect(() => new MemoryHost({ clock, broker })).toThrow('each host has a broker of its own');
    await expect(openHub({ clock, broker })).rejects.toThrow(
      'openHub(): expected broker to be of this host alone',
    );
    await Promise.all([first.host.close({ graceMs: 0 }), clock.advance(2000)]);
    expect(new MemoryHost({ clock, broker }).host.brokerHealth.broker).toBe('up');
  });

  it('is left where the port cannot be opened', async () => {
    await using taken = await serve(untilClosed, { port: 0 });
    const broker = memoryBroker().node();
    await expect(serve(untilClosed, { port: taken.port, broker })).rejects.toThrow('EADDRINUSE');
    await using host = await serve(untilClosed, { port: 0, broker });
    expect(host.brokerHealth.broker).toBe('up');
  });

  it('is no client of Redis, and not given for its options', async () => {
    const client = { publish() {}, subscribe() {}, ping() {} } as unknown as Broker;
    expect(() => new MemoryHost({ broker: client })).toThrow('redisBroker({ publisher, subscriber })');
    const node = memoryBroker().node();
    await expect(openHub(node as never)).rejects.toThrow('openHub(): expected { broker }, got a broker');
  });

  it('is told of sessions that each node keeps for itself', () => {
    const codes: unknown[] = [];
    const report = (error: unknown): void => void codes.push((error as { code: unknown }).code);
    const sessions = { secret: 'x'.repeat(32) };
    const clock = virtualClock();
    const deployment = memoryBroker({ clock });
    const made = [
      new MemoryHost({ clock, report, sessions, broker: deployment.node() }),
      new MemoryHost({ clock, report, sessions }),
    ];
    expect([made.length, codes]).toEqual([2, ['COROSOCK_SESSION_NODES']]);
  });
});

describe('whenBrokerDown', () => {
  it('is refused without a broker, where it would do nothing', () => {
    expect(() => new MemoryHost({ whenBrokerDown: 'refuse' })).toThrow(
      "expected broker where whenBrokerDown is 'refuse', got undefined",
    );
  });

  const answer = (host: MemoryHost['host']): readonly [status: number, body: string] => {
    let body = '';
    const response = { statusCode: 0, setHeader: () => {}, end: (text: string) => void (body = text) };
    host.health(undefined, response);
    return [response.statusCode, body];
  };

  it('serve: goes on', async () => {
    const { node, clock } = nodes();
    const { host, memory, link } = node();
    const { run } = memory.visit(untilClosed);
    link.cut();
    await clock.advance(2 * CLOSE_AFTER_MS);
    expect([host.ready, answer(host), run.isHandlerRunning]).toEqual([true, [200, 'ready\n'], true]);
  });

  it('refuse: is not ready until the broker is back', async () => {
    const { node } = nodes();
    const { host, link } = node({ whenBrokerDown: 'refuse' });
    expect([host.ready, answer(host)]).toEqual([true, [200, 'ready\n']]);
    link.cut();
    await settle();
    expect([host.ready, answer(host)]).toEqual([false, [503, 'broker down\n']]);
    link.mend();
    await settle();
    expect(host.ready).toBe(true);
    await host.close();
    expect(answer(host)).toEqual([503, 'closing\n']);
  });

  it('refuse: answers handshakes with 503', async () => {
    const clock = virtualClock();
    const link = memoryBroker({ clock }).node();
    const run = runServer(untilClosed, { clock, broker: link, whenBrokerDown: 'refuse' });
    await run.client;
    link.cut();
    await settle();
    await expect(run.connect()).rejects.toMatchObject({ status: 503, retryAfterMs: 5000 });
    link.mend();
    await settle();
    expect(await run.connect()).toBeDefined();
  });

  it('refuse: closes open sockets with 1012 after half a minute', async () => {
    const { node, clock } = nodes();
    const { memory, link } = node({ whenBrokerDown: 'refuse' });
    const { client } = memory.visit(untilClosed);
    let end: CloseInfo | undefined;
    void client.closed.then((info) => (end = info));
    link.cut();
    await clock.advance(CLOSE_AFTER_MS - 1);
    expect(end).toBeUndefined();
    await clock.advance(1);
    expect(end && [...gist(end), end.reason]).toEqual([1012, 'peer', true, 'retry-after=5']);
  });

  it(`refuse: closes ${CLOSES_A_TURN} sockets a turn, and no more once the broker is back`, async () => {
    const { node, clock } = nodes();
    const { memory, link } = node({ whenBrokerDown: 'refuse' });
    const sockets = 6 * CLOSES_A_TURN + 1;
    const runs = Array.from({ length: sockets }, () => memory.visit(untilClosed).run);
    const closing = (): number => runs.filter(({ conversation }) => conversation.isEnding).length;
    const immediate = clock.setImmediate.bind(clock);
    const atTurns: number[] = [];
    const turns = vi.spyOn(clock, 'setImmediate').mockImplementation((run) => {
      if (closing() > (atTurns.at(-1) ?? 0)) atTurns.push(closing());
      if (closing() === 2 * CLOSES_A_TURN) link.mend();
      return immediate(run);
    });
    link.cut();
    await clock.advance(CLOSE_AFTER_MS + 1);
    expect(atTurns).toEqual(atTurns.map((_, turn) => (turn + 1) * CLOSES_A_TURN));
    // The link is back in a later turn.
    expect([atTurns.length >= 2, closing() < sockets]).toEqual([true, true]);
    turns.mockRestore();
    link.cut();
    await clock.advance(CLOSE_AFTER_MS + 1);
    expect(closing()).toBe(sockets);
  });

  it('refuse: keeps sockets open where the broker is back in time', async () => {
    const { node, clock } = nodes();
    const { memory, link } = node({ whenBrokerDown: 'refuse' });
    const { run } = memory.visit(untilClosed);
    for (let outage = 0; outage < 3; outage += 1) {
      link.cut();
      await clock.advance(CLOSE_AFTER_MS - 1);
      link.mend();
      await settle();
    }
    await clock.advance(CLOSE_AFTER_MS);
    expect(run.isHandlerRunning).toBe(true);
  });

  it('refuse: also where the broker is down at the start (K1)', async () => {
    const clock = virtualClock();
    const link = memoryBroker({ clock }).node();
    link.cut();
    const { host } = new MemoryHost({ clock, broker: link, whenBrokerDown: 'refuse' });
    expect(host.ready).toBe(false);
    link.mend();
    await settle();
    expect(host.ready).toBe(true);
  });

  it('is one of two words', () => {
    expect(() => new MemoryHost({ whenBrokerDown: 'wait' as 'serve' })).toThrow(/whenBrokerDown/);
  });
});

describe('a deployment', () => {
  it('L8: loses nothing where its three nodes are restarted one after the other, under load', async () => {
    const { node, clock } = nodes();
    const running = [node(), node(), node()];
    const watching = node();
    const events = watching.host.room('room').subscribe({ capacity: 10_000 });
    await clock.advance(1000);
    let said = 0;
    const say = async (): Promise<void> => {
      for (const { host } of running) {
        if (host.ready) host.room('room').publish(`${(said += 1)}`);
      }
      await clock.advance(10);
    };
    for (const index of running.keys()) {
      for (let round = 0; round < 20; round += 1) await say();
      const closing = running[index]?.host.close();
      for (let round = 0; round < 5; round += 1) await say();
      await closing;
      running[index] = node();
    }
    await clock.advance(120_000);
    expect(await eventsOf(events)).toEqual(Array.from({ length: said }, (_, index) => `${index + 1}`));
    expect(watching.memory.reports).toEqual([]);
  });
});
