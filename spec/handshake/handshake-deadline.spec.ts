// How long a handshake may take: what ends it, and what it leaves.

import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { HandshakeDeadline } from '../../src/handshake/handshake-deadline.ts';

describe('HandshakeDeadline', () => {
  it('ends when the time is over, and not before', async () => {
    const clock = virtualClock();
    const deadline = new HandshakeDeadline(clock, 700);
    deadline.begin();
    await clock.advance(699);
    expect([deadline.why, deadline.over.aborted]).toEqual([undefined, false]);
    await clock.advance(1);
    expect([deadline.why, deadline.over.aborted, clock.timers]).toEqual(['late', true, 0]);
  });

  it.each([
    ['gone', 'The client has given the handshake up'],
    ['late', 'The time for the handshake is over'],
    ['closing', 'The host is shutting down'],
  ] as const)('aborts with an AbortError that says %s', (why, message) => {
    const clock = virtualClock();
    const deadline = new HandshakeDeadline(clock, 700);
    deadline.begin();
    const { signal } = deadline.over;
    deadline.end(why);
    expect(signal.reason).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', why, message });
    expect(clock.timers).toBe(0);
  });

  it('keeps the first reason', () => {
    const deadline = new HandshakeDeadline(virtualClock(), 700);
    deadline.end('gone');
    deadline.end('closing');
    expect([deadline.why, deadline.over.signal.reason]).toMatchObject(['gone', { why: 'gone' }]);
  });

  it('leaves no timer when the hook has decided, and never ends of itself', async () => {
    const clock = virtualClock();
    const deadline = new HandshakeDeadline(clock, 700);
    deadline.begin();
    deadline.stop();
    expect(clock.timers).toBe(0);
    await clock.advance(1000);
    expect([deadline.why, deadline.over.aborted]).toEqual([undefined, false]);
  });

  it('counts from its making, also when its timer begins later', async () => {
    const clock = virtualClock();
    const deadline = new HandshakeDeadline(clock, 700);
    expect(clock.timers).toBe(0);
    await clock.advance(600);
    deadline.begin();
    await clock.advance(99);
    expect(deadline.why).toBe(undefined);
    await clock.advance(1);
    expect(deadline.why).toBe('late');
  });

  it('costs no timer when it is stopped before that begins', () => {
    const clock = virtualClock();
    new HandshakeDeadline(clock, 700).stop();
    expect(clock.timers).toBe(0);
  });
});
