import { describe, expect, it } from 'vitest';
import { FORGOTTEN_AFTER_MS, KnownNodes, MISSING_AFTER_MS } from '../../src/hub/known-nodes.ts';
import type { NodeRef } from '../../src/hub/envelope.ts';

const A: NodeRef = { id: 'a', epoch: 1 };

function recorded(): { readonly nodes: KnownNodes; readonly told: readonly string[] } {
  const nodes = new KnownNodes();
  const told: string[] = [];
  const tell = (what: string) => (node: NodeRef) => void told.push(`${what} ${node.id}${node.epoch}`);
  nodes.onNode({
    joined: tell('joined'),
    missing: tell('missing'),
    returned: tell('returned'),
    gone: tell('gone'),
  });
  return { nodes, told };
}

describe('KnownNodes', () => {
  it('tells once that a node is there', () => {
    const { nodes, told } = recorded();
    nodes.noteHeartbeat(A, 0);
    nodes.noteHeartbeat(A, 1000);
    expect(told).toEqual(['joined a1']);
    expect(nodes.all.get('a')).toMatchObject({ epoch: 1, lastSeenMs: 1000, isMissing: false });
  });

  it('takes a node that is not heard for missing after 5 s, and forgets it after 60 s', () => {
    const { nodes, told } = recorded();
    nodes.noteHeartbeat(A, 0);
    nodes.sweep(MISSING_AFTER_MS - 1);
    expect(told).toEqual(['joined a1']);
    nodes.sweep(MISSING_AFTER_MS);
    nodes.sweep(FORGOTTEN_AFTER_MS - 1);
    expect([told, nodes.all.get('a')?.isMissing]).toEqual([['joined a1', 'missing a1'], true]);
    nodes.sweep(FORGOTTEN_AFTER_MS);
    expect([told, nodes.all.size]).toEqual([['joined a1', 'missing a1', 'gone a1'], 0]);
  });

  it('knows a node again that returns in time, by anything that it sends', () => {
    const { nodes, told } = recorded();
    nodes.noteHeartbeat(A, 0);
    nodes.sweep(6000);
    nodes.noteEnvelope({ id: 'a', epoch: 2 }, 6500);
    nodes.noteEnvelope({ id: 'b', epoch: 1 }, 6500);
    expect(told).toEqual(['joined a1', 'missing a1']);
    nodes.noteEnvelope(A, 7000);
    expect([told.at(-1), nodes.all.get('a')?.lastSeenMs]).toEqual(['returned a1', 7000]);
  });

  it('K6: never mistakes a node that has begun anew for its former self', () => {
    const { nodes, told } = recorded();
    nodes.noteHeartbeat(A, 0);
    nodes.noteHeartbeat({ id: 'a', epoch: 2 }, 10);
    expect(nodes.noteHeartbeat(A, 20)).toBe('stale');
    nodes.noteGoodbye(A, 30);
    expect([told, nodes.all.get('a')?.epoch]).toEqual([['joined a1', 'gone a1', 'joined a2'], 2]);
  });

  it('tells of a node that has begun anew what it may have told since its former self was heard', () => {
    const { nodes } = recorded();
    const told: unknown[] = [];
    nodes.onNode({ has: ({ epoch }, what, sinceMs) => void told.push([epoch, what, sinceMs]) });
    for (const [epoch, nowMs] of [
      [1, 0],
      [1, 20_000],
      [2, 30_000],
    ] as const) {
      const node = nodes.noteHeartbeat({ id: 'a', epoch }, nowMs);
      if (typeof node === 'object') nodes.noteHas(node, ['retained'], nowMs);
    }
    expect(told).toEqual([
      [1, 'retained', -Infinity],
      [2, 'retained', 15_000],
    ]);
  });

  it('does not take a late heartbeat of a node that has said goodbye for a return', () => {
    const { nodes, told } = recorded();
    nodes.noteHeartbeat(A, 0);
    nodes.noteGoodbye(A, 10);
    expect(nodes.noteHeartbeat(A, 20)).toBe('stale');
    nodes.sweep(60_009);
    expect(nodes.noteHeartbeat(A, 60_009)).toBe('stale');
    nodes.sweep(60_010);
    nodes.noteHeartbeat(A, 70_000);
    expect(told).toEqual(['joined a1', 'gone a1', 'joined a1']);
  });

  it('remembers at most 4,096 nodes', () => {
    const { nodes } = recorded();
    for (let node = 0; node < 4096; node += 1) nodes.noteHeartbeat({ id: `n${node}`, epoch: 1 }, 0);
    expect(nodes.noteHeartbeat({ id: 'one more', epoch: 1 }, 0)).toBe('node');
    expect(nodes.noteHeartbeat({ id: 'n7', epoch: 1 }, 1)).toMatchObject({ lastSeenMs: 1 });
  });

  it('counts a node that has said goodbye for a minute among them', () => {
    const { nodes } = recorded();
    for (let node = 0; node < 4096; node += 1) {
      const ref = { id: `n${node}`, epoch: 1 };
      nodes.noteHeartbeat(ref, 0);
      nodes.noteGoodbye(ref, 0);
    }
    expect(nodes.noteHeartbeat(A, 1)).toBe('node');
    nodes.sweep(60_000);
    expect(nodes.noteHeartbeat(A, 60_000)).toMatchObject({ id: 'a' });
  });

  it('calls a listener no more that was removed', () => {
    const nodes = new KnownNodes();
    const told: string[] = [];
    nodes.onNode({ joined: ({ id }) => void told.push(id) })();
    nodes.onNode({});
    nodes.noteHeartbeat(A, 0);
    nodes.sweep(5000);
    nodes.noteHeartbeat(A, 6000);
    nodes.noteGoodbye(A, 7000);
    expect(told).toEqual([]);
  });
});
