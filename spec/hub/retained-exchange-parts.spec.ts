// Lists of what a node retains that come in several parts: how long and how many of them wait.

import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { deployment } from './bus-fixtures.ts';
import type { PresenceNode } from './presence-nodes.ts';
import { listening, nodesOf, put } from './retaining-nodes.ts';
import { bodyOf, encodeEnvelope, KIND } from '../../src/hub/envelope.ts';
import type { Body } from '../../src/hub/envelope.ts';
import { FieldWriter } from '../../src/hub/byte-fields.ts';
import { versionsBodies } from '../../src/hub/retained-body.ts';
import { MAX_LISTED_IN_ALL } from '../../src/hub/retained-exchange.ts';
import type { Retained } from '../../src/rooms/relay.ts';

/** A list of what is retained, as the first part of a longer one. */
function firstPart(listed: Retained): Body {
  const [body] = versionsBodies(listed) as [Body];
  const fields = new FieldWriter(body.byteLength);
  body.writeTo(fields);
  // The first part, and more follow.
  fields.bytes.writeUInt8(5);
  return bodyOf(fields.bytes);
}

/** The last part of a list, with no entry. */
const END = bodyOf(new FieldWriter(1).u8(0).bytes);

/** Sends a part of a list in the name of any node. */
function say({ link }: PresenceNode, node: string, part: Body, room = 'r'): Promise<unknown> {
  const header = {
    kind: KIND.retainedVersions,
    node: { id: node, epoch: 1 },
    sequence: 0,
    sincePreviousMs: Infinity,
  };
  return link.publish(`room:${room}`, encodeEnvelope(header, part));
}

describe('parts of lists', () => {
  it('are kept within a bound over all rooms', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    const entry = { data: 'x', version: { time: 1, node: 'z' } };
    const part = firstPart(new Map(Array.from({ length: 10_000 }, (_, key) => [`${key}`, entry])));
    const count = MAX_LISTED_IN_ALL / 10_000;
    for (let node = 0; node <= count; node += 1) await say(a, `n${node}`, part);
    put(b, 'x', 'k');
    const { watch, kinds } = listening();
    watch(b);
    // The list of the last was not kept: what it ends with is all that it lists.
    await say(a, `n${count}`, END);
    await deployed.clock.advance(500);
    expect(kinds).toEqual(['b entries']);
  });

  it.each([
    [4000, []],
    [6000, ['b entries']],
  ])('wait five seconds for the rest: after %d ms it sends %j', async (ms, sent) => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    put(b, 'x', 'k');
    await deployed.clock.advance(5000);
    const { watch, kinds } = listening();
    watch(b);
    // Once the part is forgotten, the other node has listed nothing, and gets all.
    await say(a, 'other', firstPart(b.registry.retained('r')));
    await deployed.clock.advance(ms);
    await say(a, 'other', END);
    await deployed.clock.advance(500);
    expect(kinds).toEqual(sent);
  });

  it('are forgotten with their room', async () => {
    const deployed = deployment();
    const [a, b] = await nodesOf(deployed, 'a', 'b');
    const subscription = b.registry.room('s').subscribe();
    await deployed.clock.advance(3);
    const isNewest = { data: 'x', version: { time: Number.MAX_SAFE_INTEGER, node: 'z' } };
    await say(a, 'other', firstPart(new Map([['k', isNewest]])), 's');
    await settle();
    subscription.close();
    await deployed.clock.advance(5001);
    b.registry.room('s').subscribe();
    await deployed.clock.advance(1000);
    put(b, 'x', 'k', 's');
    const { watch, kinds } = listening();
    watch(b);
    // With the part, the other node would have a newer one, and be asked for it.
    await say(a, 'other', END, 's');
    await deployed.clock.advance(500);
    expect(kinds).toEqual(['b entries']);
  });
});
