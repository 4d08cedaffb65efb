// How much of what other nodes lack is under way at a time: after an outage it may be all that a
// host retains, and what rooms publish meanwhile has to fit into what the broker takes, too.

import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { deployment } from './bus-fixtures.ts';
import type { Deployment } from './bus-fixtures.ts';
import type { PresenceNode } from './presence-nodes.ts';
import { keptOf, nodesOf, put } from './retaining-nodes.ts';
import { KIND, MAX_ENVELOPE_BYTES } from '../../src/hub/envelope.ts';
import type { Body } from '../../src/hub/envelope.ts';
import { versionsBodies } from '../../src/hub/retained-body.ts';
import { WINDOW_BYTES } from '../../src/hub/frame-window.ts';

const ROOMS = ['r', 'q', 'p'];
const MESSAGE = 'x'.repeat(250_000);
/** So many messages of a room are 10 MB. */
const MESSAGES = 40;

/** Notes the bytes to rooms that a node has under way, and answers them when it is told to. */
function holdAnswers({ link }: PresenceNode): {
  mostBytes: number;
  readonly sent: string[];
  answer(): void;
} {
  let waiting: Array<() => void> = [];
  let underWay = 0;
  const publish = link.publish.bind(link);
  const held = {
    mostBytes: 0,
    sent: [] as string[],
    answer() {
      const answered = waiting;
      waiting = [];
      for (const resolve of answered) resolve();
    },
  };
  link.publish = async (address, bytes) => {
    if (!address.startsWith('room:')) return publish(address, bytes);
    held.sent.push(address);
    underWay += bytes.length;
    held.mostBytes = Math.max(held.mostBytes, underWay);
    const count = await publish(address, bytes);
    await new Promise<void>((resolve) => void waiting.push(resolve));
    underWay -= bytes.length;
    return count;
  };
  return held;
}

/** Nodes of which `b` lacks 10 MB in each of the rooms. */
async function apart(): Promise<{
  readonly deployed: Deployment;
  readonly a: PresenceNode;
  readonly b: PresenceNode;
}> {
  const deployed = deployment();
  const [a, b] = await nodesOf(deployed, 'a', 'b');
  for (const room of ROOMS) b.registry.room(room).subscribe();
  put(b, 'own');
  await deployed.clock.advance(6000);
  b.link.cut();
  for (const room of ROOMS) {
    for (let key = 0; key < MESSAGES; key += 1) put(a, MESSAGE, `${key}`, room);
  }
  await deployed.clock.advance(1000);
  return { deployed, a, b };
}

describe('what other nodes lack', () => {
  it('K15: is sent in parts of which 4 MiB are under way, a room behind the other', async () => {
    const { deployed, a, b } = await apart();
    const held = holdAnswers(a);
    b.link.mend();
    await deployed.clock.advance(2000);
    const [first] = held.sent;
    expect(held.sent.filter((address) => address !== first).length).toBeLessThan(ROOMS.length);
    for (let round = 0; round < 100; round += 1) {
      held.answer();
      await deployed.clock.advance(20);
    }
    expect(held.mostBytes).toBeLessThan(WINDOW_BYTES + MAX_ENVELOPE_BYTES + 10_000);
    for (const room of ROOMS) expect(Object.keys(keptOf(b, room)).length).toBeGreaterThanOrEqual(MESSAGES);
  });

  it('is sent once, however often it is asked for while the broker takes nothing', async () => {
    const { deployed, a, b } = await apart();
    const held = holdAnswers(a);
    b.link.mend();
    const [nothing] = versionsBodies(new Map()) as [Body];
    for (let second = 0; second < 10; second += 1) {
      await deployed.clock.advance(1000);
      await b.bus.publish('room:r', KIND.retainedVersions, nothing);
    }
    for (let round = 0; round < 20; round += 1) {
      held.answer();
      await settle();
    }
    // A room that is under way is sent to its end.
    expect(held.sent.length).toBeLessThanOrEqual(2 * MESSAGES);
  });

  it('is not sent any more where the node has left meanwhile', async () => {
    const { deployed, a, b } = await apart();
    const held = holdAnswers(a);
    b.link.mend();
    await deployed.clock.advance(2000);
    a.relay.close();
    const before = held.sent.length;
    held.answer();
    await settle();
    expect(held.sent.length).toBe(before);
  });
});
