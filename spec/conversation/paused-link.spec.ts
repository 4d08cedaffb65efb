// A link whose queue is full: how often it is read for a turn, how much that may bring, and when a
// queue that stays full is told of.

import { describe, expect, it } from 'vitest';
import { turn } from '../time/hand-clock.ts';
import { CLOSED_BY_PEER, HEARS_NOTHING, scripted } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';

const LOOK = ['pong', 'resume', 'pause'];
/** Within these a close behind 64 KiB has to be seen. */
const TEN_SECONDS = 10_000;

interface Visit extends ScriptedConversation {
  /** When the host was told that its queue stays full. */
  readonly told: number[];
}

/** A conversation whose queue two messages fill. */
function visited(settings: Parameters<typeof scripted>[0] = {}): Visit {
  const scene = scripted({ queueMessages: 2, ...settings });
  const told: number[] = [];
  scene.conversation.listen({
    ...HEARS_NOTHING,
    conversationOnUnread: () => told.push(scene.clock.nowMs),
  });
  return { ...scene, told };
}

/** Time passes second by second, and the event loop reads after each. */
async function pass({ clock }: ScriptedConversation, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    clock.tick(1000);
    await turn();
    await turn();
  }
}

/** The bytes that a peer gets through while it sends a chunk of 1 KiB whenever the link runs. */
async function sentIn(visit: Visit, ms: number): Promise<number> {
  const { link, clock } = visit;
  const before = link.receivedBytes;
  for (let passed = 0; passed < ms; passed += 1000) {
    clock.tick(1000);
    while (!link.isPaused) link.arrive('x'.repeat(1024));
    await turn();
    await turn();
  }
  return link.receivedBytes - before;
}

describe('PausedLink', () => {
  it('gives the peer a sign of life and reads its link for a turn, every 3 s, without a heartbeat', async () => {
    const visit = visited();
    visit.link.arrive('a', 'b');
    await pass(visit, TEN_SECONDS);
    expect(visit.link.calls).toEqual(['pause', ...LOOK, ...LOOK, ...LOOK]);
  });

  it('leaves the link paused where its transport reads on, and lets it run once a close waits', async () => {
    const visit = visited();
    let isClosed = false;
    const looks: string[] = [];
    Object.assign(visit.link, {
      look: (moreBytes: number) => looks.push(`look for ${moreBytes}`) > 0,
      endLook: () => looks.push('end') > 0 && isClosed,
    });
    visit.link.arrive('a', 'b');
    await pass(visit, TEN_SECONDS);
    expect(visit.link.calls).toEqual(['pause', 'pong', 'pong', 'pong']);
    expect(looks).toEqual(Array.from({ length: 3 }, () => ['look for 65536', 'end']).flat());
    isClosed = true;
    await pass(visit, 1000);
    visit.clock.tick(1000);
    while (visit.link.isPaused) await turn();
    for (let n = 0; n < 100; n += 1) visit.link.arrive('x'.repeat(1024));
    expect(visit.link.isPaused).toBe(false);
    while (!visit.link.isPaused) await turn();
    expect(visit.link.calls.slice(4)).toEqual(LOOK);
  });

  it('does not look where as much waits in its transport as may', async () => {
    const visit = visited();
    Object.assign(visit.link, { look: () => false, endLook: () => false });
    visit.link.arrive('a', 'b');
    await pass(visit, TEN_SECONDS);
    expect(visit.link.calls).toEqual(['pause', 'pong', 'pong', 'pong']);
    expect(visit.conversation.pausedLink?.look()).toBe(false);
  });

  it('does not look where the rate of the peer holds the link', async () => {
    const visit = visited({ rate: { messages: { count: 1, perMs: 60_000 } } });
    let looks = 0;
    Object.assign(visit.link, { look: () => (looks += 1) > 0, endLook: () => false });
    visit.link.arrive('a');
    await pass(visit, TEN_SECONDS);
    expect([looks, visit.link.calls]).toEqual([0, ['pause', 'pong', 'pong', 'pong']]);
  });

  it('runs on where a read resumes it while its transport reads on', async () => {
    const visit = visited();
    Object.assign(visit.link, { look: () => true, endLook: () => false });
    visit.link.arrive('a', 'b');
    await pass(visit, 2000);
    visit.clock.tick(1000);
    await visit.ws.read();
    await turn();
    await turn();
    expect(visit.link.calls).toEqual(['pause', 'pong', 'resume']);
  });

  it('B4: finds a close behind messages in many chunks', async () => {
    const visit = visited();
    visit.link.arrive('a', 'b');
    await pass(visit, 2000);
    visit.clock.tick(1000);
    for (let n = 0; n < 300; n += 1) visit.link.arrive('small');
    expect(visit.link.isPaused).toBe(false);
    visit.link.peerCloses();
    await turn();
    expect(visit.link.calls).toContain('close 1000');
  });

  it('leaves no timer once the queue was read', async () => {
    const visit = visited();
    visit.link.arrive('a', 'b');
    await visit.ws.read();
    await pass(visit, TEN_SECONDS);
    expect([visit.link.calls, visit.clock.timers]).toEqual([['pause', 'resume'], 0]);
  });

  it('leaves no timer at the end', async () => {
    const visit = visited();
    visit.link.arrive('a', 'b');
    visit.link.end(CLOSED_BY_PEER);
    expect(visit.clock.timers).toBe(0);
    await pass(visit, TEN_SECONDS);
    expect(visit.link.calls).toEqual(['pause']);
  });

  it('does not look at a link whose end has begun: the peer has closed, and the handler answers yet', async () => {
    const visit = visited();
    visit.conversation.listen({
      ...HEARS_NOTHING,
      owesReply: true,
    });
    visit.link.arrive('a', 'b');
    visit.link.peerCloses();
    await pass(visit, 4000);
    expect(visit.link.calls).toEqual(['pause']);
  });

  it('counts the time from the latest pause', async () => {
    const visit = visited();
    visit.link.arrive('a', 'b');
    await pass(visit, 2000);
    await visit.ws.read();
    visit.link.arrive('c');
    await pass(visit, 2000);
    expect(visit.link.calls).toEqual(['pause', 'resume', 'pause']);
    await pass(visit, 1000);
    expect(visit.link.calls.slice(3)).toEqual(LOOK);
  });

  it.each([
    ['in bytes', { queueBytes: 100 }, 'x'.repeat(100)],
    ['in messages', { queueMessages: 1, queueBytes: 1000 }, 'x'],
  ])('reads 64 KiB behind a queue that is full %s, and no more', async (_, settings, message) => {
    const visit = visited(settings);
    visit.link.arrive(message);
    const sent = await sentIn(visit, 600_000);
    expect(sent).toBeGreaterThanOrEqual(65_536);
    expect(sent).toBeLessThan(65_536 + 1024);
    expect(visit.ws.closeInfo).toBe(undefined);
    expect(visit.link.calls).not.toContain('close 1008');
  });

  it('reads as much again once the queue was read and is full again', async () => {
    const visit = visited({ queueBytes: 100 });
    visit.link.arrive('x'.repeat(100));
    await sentIn(visit, 20_000);
    while (visit.ws.queued.messages > 0) await visit.ws.read();
    visit.link.arrive('x'.repeat(100));
    expect(await sentIn(visit, 20_000)).toBeGreaterThanOrEqual(65_536);
  });
});

