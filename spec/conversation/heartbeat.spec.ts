// When peers are pinged, and when they are terminated, over scripted links and a clock that the
// spec moves.

import { memoryLink } from '../../src/transport/memory-transport.ts';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import { Heartbeat } from '../../src/conversation/heartbeat.ts';
import type { HeartbeatTimes } from '../../src/conversation/heartbeat.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { scripted, ScriptedTransport } from './scripted-transport.ts';
import { Deadlines } from '../../src/time/deadline.ts';
import type { ScriptedConversation } from './scripted-transport.ts';

const DEFAULT: HeartbeatTimes = { intervalMs: 25_000, timeoutMs: 20_000 };

/** Conversations under one heartbeat. */
function beating(count: number, times: HeartbeatTimes = DEFAULT): readonly ScriptedConversation[] {
  const clock = new HandClock();
  const shared = { heartbeat: new Heartbeat(clock, times), deadlines: new Deadlines(clock) };
  return Array.from({ length: count }, () => scripted(shared, new ScriptedTransport(), clock));
}

function one(times?: HeartbeatTimes): ScriptedConversation {
  return beating(1, times)[0] as ScriptedConversation;
}

/** Moves time on by whole seconds, with a turn of the event loop after each; the peer answers each ping or none. */
async function pass(
  { link, clock }: ScriptedConversation,
  seconds: number,
  peer: 'answers' | 'is silent',
): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    const before = link.calls.length;
    clock.tick(1000);
    if (peer === 'answers') link.receivedBytes += 6 * (link.calls.length - before);
    await turn();
    await turn();
  }
}

