import { describe, expect, it } from 'vitest';
import { DroppedEnvelopes, EnvelopeError } from '../../src/hub/dropped-envelopes.ts';

describe('DroppedEnvelopes', () => {
  it('reports the first of each reason, and the sum of further ones after a minute', () => {
    const reports: unknown[] = [];
    const dropped = new DroppedEnvelopes((error) => {
      if (error instanceof EnvelopeError) reports.push([error.reason, error.count, error.message]);
    });
    dropped.count('foreign', 'room:a', 0);
    dropped.count('foreign', 'room:b', 1);
    dropped.count('size', 'nodes', 2);
    dropped.count('foreign', 'room:c', 3);
    dropped.sweep(59_999);
    const first = [
      ['foreign', 1, '1 envelope was dropped (foreign), of room:a last'],
      ['size', 1, '1 envelope was dropped (size), of nodes last'],
    ];
    expect(reports).toEqual(first);
    dropped.sweep(60_000);
    dropped.sweep(120_000);
    expect(reports).toEqual([...first, ['foreign', 2, '2 envelopes were dropped (foreign), of room:c last']]);
    expect([...dropped.counts]).toEqual([
      ['foreign', 3],
      ['size', 1],
    ]);
  });

  it('counts what is ordinary between nodes, and does not report it', () => {
    const reports: unknown[] = [];
    const dropped = new DroppedEnvelopes((error) => reports.push(error));
    for (const reason of ['own', 'duplicate', 'stale', 'kind'] as const) dropped.count(reason, 'nodes', 0);
    dropped.sweep(60_000);
    expect(reports).toEqual([]);
    expect(dropped.counts.size).toBe(4);
  });
});
