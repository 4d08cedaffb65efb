// Which events are signs of life, while a socket holds its peer back and while it does not.

import { describe, expect, it } from 'vitest';
import { Heartbeat } from '../../src/conversation/heartbeat.ts';
import type { MessageSocket } from '../../src/socket/message-socket.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { scripted, ScriptedTransport } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';
import type { Conversation, ConversationSettings } from '../../src/conversation/conversation.ts';

/** A conversation that is asked every 25 s, with a queue that two messages fill. */
function beating(settings: Partial<ConversationSettings> = {}, timeoutMs = 20_000): ScriptedConversation {
  const clock = new HandClock();
  const heartbeat = new Heartbeat(clock, { intervalMs: 25_000, timeoutMs });
  return scripted({ heartbeat, queueMessages: 2, ...settings }, new ScriptedTransport(), clock);
}

/** Lets the event loop read what is there: an immediate may come before that. */
async function turns(): Promise<void> {
  await turn();
  await turn();
}

/** Time passes, and then the event loop reads. */
async function pass({ clock }: ScriptedConversation, ms: number): Promise<void> {
  clock.tick(ms);
  await turns();
}

const LOOK = ['resume', 'pause'];

/** A conversation with a full queue. */
function paused(settings: Partial<ConversationSettings> = {}): ScriptedConversation {
  const visit = beating(settings, 4000);
  visit.link.arrive('a', 'b');
  return visit;
}

/** One that was asked, and is judged in 2 s: its last look before that is over. */
async function asked(): Promise<ScriptedConversation> {
  const visit = paused();
  await pass(visit, 25_000);
  await pass(visit, 2000);
  return visit;
}

describe('PeerLiveness', () => {
  it('reads what has come while the process stood still before it judges', async () => {
    const visit = beating();
    await pass(visit, 25_000);
    visit.clock.tick(20_000);
    visit.link.receivedBytes += 6;
    await turns();
    expect(visit.link.calls).toEqual(['ping']);
  });

  it('does not judge a conversation that is over by then', async () => {
    const visit = beating();
    await pass(visit, 25_000);
    visit.clock.tick(20_000);
    visit.link.end();
    await turns();
    expect(visit.link.calls).toEqual(['ping']);
  });

  it('does not judge a conversation that closes before the time-out', async () => {
    const visit = beating();
    await pass(visit, 25_000);
    visit.conversation.close(1000, '', 'local');
    visit.clock.tick(4999);
    visit.conversation.end({ code: 1000, reason: '', clean: true, by: 'local' });
    await pass(visit, 20_000);
    expect(visit.link.calls).toEqual(['ping', 'close 1000']);
  });

  it('leaves a close that takes longer than its time-out to closeTimeoutMs', async () => {
    const visit = beating({ closeTimeoutMs: 60_000 });
    await pass(visit, 25_000);
    visit.conversation.close(1000, '', 'local');
    await pass(visit, 59_999);
    expect(visit.link.calls).toEqual(['ping', 'close 1000']);
  });

  it('judges by the earlier counts when it pings again in the same moment', async () => {
    const visit = beating();
    await pass(visit, 25_000);
    void visit.ws.write('waits from now on');
    // Late by as much as brings the next ping along.
    visit.clock.nowMs = 60_000;
    visit.clock.tick(0);
    visit.link.receivedBytes += 6;
    await turns();
    expect(visit.link.calls).toEqual(['ping', 'ping']);
  });

  it('has a look at a paused link before it judges, and terminates a peer that has sent nothing', async () => {
    const visit = await asked();
    const before = visit.link.calls.length;
    await pass(visit, 2000);
    expect(visit.link.calls.slice(before)).toEqual([...LOOK, 'terminate']);
    expect([await visit.ws.read(), await visit.ws.read()]).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
    ]);
  });

  it('does not terminate a peer whose data a look finds, though the stream has counted it before', async () => {
    const visit = await asked();
    visit.clock.tick(2000);
    const { receivedBytes } = visit.link;
    visit.link.arrive('c');
    visit.link.receivedBytes = receivedBytes;
    await turns();
    expect(visit.link.calls).not.toContain('terminate');
    expect(visit.link.isPaused).toBe(true);
  });

  it.each([
    ['are read', async (ws: MessageSocket) => void (await Promise.all([ws.read(), ws.read()]))],
    ['are dropped', async (_: MessageSocket, conversation: Conversation) => conversation.discard()],
  ])('does not terminate a peer whose messages %s in the turn of the look', async (_, act) => {
    const visit = await asked();
    visit.clock.tick(2000);
    await act(visit.ws, visit.conversation);
    await turns();
    expect(visit.link.calls).not.toContain('terminate');
    expect(visit.link.isPaused).toBe(false);
  });

  it('does not terminate a peer whose link is paused between the question and the judgement', async () => {
    const visit = beating({ queueMessages: 2 }, 4000);
    await pass(visit, 25_000);
    visit.clock.tick(4000);
    const { receivedBytes } = visit.link;
    visit.link.arrive('a', 'b');
    visit.link.receivedBytes = receivedBytes;
    await turns();
    expect(visit.link.calls).toEqual(['ping', 'pause']);
  });

  it('does not count the silence of a peer where a look may bring nothing more', async () => {
    const visit = paused();
    await pass(visit, 3000);
    visit.link.arrive('x'.repeat(70_000));
    for (let minute = 0; minute < 60; minute += 1) await pass(visit, 60_000);
    expect(visit.link.calls.filter((call) => call !== 'ping' && call !== 'pong')).toEqual(['pause', ...LOOK]);
  });

  it('terminates a peer that is held back and takes nothing', async () => {
    const visit = beating({ queueBytes: 10 });
    visit.link.arrive('x'.repeat(100));
    void visit.ws.write('stuck');
    await pass(visit, 25_000);
    for (let looks = 0; looks < 8; looks += 1) await pass(visit, 3750);
    expect(visit.link.calls.at(-1)).toBe('terminate');
  });

  it('does not terminate a peer that takes at the last moment', async () => {
    const visit = beating();
    void visit.ws.write('stuck');
    await pass(visit, 25_000);
    visit.link.receivedBytes += 6;
    visit.clock.tick(20_000);
    visit.link.take();
    await turns();
    expect(visit.link.calls).toEqual(['ping']);
  });

  it('does not judge a link whose end has begun', async () => {
    const visit = beating();
    visit.link.close(1000, '');
    await pass(visit, 25_000);
    await pass(visit, 25_000);
    expect(visit.link.calls).toEqual(['close 1000']);
  });
});