describe('B3: a queue that stays full', () => {
  it('is told of after 30 s, once', async () => {
    const visit = visited();
    visit.link.arrive('a', 'b');
    await pass(visit, 29_000);
    expect(visit.told).toEqual([]);
    await pass(visit, 600_000);
    expect(visit.told).toEqual([30_000]);
  });

  it('is told of though looks bring more', async () => {
    const visit = visited();
    visit.link.arrive('a', 'b');
    await sentIn(visit, 60_000);
    expect(visit.told).toEqual([30_000]);
  });

  it.each([
    ['a message', (visit: Visit) => visit.ws.read()],
    ['a part of one', (visit: Visit) => visit.ws.read(1)],
  ])('counts anew from the look that finds %s read, and is told of again', async (_, read) => {
    const visit = visited({ queueMessages: 4 });
    visit.link.arrive('long', 'b', 'c', 'd', 'e', 'f');
    await pass(visit, 28_000);
    await read(visit);
    await pass(visit, 31_000);
    expect(visit.told).toEqual([]);
    await pass(visit, 1000);
    expect(visit.told).toEqual([60_000]);
    await read(visit);
    await pass(visit, 40_000);
    expect(visit.told).toEqual([60_000, 93_000]);
  });

  it('counts anew where it was read and filled in the turn of a look', async () => {
    const visit = visited();
    visit.link.arrive('a', 'b');
    await pass(visit, 26_000);
    visit.clock.tick(1000);
    for (const _ of 'ab') await visit.ws.read();
    visit.link.arrive('c', 'd');
    await turn();
    await turn();
    await pass(visit, 29_000);
    expect(visit.told).toEqual([]);
    await pass(visit, 1000);
    expect(visit.told).toEqual([57_000]);
  });

  it('is no full queue where only the rate holds the link', async () => {
    const visit = scripted({ rate: { messages: { count: 1, perMs: 60_000 } } });
    let told = 0;
    visit.conversation.listen({
      ...HEARS_NOTHING,
      conversationOnUnread: () => (told += 1),
    });
    visit.link.arrive('a');
    await pass(visit, 50_000);
    expect([told, visit.link.isPaused]).toEqual([0, true]);
  });

  it('is told to no listener on a client', async () => {
    const visit = scripted({ queueMessages: 1 });
    visit.link.arrive('a');
    await pass(visit, 31_000);
    expect(visit.link.calls.slice(0, 4)).toEqual(['pause', ...LOOK]);
  });
});
