// Closes on all nodes over real brokers: their report, nodes that are missing or come back, sessions
// that end everywhere.

import type { ClosedReport, Handler } from 'corosock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSY_MS, Deployment, KINDS, NodeProgram } from './deployments.ts';
import type { Opener } from './deployments.ts';
import type { NodeProcess, Visitor } from './node-process.ts';
import { nodeOfSocket } from '../../../src/hub/remote-sockets.ts';

/** A node that is not heard for so long is missing. */
const MISSING_MS = 7000;

let program: NodeProgram;
beforeAll(async () => {
  program = await NodeProgram.make();
});
afterAll(() => program[Symbol.asyncDispose]());

const member: Handler = async (ws) => {
  await ws.join('lobby');
  await ws.closed;
};

const nodeOf = ({ id }: Pick<Visitor, 'id'>): string => nodeOfSocket(id);

const shown = ({ nodes, missingNodes }: ClosedReport): unknown => [
  Object.fromEntries(nodes),
  missingNodes.toSorted(),
];

/** Waits until a host or hub has heard of the nodes of sockets. */
async function untilKnown(deployment: Deployment, opener: Opener, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await deployment.until('the node is known', async () => (await opener.openServer(id))[1] !== 'not-found');
  }
}

/** How sockets have ended, as their clients see it. */
async function endsOf(...visitors: readonly Visitor[]): Promise<unknown> {
  const ends = await Promise.all(visitors.map(({ client }) => client.closed));
  return ends.map(({ code, reason }) => [code, reason]);
}

/** Two processes with a client each. */
async function twoOf(
  deployment: Deployment,
  visit: (node: NodeProcess) => Promise<Visitor>,
): Promise<readonly [one: NodeProcess, two: NodeProcess, Visitor, Visitor]> {
  const [one, two] = await Promise.all([deployment.process(), deployment.process()]);
  const [ada, bob] = await Promise.all([visit(one), visit(two)]);
  return [one, two, ada, bob];
}

describe.concurrent.each(KINDS)('closes on all nodes, over $title', { timeout: BUSY_MS }, (kind) => {
  it.skipIf(!kind.isHere)('reach each member of a room', async () => {
    await using deployment = await Deployment.of(kind, program);
    const memory = await deployment.host();
    const { run, client } = memory.visit(member);
    const [, , ada, bob] = await twoOf(deployment, (node) => node.visit('someone'));
    await untilKnown(deployment, memory.host, ada.id, bob.id);
    const report = await memory.host.closeSockets({ room: 'lobby' }, 4001, 'over');
    expect(shown(report)).toEqual([{ [nodeOf(run.ws)]: 1, [nodeOf(ada)]: 1, [nodeOf(bob)]: 1 }, []]);
    expect(await endsOf(ada, bob, { client, id: '' })).toEqual(Array.from('123', () => [4001, 'over']));
  });

  it.skipIf(!kind.isHere)('of a hub reach one socket, and sessions', async () => {
    await using deployment = await Deployment.of(kind, program);
    deployment.addSession('one');
    deployment.addSession('two');
    const hub = await deployment.hub();
    const [one, two, ada, bob] = await twoOf(deployment, (node) => node.visitSession('one'));
    const dan = await two.visit('dan');
    await untilKnown(deployment, hub, ada.id, bob.id);
    const single = await hub.closeSockets({ id: dan.id }, 4002);
    expect([shown(single), await endsOf(dan)]).toEqual([[{ [nodeOf(bob)]: 1 }, []], [[4002, '']]]);
    const { nodes, missingNodes } = await hub.closeSockets({ session: 'one' }, 4003);
    expect([nodes.get(nodeOf(ada)), nodes.get(nodeOf(bob)), missingNodes]).toEqual([1, 1, []]);
    expect(await endsOf(ada, bob)).toEqual([
      [4003, ''],
      [4003, ''],
    ]);
    const [eve, fay] = await Promise.all([one.visitSession('two'), two.visitSession('two')]);
    await eve.client.write('end');
    expect(await endsOf(eve, fay)).toEqual([
      [3008, ''],
      [3008, ''],
    ]);
  });

  it.skipIf(!kind.isHere)('name nodes that are missing, and reach one that comes back', async () => {
    await using deployment = await Deployment.of(kind, program);
    const { host } = await deployment.host();
    const [one, two, ada, bob] = await twoOf(deployment, (node) => node.visit('someone'));
    await untilKnown(deployment, host, ada.id, bob.id);
    await Promise.all([one.pause(), two.kill()]);
    await deployment.clock.advance(MISSING_MS);
    const report = await host.closeSockets({ room: 'lobby' }, 4001, 'over');
    expect(report.missingNodes.toSorted()).toEqual([nodeOf(ada), nodeOf(bob)].toSorted());
    one.resume();
    expect(await endsOf(ada)).toEqual([[4001, 'over']]);
  });

  it.skipIf(!kind.isHere)('go out when the broker is back', async () => {
    await using deployment = await Deployment.of(kind, program);
    const { host } = await deployment.host();
    const far = await deployment.process();
    const ada = await far.visit('ada');
    await untilKnown(deployment, host, ada.id);
    await deployment.broker.takeAway();
    await deployment.until('the host is down', () => host.brokerHealth.broker === 'down');
    const report = await host.closeSockets({ room: 'lobby' }, 4001, 'over');
    // Nodes that this one does not know may be there, too.
    expect(report.missingNodes).toEqual([nodeOf(ada), '*']);
    await deployment.broker.bringBack();
    expect(await endsOf(ada)).toEqual([[4001, 'over']]);
  });
});
