// One conversation over one link: how its parts work together, on whose behalf an end is told, and
// the order of a close.

import { describe, expect, it } from 'vitest';
import { CLOSED_BY_PEER, HEARS_NOTHING, scripted } from './scripted-transport.ts';
import type { Closer } from '../../src/conversation/conversation.ts';
import { limitCause } from '../../src/core/errors.ts';
import { turn } from '../time/hand-clock.ts';

/** What a transport says when it was closed from here, and the peer has answered. */
const ANSWERED = { code: 1000, reason: 'bye', clean: true, by: 'local' } as const;

describe('a conversation', () => {
  it('serves a parked read first, and pauses the link only for the rest', async () => {
    const { link, ws } = scripted({ queueMessages: 1 });
    const read = ws.read();
    link.arrive('a');
    expect([link.calls, await read]).toEqual([[], ['a', 'ok']]);
    link.arrive('b');
    expect(link.calls).toEqual(['pause']);
  });

  it('counts a message as activity before a read gets it: a session that is over by then ends first', async () => {
    const { link, conversation, ws } = scripted();
    conversation.whenActive({ active: () => conversation.close(1008, '', 'local') });
    const read = ws.read();
    link.arrive('too late');
    link.end(ANSWERED);
    expect([await read, (await ws.closed).unread]).toEqual([[undefined, 'closed'], 1]);
  });

  it('has at most one timer while reads and writes wait, and none after the end', async () => {
    const { link, clock, ws } = scripted({ writeBufferBytes: 1 });
    const waiting = [ws.read(10, 1000), ws.write('a'), ws.write('b', { timeoutMs: 500 }), ws.write('c')];
    expect(clock.timers).toBe(1);
    clock.tick(500);
    expect([await waiting[2], clock.timers]).toEqual(['timeout', 1]);
    clock.tick(500);
    expect([await waiting[0], clock.timers]).toEqual([[undefined, 'timeout'], 0]);
    void ws.read(10, 1000);
    link.end();
    expect([await waiting[3], clock.timers]).toEqual(['closed', 0]);
  });

  it('lists the calls that wait: reads and writes in their order, then `closed`, each since when', () => {
    const { clock, conversation, ws } = scripted({ writeBufferBytes: 1 });
    void [ws.write('a'), ws.closed];
    const listed = [...conversation.waits()].length;
    clock.tick(10);
    void [ws.write('b'), ws.read()];
    clock.tick(10);
    void ws.write('c');
    const waits = [...conversation.waits()].map(([waits, { sinceMs }]) => [waits, clock.now() - sinceMs]);
    expect([listed, waits]).toEqual([
      1,
      [
        ['read', 10],
        ['write', 10],
        ['write', 0],
        ['close', 20],
      ],
    ]);
  });

  it('lists nothing where no call waits, nor after its end', () => {
    const { link, conversation, ws } = scripted();
    const before = [...conversation.waits()];
    void ws.read();
    link.end();
    void ws.closed;
    expect([before, [...conversation.waits()]]).toEqual([[], []]);
  });

  it.each([
    ['lost', { code: 1006, reason: '', clean: false, by: 'link' }],
    ['closed by the peer', CLOSED_BY_PEER],
    ['ended by a broken rule', { code: 1002, reason: '', clean: false, by: 'protocol' }],
    ['ended by a limit', { code: 1009, reason: '', clean: false, by: 'limit' }],
    ['terminated', { code: 1006, reason: '', clean: false, by: 'local' }],
  ] as const)('ends as its link does when it is %s', (_, end) => {
    const { link, ws } = scripted();
    link.end(end);
    expect(ws.closeInfo).toEqual({ ...end, unread: 0 });
  });

  it.each<Closer>(['local', 'handler', 'shutdown'])(
    'ends by %s when it was closed on its behalf',
    (closer) => {
      const { link, conversation, ws } = scripted();
      conversation.close(1000, 'bye', closer);
      expect(conversation.closer).toBe(closer);
      link.end(ANSWERED);
      expect(ws.closeInfo).toEqual({ code: 1000, reason: 'bye', clean: true, by: closer, unread: 0 });
    },
  );

  it('ends by the peer when the peer closes while we have begun to', () => {
    const { link, conversation, ws } = scripted();
    conversation.close(1001, '', 'shutdown');
    link.end(CLOSED_BY_PEER);
    expect(ws.closeInfo).toEqual({ ...CLOSED_BY_PEER, unread: 0 });
  });

  it('tells of its end in this order: the listener once, signal, reads, closed', async () => {
    const { link, conversation, ws } = scripted();
    const order: string[] = [];
    ws.signal.addEventListener('abort', () => order.push('signal'));
    conversation.listen({
      ...HEARS_NOTHING,
      conversationOnEnd: ({ code }) => order.push(`listener, ${code}`),
    });
    const told = [
      ws.read().then(([, status]) => order.push(`read, ${status}`)),
      ws.closed.then(({ code }) => order.push(`closed, ${code}`)),
    ];
    link.end();
    await Promise.all(told);
    expect(order).toEqual(['listener, 1006', 'signal', 'read, closed', 'closed, 1006']);
  });
});

