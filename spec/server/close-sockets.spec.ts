// `closeSockets` of hosts and hubs: by id, by room and by session, on every node.

import { memoryBroker } from 'corosock';
import type { ClosedReport, Handler, HostOptions } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { carryOut, checkedCall } from '../../src/server/close-sockets.ts';
import type { ClosableNode } from '../../src/server/close-sockets.ts';
import type { SessionSocket } from '../../src/session/active-session.ts';

const member: Handler = async (ws) => {
  await ws.join('lobby');
  await ws.closed;
};

const nodeOf = ({ id }: { readonly id: string }): string => id.slice(0, id.indexOf('.'));

function hosts(options: HostOptions = {}): {
  readonly clock: VirtualClock;
  readonly one: MemoryHost;
  readonly two: MemoryHost;
} {
  const clock = virtualClock();
  const deployment = memoryBroker({ clock });
  const host = (): MemoryHost => new MemoryHost({ clock, broker: deployment.node(), ...options });
  return { clock, one: host(), two: host() };
}

const shown = ({ nodes, missingNodes }: ClosedReport): unknown => [[...nodes], missingNodes];

describe('host.closeSockets', () => {
  it('closes the members of a room on all nodes', async () => {
    const { clock, one, two } = hosts();
    const [a, b, c] = [one.visit(member), two.visit(member), two.visit(member)];
    await clock.advance(1000);
    const report = await one.host.closeSockets({ room: 'lobby' }, 4001, 'over');
    expect(shown(report)).toEqual([
      [
        [nodeOf(a.run.ws), 1],
        [nodeOf(b.run.ws), 2],
      ],
      [],
    ]);
    expect(await Promise.all([a.client.closed, b.client.closed, c.client.closed])).toMatchObject(
      Array.from({ length: 3 }, () => ({ code: 4001, reason: 'over', by: 'peer' })),
    );
  });

  it('closes one socket by its id, of this node or of another, also a dedicated one', async () => {
    const { clock, one, two } = hosts();
    const [near, far] = [one.visit(member), two.visit(member)];
    const ids = [near.run.ws.id, far.run.ws.id];
    await clock.advance(1000);
    expect(shown(await one.host.closeSockets({ id: ids[0] ?? '' }))).toEqual([
      [[nodeOf(near.run.ws), 1]],
      [],
    ]);
    expect(shown(await one.host.closeSockets({ id: ids[1] ?? '' }))).toEqual([[[nodeOf(far.run.ws), 1]], []]);
    expect([(await near.client.closed).code, (await far.client.closed).code]).toEqual([1000, 1000]);
    expect(shown(await one.host.closeSockets({ id: ids[1] ?? '' }))).toEqual([[[nodeOf(far.run.ws), 0]], []]);
  });

  it('closes the sockets of a session, and looks at no others', () => {
    const closed: unknown[] = [];
    const close: SessionSocket['close'] = (...call) => void closed.push(call);
    const sockets = [false, true, false].map((isEnding) => ({ isEnding, close }));
    const sessions = { socketsOf: (id: string) => (id === 'one' ? sockets : []) };
    const call = { verb: 'session', name: 'one', code: 4001, reason: 'over' } as const;
    expect(carryOut({ sessions } as unknown as ClosableNode, call)).toBe(2);
    expect(closed).toEqual([call, call].map(({ code, reason }) => [code, reason, 'local']));
  });

  it('counts no socket that closes already', async () => {
    const { one } = hosts();
    const { run } = one.visit(member);
    const { id } = run.ws;
    void run.ws.endServer();
    expect([...(await one.host.closeSockets({ id })).nodes.values()]).toEqual([0]);
  });

  it('works without a broker', async () => {
    const { host, visit } = ((memory: MemoryHost) => ({
      host: memory.host,
      visit: memory.visit.bind(memory),
    }))(new MemoryHost());
    const { client } = visit(member);
    await settle();
    expect([...(await host.closeSockets({ room: 'lobby' })).nodes.values()]).toEqual([1]);
    expect((await client.closed).code).toBe(1000);
    expect([...(await host.closeSockets({ id: 'no id' })).nodes.values()]).toEqual([0]);
    expect([...(await host.closeSockets({ session: 'none' })).nodes.values()]).toEqual([0]);
  });

  it('refuses what names no sockets, and codes that no close may have', async () => {
    const { host } = new MemoryHost();
    const wrong: readonly unknown[] = [undefined, {}, { id: 1 }, { id: 'a', room: 'b' }, { user: 'a' }];
    for (const which of wrong) {
      await expect(host.closeSockets(which as never)).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
    }
    expect(() => checkedCall({ id: 'a', room: 'b' }, 1000, '')).toThrow(
      'expected one of { id }, { room } or { session }, with a text that is not empty, got { id, room }',
    );
    expect(() => checkedCall({ room: '' }, 1000, '')).toThrow('got { room: "" }');
    for (const none of [undefined, 'lobby', {}, []]) {
      expect(() => checkedCall(none, 1000, '')).toThrow('closeSockets(): expected one of { id }, { room }');
    }
    expect(() => checkedCall({ rom: 'x' }, 1000, '')).toThrow(
      'closeSockets(): unknown option "rom"; did you mean "room"? The options are id, room, session',
    );
    expect(() => checkedCall({ id: 'a', code: 1000 }, 1000, '')).toThrow('unknown option "code"');
    expect(() => checkedCall({ id: 'a' }, 1005, '')).toThrow('closeSockets()');
    expect(() => checkedCall({ id: 'a' }, 1000, 'x'.repeat(124))).toThrow('closeSockets()');
  });
});
