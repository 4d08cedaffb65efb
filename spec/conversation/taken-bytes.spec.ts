// A peer that does not take what waits for it is dead, and one that takes now and then lives, over
// a scripted link and a clock that the spec moves.

import { memoryLink } from '../../src/transport/memory-transport.ts';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import { Heartbeat } from '../../src/conversation/heartbeat.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { scripted, ScriptedTransport } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';
import type { ConversationSettings } from '../../src/conversation/conversation.ts';

const TIMEOUT_MS = 30_000;
/** Looks are an eighth of the time-out apart. */
const LATE_MS = TIMEOUT_MS / 8;

/** A conversation with the default times, whose peer never sends anything. */
function silent(settings: Partial<ConversationSettings> = {}): ScriptedConversation {
  const clock = new HandClock();
  const heartbeat = new Heartbeat(clock, { intervalMs: 25_000, timeoutMs: 20_000 });
  return scripted({ heartbeat, ...settings }, new ScriptedTransport(), clock);
}

/** Sends so many bytes, none of which is taken at once. */
function send({ ws, link }: ScriptedConversation, bytes: number): void {
  void ws.write('x'.repeat(bytes));
  link.stall();
}

/** Sends so many bytes, which the kernel takes at once. */
function takenAtOnce({ ws, link }: ScriptedConversation, bytes: number): void {
  void ws.write('x'.repeat(bytes));
  link.take();
}

/** Time passes second by second, each with a turn of the event loop. */
async function pass({ clock }: ScriptedConversation, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    clock.tick(Math.min(1000, ms - passed));
    await turn();
    await turn();
  }
}

/** How long it takes until the peer is given up, at most so long. */
async function lifeOf(visit: ScriptedConversation, mostMs = 200_000): Promise<number> {
  const sinceMs = visit.clock.nowMs;
  while (!visit.link.calls.includes('terminate') && visit.clock.nowMs - sinceMs < mostMs)
    await pass(visit, 1000);
  return visit.clock.nowMs - sinceMs;
}

describe('TakenBytes', () => {
  it('ends a peer that takes nothing for writeTimeoutMs, without a heartbeat', async () => {
    const visit = scripted();
    send(visit, 10);
    await pass(visit, TIMEOUT_MS - 1000);
    expect(visit.link.calls).toEqual([]);
    await pass(visit, 1000);
    expect(visit.link.calls).toEqual(['terminate']);
  });

  it('ends it whatever it sends', async () => {
    const visit = scripted({ writeTimeoutMs: 8000 });
    send(visit, 10);
    await pass(visit, 7000);
    visit.link.arrive('I am here');
    await pass(visit, 1000);
    expect(visit.link.calls).toEqual(['terminate']);
  });

  it('counts the time from the last byte that was taken, at most an eighth late', async () => {
    const visit = scripted();
    send(visit, 1000);
    for (let taken = 0; taken < 20; taken += 1) {
      await pass(visit, TIMEOUT_MS - 1000);
      visit.link.take(1);
    }
    expect(visit.link.calls).toEqual([]);
    const lifeMs = await lifeOf(visit);
    expect([lifeMs >= TIMEOUT_MS, lifeMs <= TIMEOUT_MS + LATE_MS + 1000]).toEqual([true, true]);
  });

  it('sets no timer while nothing waits, and none after the bytes were taken', async () => {
    const visit = scripted();
    void visit.ws.write('taken at once');
    visit.link.take();
    expect(visit.clock.timers).toBe(0);
    send(visit, 10);
    send(visit, 10);
    expect(visit.clock.timers).toBe(1);
    visit.link.take();
    await pass(visit, 10_000);
    expect([visit.clock.timers, visit.link.calls]).toEqual([0, []]);
  });

  it('does not take a stall for bytes that wait', async () => {
    const visit = scripted();
    visit.link.stall();
    await pass(visit, 60_000);
    expect([visit.clock.timers, visit.link.calls]).toEqual([0, []]);
  });

  it('sets no timer after the end', async () => {
    const visit = scripted();
    send(visit, 10);
    visit.link.end();
    await pass(visit, 60_000);
    expect([visit.clock.timers, visit.link.calls]).toEqual([0, []]);
  });

  it('counts a time in which the process stood still as one look', async () => {
    const visit = scripted();
    send(visit, 10);
    for (let block = 0; block < 7; block += 1) {
      visit.clock.nowMs += 100_000;
      visit.clock.tick(0);
      await turn();
    }
    expect(visit.link.calls).toEqual([]);
  });

  it('R13: lets the event loop write what the kernel takes by now before it judges', async () => {
    const visit = scripted();
    send(visit, 10);
    await pass(visit, TIMEOUT_MS - 1000);
    visit.clock.tick(1000);
    visit.link.take(1);
    await turn();
    await turn();
    expect(visit.link.calls).toEqual([]);
  });

  it('does not judge a link that has ended by then', async () => {
    const visit = scripted();
    send(visit, 10);
    await pass(visit, TIMEOUT_MS - 1000);
    visit.clock.tick(1000);
    visit.link.end();
    await turn();
    await turn();
    expect(visit.link.calls).toEqual([]);
  });

  it('never ends a peer whose transport cannot count', async () => {
    const visit = scripted();
    visit.link.flushedBytes = NaN;
    send(visit, 10);
    expect(await lifeOf(visit)).toBe(200_000);
  });

  it('notices bytes that wait at the next ping, also where the transport does not tell', async () => {
    const visit = silent();
    void visit.ws.write('stuck');
    visit.link.receivedBytes = NaN;
    await pass(visit, 25_000 + TIMEOUT_MS);
    expect(visit.link.calls.at(-1)).toBe('terminate');
  });

  it('ends a conversation in memory with 1006, by heartbeat, and leaves no timer', async () => {
    const memory = new MemoryHost({ writeTimeoutMs: 8000 });
    const [near, far] = memoryLink();
    far.pause();
    const run = memory.converse(near, async (ws) => {
      await ws.write('never read');
      await ws.closed;
    });
    await memory.clock.advance(7999);
    expect(run.ws.closeInfo).toBe(undefined);
    await memory.clock.advance(1);
    expect(gist((await run.outcome).end)).toEqual([1006, 'heartbeat', false]);
    expect([memory.clock.timers, memory.reports]).toEqual([0, []]);
  });

  it('sees bytes in memory that wait since the peer paused in the middle of them', async () => {
    const memory = new MemoryHost({ writeTimeoutMs: 8000 });
    const { run, client } = memory.visit(async (ws) => {
      for (let n = 0; n < 200; n += 1) void ws.write(`${n}`);
      await ws.closed;
    });
    await settle();
    expect(client.queued.messages).toBe(64);
    await memory.clock.advance(8000);
    expect(gist((await run.outcome).end)).toEqual([1006, 'heartbeat', false]);
  });
});