describe('the deadline of a conversation', () => {
  it('is cancelled at the end, though messages are left to read', () => {
    const { link, clock, ws } = scripted({ writeBufferBytes: 1 });
    void ws.write('a');
    void ws.write('b', { timeoutMs: 1000 });
    link.arrive('left');
    link.end();
    expect([ws.queued.messages, clock.timers]).toEqual([1, 0]);
  });
});

describe('closing', () => {
  it('sends accepted and waiting writes first, then the close frame', async () => {
    const { link, conversation, ws } = scripted({ writeBufferBytes: 1 });
    void ws.write('accepted');
    const waiting = ws.write('waiting');
    conversation.close(1000, 'bye', 'local');
    expect(link.calls).toEqual([]);
    link.take();
    expect([link.sentData, link.calls, await waiting]).toEqual([
      ['accepted', 'waiting'],
      ['close 1000 bye'],
      'ok',
    ]);
  });

  it('accepts no further write, also while others still wait', async () => {
    const { link, conversation, ws } = scripted({ writeBufferBytes: 1 });
    void ws.write('accepted');
    void ws.write('waiting');
    conversation.close(1000, '', 'local');
    expect(await ws.write('late')).toBe('closed');
    link.take();
    expect(link.sentData).toEqual(['accepted', 'waiting']);
  });

  it('resumes the link, and counts and drops further messages', async () => {
    const { link, conversation, ws } = scripted({ queueMessages: 1 });
    link.arrive('queued');
    conversation.close(1000, '', 'local');
    link.arrive('late', 'later');
    expect(link.calls).toEqual(['pause', 'resume', 'close 1000']);
    link.end(ANSWERED);
    expect(ws.closeInfo?.unread).toBe(3);
    expect([await ws.read(), await ws.read()]).toEqual([
      ['queued', 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('keeps a parked read waiting until the end', async () => {
    const { link, conversation, ws } = scripted();
    let settled = false;
    const read = ws.read().finally(() => {
      settled = true;
    });
    conversation.close(1000, '', 'local');
    link.arrive('late');
    await turn();
    expect(settled).toBe(false);
    link.end(ANSWERED);
    expect(await read).toEqual([undefined, 'closed']);
  });

  it('terminates a peer that has not answered after closeTimeoutMs', () => {
    const { link, clock, conversation } = scripted({ closeTimeoutMs: 700 });
    conversation.close(1000, '', 'local');
    clock.tick(699);
    expect(link.calls).toEqual(['close 1000']);
    clock.tick(1);
    expect(link.calls.at(-1)).toBe('terminate');
  });

  it('sends the close frame before it terminates a peer that has taken nothing', async () => {
    const { link, clock, conversation, ws } = scripted({ writeBufferBytes: 1, closeTimeoutMs: 700 });
    void ws.write('accepted');
    const waiting = ws.write('waiting');
    conversation.close(1001, '', 'shutdown');
    clock.tick(700);
    expect(link.calls).toEqual(['close 1001', 'terminate']);
    link.end({ code: 1001, by: 'local' });
    const cause = new Error('The peer has not answered the close frame in 700 ms');
    expect([await waiting, ws.closeInfo]).toEqual([
      'closed',
      { code: 1001, reason: '', clean: false, by: 'shutdown', cause, unread: 0 },
    ]);
  });

  it('leaves no timer once the peer has answered', () => {
    const { link, clock, conversation } = scripted();
    conversation.close(1000, '', 'local');
    link.end(ANSWERED);
    expect(clock.timers).toBe(0);
  });

  it('counts once: of several calls only the first, and none after the end', () => {
    const { link, clock, conversation } = scripted();
    conversation.close(1000, 'first', 'local');
    conversation.close(1001, 'second', 'shutdown');
    expect([link.calls, clock.timers]).toEqual([['close 1000 first'], 1]);
    const over = scripted();
    over.link.end();
    over.conversation.close(1000, '', 'local');
    expect([over.link.calls, over.clock.timers]).toEqual([[], 0]);
  });
});

describe('Conversation.terminate', () => {
  it('stays the end of its user, whatever is closed afterwards on behalf of another', () => {
    const { link, clock, conversation, ws } = scripted();
    conversation.terminate();
    conversation.close(1000, '', 'handler');
    expect([link.calls, clock.timers]).toEqual([['terminate'], 0]);
    link.end({ by: 'local' });
    expect(ws.closeInfo).toMatchObject({ code: 1006, by: 'local' });
  });

  it('hastens a close that waits for room, which keeps its code and its closer', () => {
    const { link, conversation, ws } = scripted({ writeBufferBytes: 1 });
    void ws.write('accepted');
    void ws.write('waiting');
    conversation.close(1001, '', 'shutdown');
    conversation.terminate();
    expect(link.calls).toEqual(['close 1001', 'terminate']);
    link.end({ code: 1001, by: 'local' });
    expect(ws.closeInfo).toMatchObject({ code: 1001, by: 'shutdown' });
  });
});

describe('the end of a conversation', () => {
  it('leaves its time-out to a read that waits while a hook is offered a message', async () => {
    const { link, clock, conversation, ws } = scripted();
    conversation.reader.offerFirst(() => {});
    const read = ws.read(10, 1000);
    link.arrive('offered');
    link.end(CLOSED_BY_PEER);
    expect(clock.timers).toBe(1);
    clock.tick(1000);
    expect([await read, clock.timers]).toEqual([[undefined, 'timeout'], 0]);
  });

  it('leaves no timer when it ends the read once the hook has answered', async () => {
    const { link, clock, conversation, ws } = scripted();
    conversation.reader.offerFirst(() => {});
    const read = ws.read(10, 1000);
    link.arrive('offered');
    link.end(CLOSED_BY_PEER);
    conversation.reader.dropOffered();
    expect([await read, clock.timers]).toEqual([[undefined, 'closed'], 0]);
  });
});

describe('a peer that sends more than the queue may ever hold', () => {
  it('is closed with 1008, by limit and not clean, and what was received is still read', async () => {
    const { link, ws } = scripted({ overflow: 'close', queueMessages: 2 });
    link.arrive('a', 'b', 'one too many', 'dropped');
    expect(link.calls).toEqual(['close 1008']);
    link.end({ code: 1008, clean: true, by: 'local' });
    expect(ws.closeInfo).toEqual({
      code: 1008,
      reason: '',
      clean: false,
      by: 'limit',
      cause: limitCause('queueMessages', 'Too much is unread: 3 messages, 14 bytes'),
      unread: 4,
    });
    expect([await ws.read(), await ws.read(), await ws.read(), await ws.read()]).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
      ['one too many', 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('is closed with 1008 where a pause does not stop it', () => {
    const { link, ws } = scripted({ queueMessages: 1, queueBytes: 1, maxMessageBytes: 1 });
    for (let n = 0; n < 60_000 && link.calls.length < 2; n += 1) link.arrive('');
    expect(link.calls).toEqual(['pause', 'resume', 'close 1008']);
    link.end({ code: 1008, clean: true, by: 'local' });
    expect(String(ws.closeInfo?.cause)).toMatch(/^RangeError: Too much is unread: \d+ messages, 0 bytes$/);
  });
});
