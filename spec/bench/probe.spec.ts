import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Probe } from '../../bench/probe.ts';
import { FakeSocket, fakeLine } from './fake-line.ts';

describe('Probe', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  function probe(everyMs = 2): readonly [Probe, FakeSocket] {
    const socket = new FakeSocket();
    return [new Probe(fakeLine(socket), { everyMs, bytes: 1 }), socket];
  }

  it('asks at its pace while no answer comes', () => {
    const [, socket] = probe(2);
    vi.advanceTimersByTime(100);
    expect(socket.sent).toBe(51);
  });

  it('counts each wait from when it was due', async () => {
    const [asking, socket] = probe(2);
    vi.advanceTimersByTime(9);
    socket.answer(5);
    // Due at 0, 2, 4, 6 and 8 ms.
    await expect(asking.end()).resolves.toEqual([9000, 7000, 5000, 3000, 1000]);
  });

  it('sends at its end what is due until then, late as it is, and waits for the answers', async () => {
    const [asking, socket] = probe(1);
    socket.answer();
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + 3);
    const waits = asking.end();
    expect(socket.sent).toBe(4);
    socket.answer(3);
    // Due 1, 2 and 3 ms after the first.
    await expect(waits).resolves.toEqual([0, 2000, 1000, 0]);
  });

  it('asks no more after its end', () => {
    const [asking, socket] = probe(2);
    void asking.end();
    vi.advanceTimersByTime(100);
    expect(socket.sent).toBe(1);
  });

  it('needs a socket', () => {
    expect(() => new Probe(fakeLine(), { everyMs: 1, bytes: 1 })).toThrow('no socket is open');
  });
});
