// The bounds of the calls that a node keeps for others: nodes that join later, and answers.

import { describe, expect, it } from 'vitest';
import { virtualClock } from 'corosock/testing';
import { EverywhereCalls } from '../../src/hub/everywhere-calls.ts';
import { MAX_KEPT_BYTES } from '../../src/hub/kept-calls.ts';
import { encodeDone } from '../../src/hub/everywhere-body.ts';
import { KIND } from '../../src/hub/envelope.ts';
import type { Kind, NodeRef } from '../../src/hub/envelope.ts';
import type { NodeListener } from '../../src/hub/known-nodes.ts';
import type { NodeBus, Receive } from '../../src/hub/node-bus.ts';

/** A node that keeps calls for others. */
interface KeepingNode {
  /** Another node joins. */
  join(node: NodeRef): void;
  /** Another node answers a call. */
  answer(node: NodeRef, call: number): void;
  /** How many calls are kept. */
  kept(): Promise<number>;
}

const CALLS = 1000;
/** So many nodes for each call are a quarter of all bytes. */
const NODES = 300;

/** A node that answers none of them. */
const LAST: NodeRef = { id: 'last', epoch: 0 };

const invented = (index: number): NodeRef => ({ id: `invented-${index}`, epoch: 0 });

/** Has made calls of nearly as many bytes as are kept. */
function keepingNode(): KeepingNode {
  const clock = virtualClock();
  const receivers = new Map<Kind, Receive>();
  let nodes: NodeListener = {};
  let sent: string[] = [];
  const bus = {
    clock,
    id: 'a',
    nodes: new Map(),
    health: { isDown: false },
    isSureOfOthers: true,
    on: (kind: Kind, receive: Receive) => void receivers.set(kind, receive),
    onNode: (listener: NodeListener) => void (nodes = listener),
    broadcast: () => {},
    send: (node: string) => void sent.push(node),
  } as unknown as NodeBus;
  const calls = new EverywhereCalls(bus, () => 1);
  const name = 'x'.repeat(MAX_KEPT_BYTES / CALLS - 1000);
  for (let call = 1; call <= CALLS; call += 1) {
    void calls.run({ verb: 'room', name, code: 1000, reason: '' });
  }
  nodes.joined?.(LAST);
  return {
    join: (node) => nodes.joined?.(node),
    answer: (node, call) => receivers.get(KIND.everywhereDone)?.(node, encodeDone(call, 1)),
    async kept() {
      await clock.advance(1000);
      sent = [];
      nodes.returned?.(LAST);
      return sent.length;
    },
  };
}

describe('calls that are kept', () => {
  it('are fewer where nodes join later: each counts', async () => {
    const node = keepingNode();
    expect(await node.kept()).toBe(CALLS);
    for (let index = 0; index < NODES; index += 1) node.join(invented(index));
    const kept = await node.kept();
    expect([kept > 700, kept < 800]).toEqual([true, true]);
  });

  it('are fewer where nodes answer that were not asked: each counts once', async () => {
    const node = keepingNode();
    for (let index = 0; index < NODES; index += 1) {
      for (let call = 1; call <= CALLS; call += 1) node.answer(invented(index), call);
    }
    const kept = await node.kept();
    expect([kept > 700, kept < 800]).toEqual([true, true]);
    for (let call = 1; call <= CALLS; call += 1) node.answer(invented(0), call);
    expect(await node.kept()).toBe(kept);
  });
});
