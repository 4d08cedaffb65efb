// F27, B6: the time that one message may take from its first byte to its last, and the rate of one socket:
// what is held, what is closed, and what stands still meanwhile.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RateLimit } from 'corosock';
import { scripted, ScriptedTransport } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';
import { HandClock } from '../time/hand-clock.ts';
import { Heartbeat } from '../../src/conversation/heartbeat.ts';

/** Time passes, and the event loop has the turns in which a late message is judged. */
async function pass({ clock }: ScriptedConversation, ms: number): Promise<void> {
  clock.tick(ms);
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
}

/** The calls that are no look at a paused link. */
function callsOf({ link }: ScriptedConversation): readonly string[] {
  return link.calls.join().replaceAll('pong,resume,pause', '').split(',').filter(Boolean);
}

describe('F27, B6: messageTimeoutMs', () => {
  it('closes with 1008 where a message is not whole in time, and says why', async () => {
    const peer = scripted({ messageTimeoutMs: 1000 });
    const { link, ws } = peer;
    link.arrive('whole');
    link.begin(1);
    await pass(peer, 999);
    expect(link.calls).toEqual([]);
    await pass(peer, 1);
    expect(link.calls).toEqual(['close 1008']);
    link.end({ code: 1008, by: 'local' });
    expect(await ws.read()).toEqual(['whole', 'ok']);
    expect(ws.closeInfo).toMatchObject({ code: 1008, by: 'limit', clean: false });
    expect(String(ws.closeInfo?.cause)).toBe('RangeError: The peer has not completed a message in 1000 ms');
  });

  it('counts from the first byte, however many come', async () => {
    const peer = scripted({ messageTimeoutMs: 1000 });
    peer.link.begin(1);
    for (let second = 0; second < 9; second += 1) await pass(peer, 100);
    expect(peer.link.calls).toEqual([]);
    await pass(peer, 100);
    expect(peer.link.calls).toEqual(['close 1008']);
  });

  it('begins anew with each message', async () => {
    const peer = scripted({ messageTimeoutMs: 1000 });
    peer.link.begin(1);
    await pass(peer, 600);
    peer.link.begin(2);
    await pass(peer, 600);
    expect(peer.link.calls).toEqual([]);
    await pass(peer, 400);
    expect(peer.link.calls).toEqual(['close 1008']);
  });

  it('leaves a message alone that is whole in time, and no timer', async () => {
    const peer = scripted({ messageTimeoutMs: 1000 });
    peer.link.begin(1);
    peer.link.unfinished = 0;
    await pass(peer, 5000);
    expect([peer.link.calls, peer.clock.timers]).toEqual([[], 0]);
  });

  it('reads what the kernel holds before it judges', async () => {
    const peer = scripted({ messageTimeoutMs: 1000 });
    peer.link.begin(1);
    peer.clock.tick(9000);
    peer.link.unfinished = 0;
    await pass(peer, 0);
    expect(peer.link.calls).toEqual([]);
  });

  it('stands still while the queue holds the link', async () => {
    const peer = scripted({ messageTimeoutMs: 1000, queueMessages: 1 });
    peer.link.begin(1);
    await pass(peer, 400);
    peer.link.arrive('fills the queue');
    for (let second = 0; second < 100; second += 1) await pass(peer, 1000);
    expect(callsOf(peer)).toEqual(['pause']);
    await peer.ws.read();
    await pass(peer, 599);
    expect(callsOf(peer)).toEqual(['pause', 'resume']);
    await pass(peer, 1);
    expect(callsOf(peer)).toEqual(['pause', 'resume', 'close 1008']);
  });

  it('does not begin before a paused link is resumed', async () => {
    const peer = scripted({ messageTimeoutMs: 1000, queueMessages: 1 });
    peer.link.arrive('fills the queue');
    await pass(peer, 50);
    peer.link.begin(1);
    await pass(peer, 2900);
    await peer.ws.read();
    await pass(peer, 999);
    expect(peer.link.calls).toEqual(['pause', 'resume']);
    await pass(peer, 1);
    expect(peer.link.calls.at(-1)).toBe('close 1008');
  });

  it('does not begin before that either where an earlier message came in part', async () => {
    const peer = scripted({ messageTimeoutMs: 1000, queueMessages: 1 });
    peer.link.begin(1);
    peer.link.unfinished = 0;
    peer.link.arrive('fills the queue');
    await pass(peer, 50);
    peer.link.begin(2);
    await pass(peer, 5000);
    await peer.ws.read();
    await pass(peer, 1000);
    expect(peer.link.calls.at(-1)).toBe('close 1008');
  });

  it('is not judged while the link is held', async () => {
    const peer = scripted({ messageTimeoutMs: 1000, queueMessages: 1 });
    peer.link.begin(1);
    peer.clock.tick(1000);
    peer.link.arrive('fills the queue');
    await pass(peer, 0);
    expect(peer.link.calls).toEqual(['pause']);
  });

  it('leaves no timer behind the end, and hears of no message after it', async () => {
    const peer = scripted({ messageTimeoutMs: 1000 });
    peer.link.begin(1);
    peer.link.end();
    peer.link.begin(2);
    expect(peer.clock.timers).toBe(0);
    await pass(peer, 5000);
    expect(peer.link.calls).toEqual([]);
  });

  it('does nothing over a transport that sees whole messages only', async () => {
    const link = new ScriptedTransport();
    Object.assign(link, { unfinished: undefined, watchControls: undefined });
    const rate = { bytes: { count: 1, perMs: 1 } };
    const peer = scripted({ messageTimeoutMs: 1000, rate }, link);
    link.begin(undefined as never);
    await pass(peer, 5000);
    expect(link.calls).toEqual([]);
  });

  it('adds nothing to the time of a message where the link was not paused', async () => {
    const peer = scripted({ messageTimeoutMs: 1000 });
    peer.link.begin(1);
    peer.conversation.resume();
    await pass(peer, 999);
    expect(peer.link.calls).toEqual(['resume']);
    await pass(peer, 1);
    expect(peer.link.calls).toEqual(['resume', 'close 1008']);
  });

  it('sets no timer where there is no limit, and none for whole messages', () => {
    const free = scripted({ inflows: undefined });
    free.link.begin(1);
    const limited = scripted({ messageTimeoutMs: 1000 });
    limited.link.arrive('whole');
    expect([free.clock.waits, limited.clock.waits]).toEqual([[], []]);
  });
});

