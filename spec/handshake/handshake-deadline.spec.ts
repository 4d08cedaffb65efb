// How long a handshake may take: what ends it, and what it leaves.

import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { noop } from '../../src/core/noop.ts';
import { HandshakeDeadline } from '../../src/handshake/handshake-deadline.ts';

describe('HandshakeDeadline', () => {
  it('ends when the time is over, and not before', async () => {
    const clock = virtualClock();
    const deadline = new HandshakeDeadline(clock, 700);
    deadline.begin(noop);
    await clock.advance(699);
    expect([deadline.why, deadline.over.aborted]).toEqual([undefined, false]);
    await clock.advance(1);
    expect([deadline.why, deadline.over.aborted, clock.timers]).toEqual(['late', true, 0]);
  });

  it.each([
    ['gone', 'The client has given the handshake up'],
    ['late', 'The time for the handshake is over'],
    ['closing', 'The host is shutting down'],
  ] as const)('aborts with an AbortError that says %s', async (why, message) => {
    const clock = virtualClock();
    const deadline = new HandshakeDeadline(clock, 700);
    deadline.begin(noop);
    await settle();
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

  it('leaves no timer when it is stopped, and does not end', async () => {
    const clock = virtualClock();
    const deadline = new HandshakeDeadline(clock, 700);
    deadline.begin(noop);
    await settle();
    const before = clock.timers;
    deadline.stop();
    expect([before, clock.timers]).toEqual([1, 0]);
    await clock.advance(1000);
    expect([deadline.why, deadline.over.aborted]).toEqual([undefined, false]);
  });

  it('counts from its making, also when its timer begins later', async () => {
    const clock = virtualClock();
    const deadline = new HandshakeDeadline(clock, 700);
    expect(clock.timers).toBe(0);
    await clock.advance(600);
    deadline.begin(noop);
    await clock.advance(99);
    expect(deadline.why).toBe(undefined);
    await clock.advance(1);
    expect(deadline.why).toBe('late');
  });

  it('arms its timer in the next turn, and calls back once then', async () => {
    const clock = virtualClock();
    const onWait = vi.fn<() => void>();
    new HandshakeDeadline(clock, 700).begin(onWait);
    expect([clock.timers, onWait.mock.calls.length]).toEqual([0, 0]);
    await settle();
    expect([clock.timers, onWait.mock.calls.length]).toEqual([1, 1]);
  });

  it.each<[string, (deadline: HandshakeDeadline) => void]>([
    ['stopped', (deadline) => deadline.stop()],
    ['ended', (deadline) => deadline.end('gone')],
  ])('costs no timer when it is %s in its turn, and does not call back', async (_, end) => {
    const clock = virtualClock();
    const onWait = vi.fn<() => void>();
    const deadline = new HandshakeDeadline(clock, 700);
    deadline.begin(onWait);
    end(deadline);
    await settle();
    expect([clock.timers, onWait.mock.calls.length]).toEqual([0, 0]);
  });
});
