// What hosts and clients have in Node alone. Every value of every option is tried in
// server/host-options.spec.ts, where most users meet them.

import { UsageError } from 'corosock';
import { describe, expect, it } from 'vitest';
import { WIRE_OPTIONS, wireChoices } from '../../src/conversation/wire-options.ts';
import type { WireChoices, WireOptions } from '../../src/conversation/wire-options.ts';
import { Heartbeat } from '../../src/conversation/heartbeat.ts';
import { HandClock } from '../time/hand-clock.ts';

const choose = (options: WireOptions): WireChoices => wireChoices('f()', options, new HandClock());

describe('wireChoices', () => {
  it('fills in the defaults', () => {
    expect(choose({})).toEqual({
      maxFragments: 16_384,
      heartbeat: expect.any(Heartbeat) as unknown,
      compression: undefined,
    });
  });

  it('has one for each name', () => {
    expect(Object.keys(choose({}))).toEqual(Object.keys(WIRE_OPTIONS));
  });

  it.each([
    [{ maxFragments: 0 }, 'maxFragments to be an integer from 1 to 2147483647, got 0'],
    [
      { compression: 1 as unknown as boolean },
      'compression to be true, false or { contextTakeover, thresholdBytes }, got 1',
    ],
  ])('refuses %o, and names the call', (options, message) => {
    expect(() => choose(options)).toThrow(new UsageError('COROSOCK_ARGUMENT', `f(): expected ${message}`));
  });
});
