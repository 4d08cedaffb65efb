// `openHub`: a node of a deployment that serves nothing.

import { memoryBroker, openHub } from 'corosock';
import type { Clock, Handler } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { buildPackage } from '../fixtures/built-package.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { ENDS_A_TURN } from '../../src/hub/served-sockets.ts';

const member: Handler = async (ws) => {
  await ws.join('lobby');
  await ws.closed;
};

const nodeOf = ({ id }: { readonly id: string }): string => id.slice(0, id.indexOf('.'));

function hosts(): {
  readonly clock: VirtualClock;
  readonly deployment: ReturnType<typeof memoryBroker>;
  readonly one: MemoryHost;
} {
  const clock = virtualClock();
  const deployment = memoryBroker({ clock });
  return { clock, deployment, one: new MemoryHost({ clock, broker: deployment.node() }) };
}

describe('openHub', () => {
  it('publishes, opens sockets, and closes them, without serving', async () => {
    const { clock, deployment, one } = hosts();
    const { client, run } = one.visit(member, 'shared');
    await settle();
    const opening = openHub({ broker: deployment.node(), clock });
    await clock.advance(1000);
    const hub = await opening;
    expect(hub.brokerHealth.broker).toBe('up');
    expect(await hub.room('lobby').publish('news').relayed).toBe('sent');
    const [ws, status] = await hub.openServer(run.ws.id);
    expect([status, await ws?.write('for you')]).toEqual(['ok', 'ok']);
    expect([await client.read(), await client.read()]).toEqual([
      ['news', 'ok'],
      ['for you', 'ok'],
    ]);
    const report = await hub.closeSockets({ room: 'lobby' });
    expect([report.nodes.get(nodeOf(run.ws)), (await client.closed).code]).toEqual([1, 1000]);
    await hub[Symbol.asyncDispose]();
  });

  it('says goodbye behind the end of its last handle', async () => {
    const sent: string[] = [];
    const delivery = (_from: number, _to: number, address: string): undefined => void sent.push(address);
    const clock = virtualClock();
    const deployment = memoryBroker({ clock, faults: { delivery } });
    const one = new MemoryHost({ clock, broker: deployment.node() });
    const opening = openHub({ broker: deployment.node(), clock });
    await clock.advance(1000);
    const hub = await opening;
    const runs = Array.from({ length: ENDS_A_TURN + 1 }, () => one.visit(member, 'shared').run);
    const opened = await Promise.all(runs.map(({ ws }) => hub.openServer(ws.id)));
    await settle();
    sent.length = 0;
    await Promise.all([hub.close(), clock.advance(100)]);
    expect(opened.filter(([ws]) => ws?.closeInfo?.by === 'link')).toHaveLength(ENDS_A_TURN + 1);
    expect([
      sent.lastIndexOf(`node:${nodeOf({ id: String(runs[0]?.ws.id) })}`),
      sent.indexOf('nodes'),
    ]).toEqual([ENDS_A_TURN, ENDS_A_TURN + 1]);
  });

  it('gives what others publish to its subscriptions', async () => {
    const { clock, deployment, one } = hosts();
    const opening = openHub({ broker: deployment.node(), clock });
    await clock.advance(1000);
    const hub = await opening;
    using news = hub.room('news').subscribe();
    await settle();
    one.host.room('news').publish('hello');
    expect(await news.take()).toEqual([{ data: 'hello' }, 'ok']);
    await hub.close();
    expect(await news.take()).toEqual([undefined, 'closed']);
    expect(() => hub.room('')).toThrow('hub.room(): expected the name of a room to be a text of 1 to 1024');
  });

  it('opens while the broker is down', async () => {
    const { clock, deployment } = hosts();
    const link = deployment.node();
    link.cut();
    const opening = openHub({ broker: link, clock });
    await clock.advance(3000);
    const hub = await opening;
    expect([hub.brokerHealth.broker, await hub.room('a').publish('b').relayed]).toEqual(['down', 'failed']);
    await hub.close();
    await hub.close();
  });

  it('waits for a broker that is still connecting, and knows the other nodes', async () => {
    const { clock, deployment, one } = hosts();
    const { run } = one.visit(member, 'shared');
    const link = deployment.node();
    link.cut();
    const opening = openHub({ broker: link, clock });
    const order: string[] = [];
    void opening.then(() => order.push('open'));
    await clock.advance(100);
    order.push('connected');
    link.mend();
    await clock.advance(2000);
    order.push((await (await opening).openServer(run.ws.id))[1]);
    expect(order).toEqual(['connected', 'open', 'ok']);
    await (await opening).close();
  });

  it('opens half a second after the broker has answered', async () => {
    const { clock, deployment } = hosts();
    const opening = openHub({ broker: deployment.node(), clock });
    let isOpen = false;
    void opening.then(() => (isOpen = true));
    await clock.advance(499);
    expect(isOpen).toBe(false);
    await clock.advance(1);
    expect(isOpen).toBe(true);
    await (await opening).close();
  });

  it('forgets what it keeps for a missing node when it closes', async () => {
    const { clock, deployment } = hosts();
    const link = deployment.node();
    const two = new MemoryHost({ clock, broker: link });
    const { run } = two.visit(member, 'shared');
    const opening = openHub({ broker: deployment.node(), clock });
    await clock.advance(1000);
    const hub = await opening;
    link.cut();
    await clock.advance(6000);
    expect((await hub.closeSockets({ room: 'lobby' })).missingNodes).toEqual([nodeOf(run.ws)]);
    const closing = hub.close();
    await clock.advance(1000);
    await closing;
    link.mend();
    await clock.advance(6000);
    expect(two.host.sockets.size).toBe(1);
  });

  it('refuses a missing broker, and options that it does not have', async () => {
    await expect(openHub({} as never)).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
    const broker = memoryBroker().node();
    await expect(openHub({ broker, port: 1 } as never)).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
  });

  it('keeps a thread, and a process without a port, alive until it is open', async () => {
    await using built = await buildPackage();
    const { code, stdout, stderr } = await built.run('../ipc/hub-program.js').end;
    expect([code, stdout, stderr]).toEqual([0, JSON.stringify({ exitCode: 0, missingNodes: [] }), '']);
  });

  it('keeps the process alive while a call waits for another node, and no longer', async () => {
    const { clock, deployment } = hosts();
    const link = deployment.node();
    const two = new MemoryHost({ clock, broker: link });
    const { run } = two.visit(member, 'shared');
    const { held, holding } = holdingClock(clock);
    const opening = openHub({ broker: deployment.node(), clock: holding });
    const counts = [held.size > 0];
    await clock.advance(1000);
    const hub = await opening;
    counts.push(held.size > 0);
    const calls = [
      () => hub.openServer(run.ws.id),
      () => hub.openServer(run.ws.id, { timeoutMs: Infinity }),
      () => hub.closeSockets({ room: 'lobby' }),
    ];
    for (const call of calls) {
      link.cut();
      const calling = call();
      await settle();
      counts.push(held.size > 0);
      await clock.advance(10_000);
      await calling;
      counts.push(held.size > 0);
      link.mend();
      await clock.advance(5000);
    }
    await hub.close();
    counts.push(held.size > 0);
    expect(counts).toEqual([true, false, true, false, true, false, true, false, false]);
  });
});

/** A clock whose timers are held as those of Node are. */
function holdingClock(clock: VirtualClock): { readonly held: ReadonlySet<object>; readonly holding: Clock } {
  const held = new Set<object>();
  const holding: Clock = {
    now: () => clock.now(),
    setImmediate: (run) => clock.setImmediate(run),
    setTimeout: (run, ms, owner) => {
      const ring = (): void => {
        held.delete(timer);
        run();
      };
      const timer = { inner: clock.setTimeout(ring, ms, owner), ref: () => void held.add(timer) };
      return timer;
    },
    clearTimeout: (timer) => {
      held.delete(timer as object);
      clock.clearTimeout((timer as { inner: unknown } | undefined)?.inner);
    },
  };
  return { held, holding };
}