/** So many messages a second. */
function messages(count: number, more: Partial<RateLimit> = {}): ScriptedConversation {
  return scripted({ rate: { messages: { count, perMs: 1000 }, ...more } });
}

describe('a rate', () => {
  it('holds the link once the messages of its burst have come, until there is room', async () => {
    const { link, clock, ws } = messages(2);
    link.arrive('a');
    expect(link.isPaused).toBe(false);
    link.arrive('b');
    expect(link.isPaused).toBe(true);
    clock.tick(499);
    expect(link.isPaused).toBe(true);
    clock.tick(1);
    expect(link.isPaused).toBe(false);
    expect([await ws.read(), await ws.read()]).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
    ]);
  });

  it('delivers what a held link still brings, and holds it longer for that', () => {
    const { link, clock, ws } = messages(2);
    link.arrive('a', 'b', 'c', 'd');
    expect(ws.queued.messages).toBe(4);
    clock.tick(1499);
    expect(link.isPaused).toBe(true);
    clock.tick(1);
    expect(link.isPaused).toBe(false);
  });

  it('counts six bytes more than each message has', () => {
    const { link, clock } = scripted({ rate: { bytes: { count: 100, perMs: 1000 } } });
    link.arrive('x'.repeat(44), 'x'.repeat(43));
    expect(link.isPaused).toBe(false);
    link.arrive('');
    expect(link.isPaused).toBe(true);
    clock.tick(60);
    expect(link.isPaused).toBe(false);
  });

  it('counts pings and pongs as bytes', () => {
    const { link } = scripted({ rate: { bytes: { count: 100, perMs: 1000 } } });
    link.onControl?.('ping', new Uint8Array(94));
    expect(link.isPaused).toBe(true);
  });

  it('does not look at pings and pongs where only messages count', () => {
    expect(messages(2).link.onControl).toBe(undefined);
  });

  it('waits for the slower one of messages and bytes', () => {
    const { link, clock } = messages(1, { bytes: { count: 100, perMs: 1000 } });
    link.arrive('x'.repeat(494));
    clock.tick(4009);
    expect(link.isPaused).toBe(true);
    clock.tick(1);
    expect(link.isPaused).toBe(false);
  });

  it('leaves a link held whose queue is full, and a full queue does not let go of it', async () => {
    const { link, clock, ws } = scripted({ queueMessages: 2, rate: { messages: { count: 2, perMs: 1000 } } });
    link.arrive('a', 'b');
    clock.tick(500);
    expect(link.isPaused).toBe(true);
    await ws.read();
    expect(link.isPaused).toBe(false);
    link.arrive('c');
    await ws.read();
    await ws.read();
    expect(link.isPaused).toBe(true);
  });

  it('B6: is not paid by the heartbeat: it does not read a link that the rate holds', async () => {
    const clock = new HandClock();
    const heartbeat = new Heartbeat(clock, { intervalMs: 1000, timeoutMs: 1000 });
    const rate = { messages: { count: 1, perMs: 60_000 } };
    const peer = scripted({ heartbeat, rate }, undefined, clock);
    peer.link.arrive('a');
    for (let second = 0; second < 59; second += 1) await pass(peer, 1000);
    expect(peer.link.calls.filter((call) => call !== 'ping' && call !== 'pong')).toEqual(['pause']);
    expect(peer.link.calls).toContain('pong');
    await pass(peer, 1000);
    expect(peer.link.isPaused).toBe(false);
  });

  it('stops the clock of a message while it holds the link', async () => {
    const peer = scripted({ messageTimeoutMs: 1000, rate: { messages: { count: 1, perMs: 5000 } } });
    peer.link.arrive('a');
    peer.link.begin(1);
    await pass(peer, 5000);
    await pass(peer, 999);
    expect(peer.link.calls).toEqual(['pause', 'pong', 'resume']);
    await pass(peer, 1);
    expect(peer.link.calls.at(-1)).toBe('close 1008');
  });

  it('closes with 1008 where it is told to, and what came before it can be read', async () => {
    const { link, ws } = messages(2, { over: 'close' });
    link.arrive('a', 'b', 'c', 'd');
    expect(link.calls).toEqual(['close 1008']);
    link.end({ code: 1008, by: 'local' });
    expect(ws.closeInfo).toMatchObject({ code: 1008, by: 'limit', unread: 4 });
    expect(String(ws.closeInfo?.cause)).toBe(
      'RangeError: The peer has sent more than the option `rate` allows',
    );
    expect([await ws.read(), await ws.read(), await ws.read()]).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('does not close a peer that keeps to it', () => {
    const { link, clock } = messages(2, { over: 'close' });
    for (let turn = 0; turn < 20; turn += 1) {
      link.arrive('one');
      clock.tick(500);
    }
    expect(link.calls).toEqual([]);
  });

  it('holds nothing once the socket closes', () => {
    const { link, conversation } = messages(1);
    conversation.close(1000, '', 'local');
    link.arrive('a');
    expect(link.isPaused).toBe(false);
  });

  it('leaves no timer behind the end', () => {
    const { link, clock } = messages(1);
    link.arrive('a');
    link.end();
    expect(clock.timers).toBe(0);
  });

  it('B6: closes a client that is more than five minutes ahead, and says why', async () => {
    const peer = scripted({ rate: { messages: { count: 1, perMs: 1000 } } });
    peer.link.arrive(...Array.from({ length: 300 }, (_, index) => String(index)));
    expect(peer.link.calls).toEqual(['pause']);
    peer.link.arrive('one too many');
    expect(peer.link.calls).toContain('close 1008');
    peer.link.end({ code: 1008, by: 'local' });
    expect(await peer.ws.read()).toEqual(['0', 'ok']);
    expect(peer.ws.closeInfo).toMatchObject({ code: 1008, by: 'limit', unread: 300 });
    expect(String(peer.ws.closeInfo?.cause)).toBe(
      'RangeError: The peer is too far ahead of the option `rate`',
    );
  });

  it('holds a client for as long as one window, however long that is', () => {
    const windows = { messages: { count: 1, perMs: 3_600_000 } };
    for (const rate of [windows, { bytes: { count: 1000, perMs: 3_600_000, burst: 1 } }]) {
      const peer = scripted({ rate });
      peer.link.arrive('x');
      expect(peer.link.calls).toEqual(['pause']);
    }
  });
});
