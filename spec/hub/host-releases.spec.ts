// K13: hosts of different releases side by side (releases.ts): presence, what is retained, sockets
// of the other host, and calls on all nodes. How the envelopes differ is in versions.spec.ts.

import { memoryBroker } from 'corosock';
import type { Handler } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';
import type { MemoryVisit } from '../fixtures/memory-host.ts';
import { EARLIER, LATER, NEXT_VERSION, ofRelease } from './releases.ts';
import type { Release } from './releases.ts';

type Link = ReturnType<ReturnType<typeof memoryBroker>['node']>;

/** One host, and a member of the room `r` of it, which is present under the name of the host. */
interface Node {
  readonly name: string;
  readonly memory: MemoryHost;
  readonly link: Link;
  readonly member: MemoryVisit;
}

interface Hosts {
  readonly clock: VirtualClock;
  readonly ours: Node;
  readonly other: Node;
}

const present =
  (name: string): Handler =>
  async (ws) => {
    const { room } = await ws.join('r');
    room.presence.track(ws, name, { of: name });
    await ws.closed;
  };

/** Gives what a host keeps of the room, as a socket finds it that joins. */
const late: Handler = async (ws) => {
  const { retained } = await ws.join('r');
  await ws.write(retained.map(String).toSorted().join());
};

async function sideBySide(release: Release): Promise<Hosts> {
  const clock = virtualClock();
  const deployment = memoryBroker({ clock });
  const node = (name: string, link: Link): Node => {
    const memory = new MemoryHost({ clock, broker: link });
    // The host uses the room as long as it is there, and knows who is present.
    memory.host.room('r').subscribe();
    return { name, link, memory, member: memory.visit(present(name)) };
  };
  const [ours, other] = [
    node('ours', deployment.node()),
    node('other', ofRelease(deployment.node(), release)),
  ];
  await clock.advance(5000);
  return { clock, ours, other };
}

const idOf = ({ member }: Node): string => member.run.ws.id.split('.')[0] ?? '';
const roomOf = ({ memory }: Node) => memory.host.room('r');

function shownBy(node: Node): unknown {
  const { members, missingNodes } = roomOf(node).presence.list();
  const shown = [...members].filter(([, { sockets }]) => sockets > 0).map(([key, { meta }]) => [key, meta]);
  return [Object.fromEntries(shown), missingNodes];
}

async function retainedBy({ memory }: Node, clock: VirtualClock): Promise<string> {
  const { client } = memory.visit(late);
  await clock.advance(1000);
  return String((await client.read())[0]);
}

const RELEASES = [
  ['a later', LATER],
  ['an earlier', EARLIER],
] as const;

