// When the close frame of a peer is answered: what the answer waits for, and its bound.

import { describe, expect, it } from 'vitest';
import { LastWords } from '../../src/conversation/last-words.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { CLOSED_BY_PEER, HEARS_NOTHING, scripted } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';
import type { ConversationListener, ConversationSettings } from '../../src/conversation/conversation.ts';

interface Scene {
  readonly clock: HandClock;
  readonly calls: string[];
  readonly words: LastWords;
  isOwed: boolean;
}

function scene(isOwed: boolean): Scene {
  const clock = new HandClock();
  const calls: string[] = [];
  const owed = { isOwed };
  const words = new LastWords({
    clock,
    closeTimeoutMs: 700,
    isOwed: () => owed.isOwed,
    answer: () => calls.push('answer'),
    answerNow: () => calls.push('answer now'),
  });
  return Object.assign(owed, { clock, calls, words });
}

describe('LastWords', () => {
  it('answers in the next turn where nothing is owed, and sets no timer', async () => {
    const { clock, calls } = scene(false);
    expect(calls).toEqual([]);
    await turn();
    expect([calls, clock.timers]).toEqual([['answer now'], 0]);
  });

  it('answers behind the writes that wait, once nothing is owed any more', async () => {
    const owing = scene(true);
    await turn();
    owing.isOwed = false;
    owing.words.look();
    owing.words.look();
    await turn();
    owing.words.look();
    await turn();
    expect(owing.calls).toEqual(['answer']);
  });

  it('answers at once after closeTimeoutMs, also where writes still wait', async () => {
    const owing = scene(true);
    await turn();
    owing.clock.tick(699);
    expect(owing.calls).toEqual([]);
    owing.isOwed = false;
    owing.words.look();
    await turn();
    owing.clock.tick(1);
    expect(owing.calls).toEqual(['answer', 'answer now']);
  });

  it('answers not later where it looks again and again', async () => {
    const owing = scene(true);
    await turn();
    owing.clock.tick(699);
    owing.words.look();
    await turn();
    owing.clock.tick(1);
    expect([owing.calls, owing.clock.timers]).toEqual([['answer now'], 0]);
  });

  it('does nothing after stop, and leaves no timer', async () => {
    const early = scene(false);
    early.words.stop();
    const late = scene(true);
    await turn();
    late.words.stop();
    late.isOwed = false;
    late.words.look();
    await turn();
    expect([early.calls, late.calls, late.clock.timers]).toEqual([[], [], 0]);
  });
});

/** A conversation whose handler has a message in hand until the spec says otherwise. */
function answering(settings: Partial<ConversationSettings> = {}): ScriptedConversation & {
  readonly handler: ConversationListener & { owesReply: boolean };
} {
  const handler = { ...HEARS_NOTHING, owesReply: true };
  const scene = scripted(settings);
  scene.conversation.listen(handler);
  return { ...scene, handler };
}