describe('a peer that reads slowly and answers no ping yet', () => {
  it('R10: lives while bytes that wait are taken within writeTimeoutMs', async () => {
    const visit = silent();
    send(visit, 1000);
    for (let taken = 0; taken < 20; taken += 1) {
      await pass(visit, TIMEOUT_MS - 1000);
      visit.link.take(1);
    }
    expect(visit.link.calls).not.toContain('terminate');
  });

  it('R10: lives though each backlog is taken whole and the next one begins at once', async () => {
    const visit = silent();
    for (let burst = 0; burst < 20; burst += 1) {
      send(visit, 1000);
      await pass(visit, 24_000);
      visit.link.take();
    }
    expect(visit.link.calls).not.toContain('terminate');
  });

  it('R10: is found out within writeTimeoutMs after it has taken the last byte', async () => {
    const visit = silent();
    for (let burst = 0; burst < 5; burst += 1) {
      send(visit, 1000);
      await pass(visit, 24_000);
      visit.link.take();
    }
    send(visit, 1000);
    expect(await lifeOf(visit)).toBeLessThanOrEqual(TIMEOUT_MS + LATE_MS + 1000);
  });

  it('R10: is found out within interval and time-out when it has never taken a byte that waited', async () => {
    const visit = silent({ writeTimeoutMs: 1_000_000 });
    send(visit, 1000);
    expect(await lifeOf(visit)).toBeLessThanOrEqual(46_000);
  });

  it('R10: is found out within interval and time-out behind a slow writer: what the kernel takes proves nothing', async () => {
    const visit = silent();
    const sinceMs = visit.clock.nowMs;
    while (!visit.link.calls.includes('terminate')) {
      void visit.ws.write('taken by the kernel');
      visit.link.take();
      await pass(visit, 1000);
    }
    expect(visit.clock.nowMs - sinceMs).toBeLessThanOrEqual(46_000);
  });

  it('R10: is found out in time behind backlogs that last for a moment, as over TLS each write does', async () => {
    const visit = silent();
    takenAtOnce(visit, 8_000_000);
    const sinceMs = visit.clock.nowMs;
    while (!visit.link.calls.includes('terminate')) {
      send(visit, 100);
      visit.clock.tick(1);
      visit.link.take();
      await pass(visit, 1000);
    }
    expect(visit.clock.nowMs - sinceMs).toBeLessThanOrEqual(46_000);
  });

  it('has the time to read what the kernel holds, at the pace at which it has taken the rest', async () => {
    const visit = silent();
    // The kernel takes 3 MB at once, and the peer 100 kB/s from then on.
    takenAtOnce(visit, 3_000_000);
    send(visit, 6_000_000);
    for (let second = 0; second < 60; second += 1) {
      await pass(visit, 1000);
      visit.link.take(100_000);
    }
    expect(visit.link.bufferedBytes).toBe(0);
    await pass(visit, 30_000);
    expect(visit.link.calls).not.toContain('terminate');
    expect(await lifeOf(visit)).toBeLessThanOrEqual(46_000);
  });

  it('has its pace measured over all bursts in a row, each of which the kernel takes at once', async () => {
    const visit = silent();
    takenAtOnce(visit, 3_000_000);
    for (let burst = 0; burst < 5; burst += 1) {
      send(visit, 1000);
      await pass(visit, 24_000);
      visit.link.take();
      takenAtOnce(visit, 1_440_000);
    }
    // 60 kB/s: 50 s for the first 3 MB.
    const lifeMs = await lifeOf(visit);
    expect([lifeMs > 50_000, lifeMs <= 50_000 + 46_000]).toEqual([true, true]);
  });

  it('has four times writeTimeoutMs for that, and no more', async () => {
    const visit = silent();
    takenAtOnce(visit, 5_000_000);
    send(visit, 1000);
    await pass(visit, 20_000);
    visit.link.take();
    const lifeMs = await lifeOf(visit, 400_000);
    expect([lifeMs > 4 * TIMEOUT_MS, lifeMs <= 4 * TIMEOUT_MS + 46_000]).toEqual([true, true]);
  });
});
