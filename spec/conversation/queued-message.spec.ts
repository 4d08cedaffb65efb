// What rooms send through the writer: offers, which never wait, and queued messages, which wait in
// their place and may be replaced there. Neither overtakes a write.

import { describe, expect, it } from 'vitest';
import { QueuedMessage } from '../../src/conversation/queued-message.ts';
import type { Writer } from '../../src/conversation/writer.ts';
import type { Data } from '../../src/core/data.ts';
import type { WriteStatus } from '../../src/core/status.ts';
import { scripted } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';

const TEXT = { binary: false, compress: true };

interface Offering extends ScriptedConversation {
  readonly writer: Writer;
  /** How queued messages have ended, in order. */
  readonly ends: readonly string[];
  queue(data: Data): QueuedMessage;
}

function offering(settings: Parameters<typeof scripted>[0] = { writeBufferBytes: 4 }): Offering {
  const all = scripted(settings);
  const { writer } = all.conversation;
  const ends: string[] = [];
  const queue = (data: Data): QueuedMessage => {
    const message: QueuedMessage = new QueuedMessage(data, TEXT, (status: WriteStatus) =>
      ends.push(`${String(message.data)} ${status}`),
    );
    writer.queue(message);
    return message;
  };
  return { ...all, writer, ends, queue };
}

describe('an offer', () => {
  it('is sent at once below the high-water mark, and not at all above it', () => {
    const { link, writer } = offering();
    expect(['abc', 'd', 'e'].map((data) => writer.offer(data, TEXT))).toEqual(['ok', 'ok', 'full']);
    link.take();
    expect([writer.offer('f', TEXT), link.sentData]).toEqual(['ok', ['abc', 'd', 'f']]);
  });

  it('is full while a write waits, also when there is room: it would overtake it', async () => {
    const { link, writer, ws } = offering();
    writer.offer('abcd', TEXT);
    const write = ws.write('write');
    link.bufferedBytes = 0;
    expect(writer.offer('offer', TEXT)).toBe('full');
    link.take();
    expect([await write, link.sentData]).toEqual(['ok', ['abcd', 'write']]);
  });

  it('is closed once no write is accepted: at a close, and where the link takes nothing', () => {
    const closing = offering();
    closing.conversation.close(1000, '', 'local');
    const dead = offering();
    dead.link.terminate();
    expect([closing.writer.offer('a', TEXT), dead.writer.offer('a', TEXT)]).toEqual(['closed', 'closed']);
  });

  it('counts as a sign of life of the session', () => {
    const { conversation } = scripted();
    let active = 0;
    conversation.whenActive({ active: () => (active += 1) });
    conversation.writer.offer('a', TEXT);
    expect(active).toBe(1);
  });
});

