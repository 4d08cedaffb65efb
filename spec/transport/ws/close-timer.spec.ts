// The timer by which `ws` drops a link after a broken rule: on the clock of its host, and none of
// Node's is left.

import { describe, expect, it, vi } from 'vitest';
import { settle, virtualClock } from 'corosock/testing';
import { acceptedBy, ScriptedStream, upgradeOf } from './scripted-stream.ts';
import type { Clock } from '../../../src/time/clock.ts';
import { realClock } from '../../../src/time/real-clock.ts';
import { WsAcceptor } from '../../../src/transport/ws/acceptor.ts';
import { RecordedLink } from '../../../src/testing/contracts/recorded-link.ts';
import type { RecordedEnd } from '../../../src/testing/contracts/recorded-link.ts';

const UNMASKED_TEXT = Buffer.from([0x81, 0x01, 0x61]);

/** Accepts a client on a clock. */
function acceptOn(clock: Clock): { readonly stream: ScriptedStream; readonly end: RecordedEnd } {
  const stream = new ScriptedStream();
  const limits = { maxMessageBytes: 70_000, maxFragments: 16_384, closeTimeoutMs: 5000 };
  const acceptor = new WsAcceptor({ ...limits, compression: undefined, clock });
  const near = acceptedBy(acceptor, { request: upgradeOf(), stream, head: Buffer.alloc(0) });
  const { near: end } = new RecordedLink({ near, far: near });
  end.open();
  return { stream, end };
}

describe('the close timer of ws', () => {
  it('runs on a clock that is not the real one', async () => {
    const clock = virtualClock();
    const { stream, end } = acceptOn(clock);
    stream.push(UNMASKED_TEXT);
    await clock.advance(4999);
    const before = stream.destroyed;
    await clock.advance(1);
    expect([before, (await end.untilEnd()).code, clock.timers]).toEqual([false, 1002, 0]);
  });

  it('is cancelled when the link ends before', async () => {
    const clock = virtualClock();
    const { stream, end } = acceptOn(clock);
    stream.push(UNMASKED_TEXT);
    await settle();
    const { timers } = clock;
    stream.destroy();
    await end.untilEnd();
    expect([timers, clock.timers]).toEqual([1, 0]);
  });

  it('is not set for a close that the conversation bounds', async () => {
    const clock = virtualClock();
    const { stream, end } = acceptOn(clock);
    end.close(1000);
    await settle();
    expect([clock.timers, stream.destroyed]).toEqual([0, false]);
  });

  it("is Node's where the clock is the real one", async () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const { stream } = acceptOn(realClock);
    stream.push(UNMASKED_TEXT);
    await settle();
    stream.destroy();
    expect(set.mock.calls.map(([, ms]) => ms)).toEqual([5000]);
    set.mockRestore();
  });
});