describe.each(RELEASES)('K13: a host of ours and one of %s release', (_, release) => {
  it('show who is present on both, and who has gone', async () => {
    const { clock, ours, other } = await sideBySide(release);
    const both = [{ ours: [{ of: 'ours' }], other: [{ of: 'other' }] }, []];
    expect([ours, other].map(shownBy)).toEqual([both, both]);
    await other.member.client.close();
    await clock.advance(6000);
    const one = [{ ours: [{ of: 'ours' }] }, []];
    expect([ours, other].map(shownBy)).toEqual([one, one]);
  });

  it('show the same again after each was cut off', async () => {
    const { clock, ours, other } = await sideBySide(release);
    for (const { link, memory, name } of [ours, other]) {
      link.cut();
      memory.visit(present(`${name}, cut off`));
      await clock.advance(7000);
      link.mend();
      await clock.advance(7000);
    }
    const keys = ['ours', 'other', 'ours, cut off', 'other, cut off'];
    const all = [Object.fromEntries(keys.map((key) => [key, [{ of: key }]])), []];
    expect([ours, other].map(shownBy)).toEqual([all, all]);
  });

  it('retain the same, also what the other has published while it was cut off', async () => {
    const { clock, ours, other } = await sideBySide(release);
    roomOf(ours).publish('from ours', { retain: 'ours' });
    roomOf(other).publish('from other', { retain: 'other' });
    await clock.advance(1000);
    const before = [await retainedBy(ours, clock), await retainedBy(other, clock)];
    for (const { link, name } of [ours, other]) {
      link.cut();
      for (const each of [ours, other])
        roomOf(each).publish(`${each.name}, ${name} cut`, { retain: each.name });
      await clock.advance(3000);
      link.mend();
      await clock.advance(10_000);
    }
    expect(before).toEqual(['from other,from ours', 'from other,from ours']);
    expect([await retainedBy(ours, clock), await retainedBy(other, clock)]).toEqual([
      'other, other cut,ours, other cut',
      'other, other cut,ours, other cut',
    ]);
  });

  it('open sockets of each other', async () => {
    const { ours, other } = await sideBySide(release);
    const pairs = [
      [ours, other],
      [other, ours],
    ] as const;
    for (const [caller, owner] of pairs) {
      const { run, client } = owner.memory.visit(() => {}, 'shared');
      const [ws, status] = await caller.memory.host.openServer(run.ws.id);
      expect([status, await ws?.write('from afar'), await client.read()]).toEqual([
        'ok',
        'ok',
        ['from afar', 'ok'],
      ]);
      await client.write('answer');
      expect(await ws?.read()).toEqual(['answer', 'ok']);
      void ws?.endServer(4001, 'over');
      expect(await client.closed).toMatchObject({ code: 4001, reason: 'over' });
      expect(await caller.memory.host.openServer(`${run.ws.id}x`)).toEqual([undefined, 'not-found']);
    }
  });

  it('close the sockets of each other, and name both nodes in the report', async () => {
    const { ours, other } = await sideBySide(release);
    const report = await other.memory.host.closeSockets({ room: 'r' }, 4001, 'over');
    expect([Object.fromEntries(report.nodes), report.missingNodes]).toEqual([
      { [idOf(ours)]: 1, [idOf(other)]: 1 },
      [],
    ]);
    const closed = await Promise.all([ours, other].map(({ member }) => member.client.closed));
    expect(closed.map(({ code }) => code)).toEqual([4001, 4001]);
    const again = await ours.memory.host.closeSockets({ id: other.member.run.ws.id });
    expect([[...again.nodes], again.missingNodes]).toEqual([[[idOf(other), 0]], []]);
  });

  it('report nothing, and take nothing of what they do not know for a fault', async () => {
    const { clock, ours, other } = await sideBySide(release);
    for (const node of [ours, other]) roomOf(node).publish('hello', { retain: true });
    await clock.advance(120_000);
    const read = async ({ member }: Node): Promise<unknown> => await member.client.read();
    expect([await read(ours), await read(ours)]).toEqual([
      ['hello', 'ok'],
      ['hello', 'ok'],
    ]);
    expect([ours, other].map(({ memory }) => memory.reports)).toEqual([[], []]);
  });
});

describe('K13: a host of ours and one of another version', () => {
  it('list, open, close and retain nothing of each other, and report it', async () => {
    const { clock, ours, other } = await sideBySide(NEXT_VERSION);
    roomOf(other).publish('from other', { retain: true });
    const { run } = other.memory.visit(() => {}, 'shared');
    await settle();
    expect([ours, other].map(shownBy)).toEqual([
      [{ ours: [{ of: 'ours' }] }, []],
      [{ other: [{ of: 'other' }] }, []],
    ]);
    expect(await ours.memory.host.openServer(run.ws.id)).toEqual([undefined, 'not-found']);
    const { nodes, missingNodes } = await ours.memory.host.closeSockets({ room: 'r' });
    expect([[...nodes], missingNodes]).toEqual([[[idOf(ours), 1]], []]);
    expect([await retainedBy(ours, clock), other.member.run.ws.closeInfo]).toEqual(['', undefined]);
    expect(ours.memory.reports).toMatchObject([
      [{ code: 'COROSOCK_ENVELOPE', reason: 'version', count: 1 }, { phase: 'broker' }],
    ]);
  });
});