describe('a queued message', () => {
  it('leaves in its place between the writes, and tells its end once', async () => {
    const { link, writer, ws, ends, queue } = offering();
    writer.offer('full', TEXT);
    queue('a');
    const write = ws.write('b');
    queue('c');
    link.take();
    expect([await write, link.sentData, ends]).toEqual(['ok', ['full', 'a', 'b', 'c'], ['a ok', 'c ok']]);
  });

  it('is replaced in its place, with the options of the newer one', () => {
    const { link, writer, queue } = offering();
    writer.offer('full', TEXT);
    const first = queue('a1');
    queue('b1');
    expect(writer.replace(first, 'a2', { binary: true, compress: false })).toBe(true);
    link.take();
    expect(link.sent.slice(1)).toEqual([
      { data: 'a2', options: { binary: true, compress: false } },
      { data: 'b1', options: TEXT },
    ]);
  });

  it.each([
    ['write', 'w'],
    ['write of an iterable', ['w']],
  ])('is not replaced across a %s', async (_, data) => {
    const { link, writer, ws, queue } = offering();
    writer.offer('full', TEXT);
    const first = queue('a1');
    const write = ws.write(data);
    expect(writer.replace(first, 'a2', TEXT)).toBe(false);
    const second = queue('a2');
    expect(writer.replace(second, 'a3', TEXT)).toBe(true);
    link.take();
    await write;
    expect(link.sentData.filter((sent) => sent !== '')).toEqual(['full', 'a1', 'w', 'a3']);
  });

  it('is not replaced once it was sent', () => {
    const { link, writer, queue } = offering();
    writer.offer('full', TEXT);
    const message = queue('a');
    link.take();
    expect([writer.replace(message, 'b', TEXT), link.sentData]).toEqual([false, ['full', 'a']]);
  });

  it('leaves before the close frame, as a write that waits does', () => {
    const { link, writer, conversation, ends, queue } = offering();
    writer.offer('full', TEXT);
    queue('a');
    conversation.close(1000, '', 'local');
    expect(link.calls).not.toContain('close 1000');
    link.take();
    expect([link.sentData, link.calls.at(-1), ends]).toEqual([['full', 'a'], 'close 1000', ['a ok']]);
  });

  it('ends with closed at the end of the link, or where that takes nothing any more', () => {
    const lost = offering();
    lost.writer.offer('full', TEXT);
    lost.queue('a');
    lost.link.end();
    const dead = offering();
    dead.writer.offer('full', TEXT);
    dead.queue('a');
    dead.link.terminate();
    dead.link.take();
    expect([lost.ends, dead.ends]).toEqual([['a closed'], ['a closed']]);
  });

  it('waits without a timer, counts as waiting, and is no call that host.waits could list', () => {
    const { clock, writer, conversation, queue } = offering();
    writer.offer('full', TEXT);
    queue('€');
    expect([conversation.waitingWrites, [...conversation.waits()], clock.timers]).toEqual([
      { count: 1, bytes: 3 },
      [],
      0,
    ]);
  });

  it('that is in no line does nothing', () => {
    const ends: string[] = [];
    new QueuedMessage('a', TEXT, (status) => ends.push(status)).goOn();
    expect(ends).toEqual([]);
  });
});

describe('the outlet', () => {
  const SHARED = { ...TEXT, shared: {} };

  it('takes offers up to the high-water mark, from the first message that was sent on', () => {
    const { link, writer } = offering();
    expect(writer.openOutlet()).toBeUndefined();
    writer.offer('abc', TEXT);
    const outlet = writer.openOutlet();
    expect(['d', 'e'].map((data) => outlet?.offer(data, SHARED))).toEqual([true, false]);
    expect(link.sentData).toEqual(['abc', 'd']);
  });

  it('is closed from the first write that waits on: nothing overtakes it', async () => {
    const { link, writer, ws } = offering();
    writer.offer('abcd', TEXT);
    const outlet = writer.openOutlet();
    const write = ws.write('write');
    expect(writer.openOutlet()?.limitBytes).toBe(0);
    link.bufferedBytes = 0;
    expect(outlet?.offer('offer', SHARED)).toBe(false);
    link.take();
    expect([await write, outlet?.offer('still', SHARED)]).toEqual(['ok', false]);
    link.take();
    expect([writer.openOutlet()?.offer('next', SHARED), link.sentData]).toEqual([
      true,
      ['abcd', 'write', 'next'],
    ]);
  });

  it('takes nothing once the conversation closes or has ended', () => {
    const ends = [
      ({ conversation }: Offering) => conversation.close(1000, '', 'local'),
      ({ link }: Offering) => link.end(),
    ].map((end) => {
      const all = offering();
      all.writer.offer('a', TEXT);
      all.writer.openOutlet();
      end(all);
      return all.writer.openOutlet()?.offer('b', SHARED);
    });
    expect(ends).toEqual([false, false]);
  });

  it('is closed where each message is looked at: text as binary, and activity of a session', () => {
    const { link, writer } = offering();
    writer.offer('a', TEXT);
    const outlet = writer.openOutlet();
    writer.sendBinary(true);
    expect([writer.isBinary, outlet?.offer('b', SHARED), writer.openOutlet()]).toEqual([
      true,
      false,
      undefined,
    ]);
    const counting = scripted();
    counting.conversation.whenActive({ active: () => {} });
    counting.conversation.writer.offer('a', TEXT);
    expect([counting.conversation.writer.openOutlet(), link.sentData]).toEqual([undefined, ['a']]);
  });
});
