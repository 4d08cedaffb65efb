// What a list of presence says of nodes that this one does not know: it has just begun, or its broker
// is down.

import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { deployment } from './bus-fixtures.ts';
import { presenceNode, presenceNodes } from './presence-nodes.ts';

describe('a node that has just begun', () => {
  it("lists '*' until it knows the others, and each that counts until it has answered", async () => {
    const deployed = deployment();
    const [a] = await presenceNodes(deployed, 'a', 'b');
    a.track('ada');
    await deployed.clock.advance(2000);
    const c = await presenceNode(deployed, 'c');
    c.presence().changes();
    const list = (): readonly unknown[] => [c.presence().list().missingNodes, c.counts()];
    const seen = [list()];
    for (const ms of [100, 399, 1]) {
      await deployed.clock.advance(ms);
      seen.push(list());
    }
    const all = { ada: 1 };
    expect(seen).toEqual([
      [['*', 'a'], {}],
      [['*'], all],
      [['*'], all],
      [[], all],
    ]);
  });

  it("lists '*' while its broker is down, and until it knows the others again", async () => {
    const deployed = deployment();
    const c = await presenceNode(deployed, 'c');
    c.presence().changes();
    await deployed.clock.advance(1000);
    const seen = [c.presence().list().missingNodes];
    c.link.cut();
    seen.push(c.presence().list().missingNodes);
    const [a] = await presenceNodes(deployed, 'a');
    a.track('ada');
    await deployed.clock.advance(2000);
    c.link.mend();
    await settle();
    seen.push(c.presence().list().missingNodes);
    await deployed.clock.advance(1000);
    seen.push(c.presence().list().missingNodes);
    expect([seen, c.counts()]).toEqual([[[], ['*'], ['*', 'a'], []], { ada: 1 }]);
  });
});
