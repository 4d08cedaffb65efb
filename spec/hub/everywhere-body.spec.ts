// The bodies of calls on all nodes.

import { describe, expect, it } from 'vitest';
import { encodeCall, encodeDone, readCall, readDone } from '../../src/hub/everywhere-body.ts';

const NOTHING = new Uint8Array();

describe('the bodies of calls on all nodes', () => {
  it.each(['id', 'room', 'session', 'end-session'] as const)('carry a call by %s', (verb) => {
    const call = { verb, name: 'Rüm', code: 4001, reason: 'über' };
    expect(readCall(encodeCall(7, call))).toEqual({ number: 7, call });
  });

  it('carry an answer', () => {
    expect(readDone(encodeDone(7, 3))).toEqual({ number: 7, count: 3 });
  });

  it.each([
    [0, ''],
    [1006, ''],
    [65_535, ''],
    [1000, 'x'.repeat(124)],
  ])('are refused where no frame carries the close: %d %s', (code, reason) => {
    expect(readCall(encodeCall(7, { verb: 'id', name: 's', code, reason }))).toBeUndefined();
  });

  it('are refused where fields are missing, or the call is not known', () => {
    const unknown = Buffer.from(encodeCall(7, { verb: 'id', name: '', code: 1000, reason: '' }));
    unknown[8] = 99;
    expect([readCall(NOTHING), readDone(NOTHING), readCall(unknown)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