describe('Heartbeat', () => {
  it('pings at the end of a step: sockets that come within a step wake the process together', () => {
    const heartbeat = new Heartbeat(new HandClock(), { intervalMs: 25_600, timeoutMs: 20_000 });
    const first = Array.from({ length: 512 }, (_, nowMs) => heartbeat.join(1000 + nowMs / 8));
    expect(first.filter((ms) => (ms - 1000) % 100 !== 0)).toEqual([]);
    expect([Math.min(...first), Math.max(...first), new Set(first).size]).toEqual([1100, 26_600, 256]);
  });

  it('pings a peer every interval', async () => {
    const visit = one();
    await pass(visit, 24, 'answers');
    expect(visit.link.calls).toEqual([]);
    await pass(visit, 76, 'answers');
    expect(visit.link.calls).toEqual(['ping', 'ping', 'ping', 'ping']);
  });

  it('terminates a peer without a sign of life within the time-out after a ping', async () => {
    const visit = one();
    await pass(visit, 25, 'answers');
    await pass(visit, 44, 'is silent');
    expect(visit.link.calls).toEqual(['ping', 'ping']);
    await pass(visit, 1, 'is silent');
    expect(visit.link.calls).toEqual(['ping', 'ping', 'terminate']);
  });

  it.each([
    ['a time-out as long as the interval', { intervalMs: 20_000, timeoutMs: 20_000 }],
    ['a longer time-out', { intervalMs: 15_000, timeoutMs: 20_000 }],
    ['a time-out of many intervals', { intervalMs: 3000, timeoutMs: 20_000 }],
    ['a short time-out', { intervalMs: 20_000, timeoutMs: 1000 }],
  ])('terminates it within interval and time-out, and never a peer that answers: %s', async (_, times) => {
    for (let diesAt = 1; diesAt < 60; diesAt += 7) {
      const visit = one(times);
      await pass(visit, diesAt, 'answers');
      await pass(visit, (times.intervalMs + times.timeoutMs) / 1000, 'is silent');
      expect(visit.link.calls.at(-1)).toBe('terminate');
    }
    const living = one(times);
    await pass(living, 600, 'answers');
    expect(living.link.calls).not.toContain('terminate');
  });

  it('sets no timers for sockets that have ended', async () => {
    const timersIn = async (visit: ScriptedConversation): Promise<number> => {
      await pass(visit, 50, 'answers');
      const { length } = visit.clock.waits;
      await pass(visit, 100, 'answers');
      return visit.clock.waits.length - length;
    };
    const [gone, other] = beating(2) as [ScriptedConversation, ScriptedConversation];
    gone.link.end();
    expect(await timersIn(other)).toBe(await timersIn(one()));
  });

  it('goes on for the other sockets where a link ends inside its ping', async () => {
    const [broken, other] = beating(2) as [ScriptedConversation, ScriptedConversation];
    broken.link.ping = () => {
      broken.link.end();
      return false;
    };
    await pass(other, 75, 'answers');
    expect(other.link.calls).toEqual(['ping', 'ping', 'ping']);
  });

  it('counts any byte as a sign of life', async () => {
    const visit = one();
    await pass(visit, 25, 'is silent');
    visit.link.arrive('not a pong');
    await pass(visit, 25, 'is silent');
    expect(visit.link.calls).toEqual(['ping', 'ping']);
  });

  it('does not terminate a peer that takes little by little', async () => {
    const visit = one();
    void visit.ws.write('x'.repeat(1000));
    for (let minute = 0; minute < 10; minute += 1) {
      visit.link.take(1);
      await pass(visit, 20, 'answers');
    }
    expect(visit.link.calls).not.toContain('terminate');
  });

  it('does not ping a peer whose conversation is closing, nor terminate it', async () => {
    const visit = one({ intervalMs: 1000, timeoutMs: 1000 });
    await pass(visit, 1, 'is silent');
    visit.conversation.close(1000, '', 'local');
    await pass(visit, 4, 'is silent');
    expect(visit.link.calls).toEqual(['ping', 'close 1000']);
  });

  it('spreads the pings of many sockets over the interval', async () => {
    const visits = beating(5000);
    const clock = (visits[0] as ScriptedConversation).clock;
    const pinged = (): number => visits.filter(({ link }) => link.calls.length > 0).length;
    const most = { turn: 0, before: 0 };
    for (let tenth = 1; tenth <= 250; tenth += 1) {
      clock.tick(100);
      most.turn = Math.max(most.turn, pinged() - most.before);
      most.before = pinged();
    }
    expect(most).toEqual({ turn: 40, before: 5000 });
  });

  it('spreads the pings of few sockets, too', () => {
    const visits = beating(8);
    const { clock } = visits[0] as ScriptedConversation;
    const firstPings: number[] = [];
    for (const { link } of visits) {
      link.ping = () => {
        firstPings.push(clock.nowMs);
        return false;
      };
    }
    clock.tick(25_000);
    const gaps = firstPings.map((ms, index) => ms - (firstPings[index - 1] ?? 0));
    expect([firstPings.length, Math.min(...gaps) > 2500]).toEqual([8, true]);
  });

  it('sets no timer for a socket that has ended, though a read still waits on it', async () => {
    const visit = one();
    visit.conversation.reader.offerFirst(() => {});
    const read = visit.ws.read(10, 60_000);
    visit.link.arrive('offered');
    visit.link.end();
    await pass(visit, 60, 'is silent');
    expect([await read, visit.link.calls, visit.clock.timers]).toEqual([[undefined, 'timeout'], [], 0]);
  });

  it('keeps one timer for all sockets that have just come, and none when the last has ended', () => {
    const visits = beating(300);
    const clock = (visits[0] as ScriptedConversation).clock;
    expect(clock.timers).toBe(1);
    for (const { link } of visits.toSorted(() => -1)) link.end();
    expect(clock.timers).toBe(0);
  });

  it('needs few timers when the sockets are spread over the interval', () => {
    const visits = beating(5000);
    const { clock } = visits[0] as ScriptedConversation;
    const timersAt = (ms: number): number => {
      for (; clock.nowMs < ms; clock.tick(100)) for (const { link } of visits) link.receivedBytes += 1;
      return clock.timers;
    };
    expect([timersAt(0), timersAt(100) < 150, timersAt(60_000)]).toEqual([1, true, 4]);
  });

  it('pings the sockets that are left when others have ended', () => {
    const visits = beating(1000);
    const clock = (visits[0] as ScriptedConversation).clock;
    visits.forEach(({ link }, index) => {
      if (index % 3 > 0) link.end();
    });
    clock.tick(25_000);
    expect(visits.map(({ link }) => link.calls.length)).toEqual(visits.map((_, n) => (n % 3 > 0 ? 0 : 1)));
  });

  it('gives a whole interval to a socket that comes after the last has ended', async () => {
    const clock = new HandClock();
    const heartbeat = new Heartbeat(clock, DEFAULT);
    scripted({ heartbeat }, new ScriptedTransport(), clock).link.end();
    clock.tick(3);
    const { link } = scripted({ heartbeat }, new ScriptedTransport(), clock);
    clock.tick(24_999);
    expect(link.calls).toEqual([]);
    clock.tick(1);
    expect(link.calls).toEqual(['ping']);
  });

  it('pings once for all the intervals in which the process stood still', () => {
    const clock = new HandClock();
    const heartbeat = new Heartbeat(clock, DEFAULT);
    const { link } = scripted({ heartbeat }, new ScriptedTransport(), clock);
    clock.nowMs = 140_000;
    clock.tick(0);
    expect(link.calls).toEqual(['ping']);
    clock.tick(10_000);
    expect(link.calls).toEqual(['ping', 'ping']);
  });

  it('ends a conversation with 1006, by heartbeat, and leaves no timer', async () => {
    const memory = new MemoryHost({ heartbeat: DEFAULT });
    const [near, far] = memoryLink();
    far.pause();
    const run = memory.converse(near, async (ws) => void (await ws.read()));
    await memory.clock.advance(44_999);
    expect(run.ws.closeInfo).toBe(undefined);
    await memory.clock.advance(1);
    const { end } = await run.outcome;
    expect([...gist(end), end.cause]).toEqual([
      1006,
      'heartbeat',
      false,
      new Error('The peer has given no sign of life for 20000 ms'),
    ]);
    expect([memory.clock.timers, memory.reports]).toEqual([0, []]);
  });

  it('does not terminate a peer in memory, which answers by itself', async () => {
    const memory = new MemoryHost({ heartbeat: DEFAULT });
    const { run } = memory.visit(async (ws) => void (await ws.closed));
    await memory.clock.advance(3_600_000);
    await settle();
    expect([run.ws.closeInfo, memory.clock.timers]).toEqual([undefined, 1]);
  });

  it('sets no timer where there is no heartbeat', async () => {
    const clock = virtualClock();
    const memory = new MemoryHost({ heartbeat: false, clock });
    const { run } = memory.visit(async (ws) => void (await ws.closed));
    expect([clock.timers, run.ws.closeInfo]).toEqual([0, undefined]);
  });
});