describe('a conversation whose peer has closed', () => {
  it('answers at once where no handler listens, as on a client', () => {
    const { link } = scripted();
    link.peerCloses();
    expect(link.calls).toEqual(['close 1000']);
  });

  it('sends the writes of a handler that owes a reply, waiting ones too, before the answer', async () => {
    const { link, ws, conversation, handler } = answering({ writeBufferBytes: 1 });
    link.peerCloses();
    const writes = [ws.write('a'), ws.write('b')];
    await turn();
    handler.owesReply = false;
    conversation.lookForLastWords();
    await turn();
    expect([link.sentData, link.calls, await ws.write('too late')]).toEqual([['a'], [], 'closed']);
    link.take();
    expect([link.sentData, link.calls]).toEqual([['a', 'b'], ['close 1000']]);
    expect(await Promise.all(writes)).toEqual(['ok', 'ok']);
  });

  it('answers after closeTimeoutMs to a peer that does not read; a write that waits is closed', async () => {
    const { link, ws, clock, conversation, handler } = answering({ writeBufferBytes: 1 });
    link.peerCloses();
    void ws.write('a');
    const waiting = ws.write('b');
    await turn();
    handler.owesReply = false;
    conversation.lookForLastWords();
    await turn();
    clock.tick(5000);
    expect(link.calls).toEqual(['close 1000']);
    link.end(CLOSED_BY_PEER);
    expect([await waiting, clock.timers]).toEqual(['closed', 0]);
  });

  it('looks again when a read or a select waits', async () => {
    const { link, ws, handler } = answering();
    link.peerCloses();
    await turn();
    handler.owesReply = false;
    const read = ws.read();
    await turn();
    expect(link.calls).toEqual(['close 1000']);
    link.end(CLOSED_BY_PEER);
    expect(await read).toEqual([undefined, 'closed']);
  });

  it('answers at once when it is closed from here, and the end is that of the peer', async () => {
    const { link, ws, clock, conversation } = answering();
    link.peerCloses();
    await turn();
    conversation.close(1001, '', 'shutdown');
    expect(link.calls).toEqual(['close 1001']);
    link.end(CLOSED_BY_PEER);
    expect([ws.closeInfo?.by, clock.timers]).toEqual(['peer', 0]);
  });

  it('gives the close of its handler a time of its own: a write that waits is sent', async () => {
    const { link, ws, clock, conversation } = answering({ writeBufferBytes: 1 });
    link.peerCloses();
    void ws.write('a');
    const waiting = ws.write('b');
    await turn();
    clock.tick(4000);
    conversation.close(1000, '', 'handler');
    clock.tick(4000);
    expect(link.calls).toEqual([]);
    link.take();
    expect([link.calls, await waiting]).toEqual([['close 1000'], 'ok']);
  });

  it('lets a close of ours that waits for room be the answer', async () => {
    const { link, ws, conversation } = answering({ writeBufferBytes: 1 });
    void ws.write('a');
    const waiting = ws.write('b');
    conversation.close(4000, 'ours', 'local');
    link.peerCloses();
    await turn();
    expect(link.calls).toEqual([]);
    link.take();
    expect([link.calls, await waiting]).toEqual([['close 4000 ours'], 'ok']);
  });

  it('is ending: no heartbeat judges it', () => {
    const { link, conversation } = answering();
    link.peerCloses();
    expect(conversation.isEnding).toBe(true);
  });

  it('leaves no timer when the link is lost first', async () => {
    const { link, clock } = answering();
    link.peerCloses();
    await turn();
    expect(clock.timers).toBe(1);
    link.end();
    expect(clock.timers).toBe(0);
  });
});

describe('discard', () => {
  it('drops what is queued and what still comes, counts it, and lets the link run', async () => {
    const { link, ws, conversation } = scripted({ queueMessages: 2 });
    link.arrive('a', 'b');
    conversation.discard();
    link.arrive('c');
    expect([ws.queued, link.calls]).toEqual([{ messages: 0, bytes: 0 }, ['pause', 'resume']]);
    link.end(CLOSED_BY_PEER);
    expect([ws.closeInfo?.unread, await ws.read()]).toEqual([3, [undefined, 'closed']]);
  });

  it('lets a read that waits, and each later one, wait for the end', async () => {
    const { link, ws, conversation, clock } = scripted();
    const parked = ws.read(undefined, 700);
    conversation.discard();
    link.arrive('a');
    clock.tick(700);
    const later = ws.read();
    link.arrive('b');
    link.end(CLOSED_BY_PEER);
    expect([await parked, await later]).toEqual([
      [undefined, 'timeout'],
      [undefined, 'closed'],
    ]);
  });

  it('drops the rest of a message that a read has cut', async () => {
    const { link, ws, conversation } = scripted();
    link.arrive('abcd');
    const first = await ws.read(2);
    conversation.discard();
    link.end(CLOSED_BY_PEER);
    expect([first, await ws.read(), ws.atEnd, ws.closeInfo?.unread]).toEqual([
      ['ab', 'ok'],
      [undefined, 'closed'],
      false,
      1,
    ]);
  });

  it('ends a read that waits behind messages of a hook, once the peer has closed', async () => {
    const { link, ws, conversation, clock } = scripted();
    conversation.reader.offerFirst(() => {});
    const read = ws.read();
    link.arrive('offered');
    link.end(CLOSED_BY_PEER);
    conversation.discard();
    expect([await read, clock.timers]).toEqual([[undefined, 'closed'], 0]);
  });

  it('drops what is left after the end: unread stays what it was', async () => {
    const { link, ws, conversation } = scripted();
    link.arrive('a', 'b');
    link.end(CLOSED_BY_PEER);
    conversation.discard();
    conversation.discard();
    expect([await ws.read(), ws.closeInfo?.unread, ws.queued.messages]).toEqual([
      [undefined, 'closed'],
      2,
      0,
    ]);
  });
});
