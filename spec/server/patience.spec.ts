// How long a handshake may take: what ends it, and what it leaves.

import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { Patience } from '../../src/server/patience.ts';

describe('Patience', () => {
  it('ends when the time is over, and not before', async () => {
    const clock = virtualClock();
    const patience = new Patience(clock, 700);
    patience.begin();
    await clock.advance(699);
    expect([patience.why, patience.over.aborted]).toEqual([undefined, false]);
    await clock.advance(1);
    expect([patience.why, patience.over.aborted, clock.timers]).toEqual(['late', true, 0]);
  });

  it.each([
    ['gone', 'The client has given the handshake up'],
    ['late', 'The time for the handshake is over'],
    ['closing', 'The host is shutting down'],
  ] as const)('aborts with an AbortError that says %s', (why, message) => {
    const clock = virtualClock();
    const patience = new Patience(clock, 700);
    patience.begin();
    const { signal } = patience.over;
    patience.end(why);
    expect(signal.reason).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', why, message });
    expect(clock.timers).toBe(0);
  });

  it('keeps the first reason', () => {
    const patience = new Patience(virtualClock(), 700);
    patience.end('gone');
    patience.end('closing');
    expect([patience.why, patience.over.signal.reason]).toMatchObject(['gone', { why: 'gone' }]);
  });

  it('leaves no timer when the hook has decided, and never ends of itself', async () => {
    const clock = virtualClock();
    const patience = new Patience(clock, 700);
    patience.begin();
    patience.stop();
    expect(clock.timers).toBe(0);
    await clock.advance(1000);
    expect([patience.why, patience.over.aborted]).toEqual([undefined, false]);
  });

  it('counts from its making, also when its timer begins later', async () => {
    const clock = virtualClock();
    const patience = new Patience(clock, 700);
    expect(clock.timers).toBe(0);
    await clock.advance(600);
    patience.begin();
    await clock.advance(99);
    expect(patience.why).toBe(undefined);
    await clock.advance(1);
    expect(patience.why).toBe('late');
  });

  it('costs no timer when it is stopped before that begins', () => {
    const clock = virtualClock();
    new Patience(clock, 700).stop();
    expect(clock.timers).toBe(0);
  });
});
