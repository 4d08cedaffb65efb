// A socket as Web Streams of messages: back-pressure in both directions, how each stream ends, and
// the close codes of cancel and abort. Node streams over them: examples/streams.

import { describe, expect, it } from 'vitest';
import { MessageError } from 'corosock';
import type { Data } from 'corosock';
import { CLOSED_BY_PEER, scripted } from '../conversation/scripted-transport.ts';
import type { ScriptedTransport } from '../conversation/scripted-transport.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { turn } from '../time/hand-clock.ts';

const closes = (link: ScriptedTransport): readonly string[] =>
  link.calls.filter((call) => call.startsWith('close'));

/** Reasons of cancel and abort, and the close code of each. */
const REASONS: ReadonlyArray<readonly [what: string, reason: unknown, code: number]> = [
  ['no reason', undefined, 1000],
  ['null', null, 1000],
  ['an error', new Error('secret'), 1011],
  ['a text', 'secret', 1011],
  ['an error with its own close code', new MessageError('COROSOCK_INVALID'), 1008],
  ['an error whose close code cannot be sent', Object.assign(new Error('secret'), { closeCode: 1006 }), 1011],
  [
    'an object that throws when it is inspected',
    new Proxy(
      {},
      {
        has: () => {
          throw new Error('no');
        },
      },
    ),
    1011,
  ],
];

describe('ws.readable', () => {
  it('is the same stream each time, and no own property of the socket', () => {
    const { ws } = scripted();
    expect(Object.keys(ws)).toEqual([]);
    expect(ws.readable).toBe(ws.readable);
    expect(Object.keys(ws)).toEqual([]);
  });

  it('gives whole messages in order, and closes at a clean end', async () => {
    const { link, ws } = scripted();
    const long = 'x'.repeat(100_000);
    link.arrive('a', long, '');
    link.end(CLOSED_BY_PEER);
    const messages: Data[] = [];
    for await (const message of ws.readable) messages.push(message);
    expect(messages).toEqual(['a', long, '']);
  });

  it('takes no message ahead: what is not pulled stays in the queue', async () => {
    const { link, ws } = scripted();
    const reader = ws.readable.getReader();
    link.arrive('a', 'b');
    await turn();
    expect(ws.queued.messages).toBe(2);
    expect([await reader.read(), ws.queued.messages]).toEqual([{ done: false, value: 'a' }, 1]);
    reader.releaseLock();
    expect(await ws.read()).toEqual(['b', 'ok']);
  });

  it('is a read like any other while it is pulled: another one is an error', async () => {
    const { link, ws } = scripted();
    const pulled = ws.readable.getReader().read();
    await turn();
    await expect(ws.read()).rejects.toMatchObject({ code: 'COROSOCK_CONCURRENT_READ' });
    link.arrive('a');
    expect(await pulled).toEqual({ done: false, value: 'a' });
  });

  it('errors when it is pulled while a read waits', async () => {
    const { ws } = scripted();
    void ws.read();
    await expect(ws.readable.getReader().read()).rejects.toMatchObject({ code: 'COROSOCK_CONCURRENT_READ' });
  });

  it('errors with ConnectionLostError after all messages when the end was not clean', async () => {
    const { link, ws } = scripted();
    const reader = ws.readable.getReader();
    link.arrive('a');
    link.end();
    await turn();
    expect(await reader.read()).toEqual({ done: false, value: 'a' });
    await expect(reader.read()).rejects.toMatchObject({
      code: 'COROSOCK_CONNECTION_LOST',
      closeInfo: ws.closeInfo,
    });
  });

  it('ends without a pull, too', async () => {
    const [clean, lost] = [scripted(), scripted()];
    const ends = [clean, lost].map(({ ws }) => ws.readable.getReader().closed);
    clean.link.end(CLOSED_BY_PEER);
    lost.link.end();
    expect(await ends[0]).toBe(undefined);
    await expect(ends[1]).rejects.toMatchObject({ code: 'COROSOCK_CONNECTION_LOST' });
  });

  it('gives a message that comes together with the end to the waiting pull, and then ends', async () => {
    const [clean, lost] = [scripted(), scripted()];
    const readers = [clean, lost].map(({ ws }) => ws.readable.getReader());
    const pulls = readers.map((reader) => reader.read());
    await turn();
    for (const { link } of [clean, lost]) link.arrive('a');
    clean.link.end(CLOSED_BY_PEER);
    lost.link.end();
    expect(await Promise.all(pulls)).toEqual([
      { done: false, value: 'a' },
      { done: false, value: 'a' },
    ]);
    expect(await readers[0]?.closed).toBe(undefined);
    await expect(readers[1]?.closed).rejects.toMatchObject({ code: 'COROSOCK_CONNECTION_LOST' });
  });

  it('keeps a pulled message of a reader that has released its lock for the next reader, at any end', async () => {
    for (const [end, then] of [
      [CLOSED_BY_PEER, { done: true, value: undefined }],
      [undefined, 'COROSOCK_CONNECTION_LOST'],
    ] as const) {
      const { link, ws } = scripted();
      const first = ws.readable.getReader();
      const left = first.read();
      await turn();
      first.releaseLock();
      await expect(left).rejects.toThrow(TypeError);
      link.arrive('a');
      link.end(end);
      await turn();
      const second = ws.readable.getReader();
      expect(await second.read()).toEqual({ done: false, value: 'a' });
      expect(await second.read().catch(({ code }: { code: string }) => code)).toEqual(then);
    }
  });

  it('ends when the end comes during a pull', async () => {
    const [clean, lost] = [scripted(), scripted()];
    const pulls = [clean, lost].map(({ ws }) => ws.readable.getReader().read());
    clean.link.end(CLOSED_BY_PEER);
    lost.link.end();
    expect(await pulls[0]).toEqual({ done: true, value: undefined });
    await expect(pulls[1]).rejects.toMatchObject({ code: 'COROSOCK_CONNECTION_LOST' });
  });

  it.each(REASONS)('closes the socket when it is cancelled with %s', async (_, reason, code) => {
    const { link, ws } = scripted();
    await ws.readable.cancel(reason);
    expect(closes(link)).toEqual([`close ${code}`]);
  });

  it('cancels its pull when it is cancelled: that takes no message', async () => {
    const { link, conversation, ws } = scripted();
    const reader = ws.readable.getReader();
    const pulled = reader.read();
    await reader.cancel();
    expect([await pulled, conversation.reader.firstParked]).toEqual([
      { done: true, value: undefined },
      undefined,
    ]);
    link.end({ code: 1000, by: 'local', clean: true });
    await turn();
    expect(ws.closeInfo).toMatchObject({ code: 1000, by: 'local', clean: true });
  });

  it('closes the socket when a loop over it breaks, unless preventCancel is set', async () => {
    const [kept, broken] = [scripted(), scripted()];
    for (const { link } of [kept, broken]) link.arrive('a', 'b');
    for await (const _ of kept.ws.readable.values({ preventCancel: true })) break;
    for await (const _ of broken.ws.readable) break;
    expect([closes(kept.link), closes(broken.link)]).toEqual([[], ['close 1000']]);
    expect(await kept.ws.read()).toEqual(['b', 'ok']);
  });

  it('gives bytes with binaryData', async () => {
    const { link, ws } = scripted();
    ws.binaryData = true;
    link.arrive('a');
    expect(await ws.readable.getReader().read()).toEqual({ done: false, value: Buffer.from('a') });
  });
});

describe('ws.writable', () => {
  it('is the same stream each time', () => {
    const { ws } = scripted();
    expect(ws.writable).toBe(ws.writable);
  });

  it('sends one message for each chunk, in order with other writes', async () => {
    const { link, ws } = scripted();
    const writer = ws.writable.getWriter();
    await writer.write('a');
    await ws.write('b');
    await writer.write(new Uint8Array([1]));
    expect(link.sentData).toEqual(['a', 'b', new Uint8Array([1])]);
  });

  it('waits for room', async () => {
    const { link, ws } = scripted({ writeBufferBytes: 1 });
    const writer = ws.writable.getWriter();
    await writer.write('a');
    let isReady = false;
    const write = writer.write('b').then(() => (isReady = true));
    await turn();
    expect([isReady, writer.desiredSize]).toEqual([false, 0]);
    link.take();
    await write;
    expect([link.sentData, writer.desiredSize]).toEqual([['a', 'b'], 1]);
  });

  it('closes the socket with 1000 after all chunks, and resolves at a clean end', async () => {
    const { link, ws } = scripted({ writeBufferBytes: 1 });
    const writer = ws.writable.getWriter();
    void writer.write('a');
    void writer.write('b');
    let isClosed = false;
    const close = writer.close().then(() => (isClosed = true));
    await turn();
    expect(closes(link)).toEqual([]);
    link.take();
    await turn();
    expect([link.sentData, closes(link), isClosed]).toEqual([['a', 'b'], ['close 1000'], false]);
    link.end({ code: 1000, by: 'local', clean: true });
    await close;
    expect(isClosed).toBe(true);
  });

  it('rejects close() when the end is not clean', async () => {
    const { link, ws } = scripted();
    const close = ws.writable.close();
    await turn();
    link.end();
    await expect(close).rejects.toMatchObject({ code: 'COROSOCK_CONNECTION_LOST' });
  });

  it('resolves close() after a clean end of the socket', async () => {
    const { link, ws } = scripted();
    const writer = ws.writable.getWriter();
    link.end(CLOSED_BY_PEER);
    await turn();
    expect(await writer.close()).toBe(undefined);
  });

  it.each(REASONS)('closes the socket when it is aborted with %s', async (_, reason, code) => {
    const { link, ws } = scripted();
    await ws.writable.abort(reason);
    expect(closes(link)).toEqual([`close ${code}`]);
  });

  it('rejects a waiting chunk when it is aborted, and never sends it', async () => {
    const { link, ws } = scripted({ writeBufferBytes: 1 });
    const writer = ws.writable.getWriter();
    await writer.write('a');
    const waiting = writer.write('b');
    await turn();
    const abort = writer.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await abort;
    link.take();
    expect([link.sentData, closes(link)]).toEqual([['a'], ['close 1011']]);
  });

  it('errors with ConnectionLostError when the end is not clean', async () => {
    const { link, ws } = scripted();
    const writer = ws.writable.getWriter();
    link.end();
    await expect(writer.closed).rejects.toMatchObject({
      code: 'COROSOCK_CONNECTION_LOST',
      closeInfo: ws.closeInfo,
    });
  });

  it('errors with the reason of ws.signal when a chunk is written after a clean end', async () => {
    const { link, ws } = scripted();
    const writer = ws.writable.getWriter();
    link.end(CLOSED_BY_PEER);
    await turn();
    const error: unknown = await writer.write('a').catch((caught: unknown) => caught);
    expect(error).toBe(ws.signal.reason);
    expect(error).toMatchObject({ name: 'AbortError', closeInfo: ws.closeInfo });
  });

  it('errors with ConnectionLostError when a chunk was not accepted and the end is not clean', async () => {
    const { link, conversation, ws } = scripted();
    const writer = ws.writable.getWriter();
    conversation.close(1000, '', 'local');
    const write = writer.write('a');
    await turn();
    link.end();
    await expect(write).rejects.toMatchObject({ code: 'COROSOCK_CONNECTION_LOST' });
  });

  it('errors with UsageError for a chunk that is not data', async () => {
    const { link, ws } = scripted();
    await expect(ws.writable.getWriter().write(5 as unknown as Data)).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
    });
    expect(link.sent).toEqual([]);
  });
});

describe('ws.readable and ws.writable together', () => {
  it('echo through a pipe until the peer closes', async () => {
    const { link, ws } = scripted();
    const pipe = ws.readable.pipeTo(ws.writable);
    link.arrive('a', 'b');
    await turn();
    link.end(CLOSED_BY_PEER);
    expect([await pipe, link.sentData]).toEqual([undefined, ['a', 'b']]);
  });

  it('pause the link when a pipe has no room', async () => {
    const { link, ws } = scripted({ queueMessages: 2, writeBufferBytes: 1 });
    const pipe = ws.readable.pipeTo(ws.writable);
    for (let count = 0; count < 10; count += 1) {
      link.arrive('a');
      await turn();
    }
    expect([link.isPaused, ws.queued.messages > 5]).toEqual([true, true]);
    while (link.bufferedBytes > 0) {
      link.take();
      await turn();
    }
    expect([link.isPaused, link.sent.length]).toEqual([false, 10]);
    link.end(CLOSED_BY_PEER);
    await pipe;
  });

  it('make no unhandled rejection, however the conversation ends', async () => {
    using crashes = recordCrashes();
    for (const end of [CLOSED_BY_PEER, {}]) {
      const { link, ws } = scripted();
      const [reader, writer] = [ws.readable.getReader(), ws.writable.getWriter()];
      link.arrive('a');
      link.end(end);
      await turn();
      reader.releaseLock();
      writer.releaseLock();
    }
    await turn();
    expect(crashes.errors).toEqual([]);
  });
});

describe('a stream that we ended, whose peer drops the link in place of an answer,', () => {
  const DROPPED = { code: 1000, by: 'local', clean: false } as const;

  it('is no error where all of ours was taken: the end is unclean in closeInfo', async () => {
    const { link, ws } = scripted();
    const pull = ws.readable.getReader().read();
    const close = ws.writable.close();
    await turn();
    link.end(DROPPED);
    expect([await close, await pull]).toEqual([undefined, { done: true, value: undefined }]);
    expect(ws.closeInfo).toMatchObject(DROPPED);
  });

  it('closes its readable where nothing is pulled', async () => {
    const { link, conversation, ws } = scripted();
    const { readable } = ws;
    conversation.close(1000, '', 'local');
    link.end(DROPPED);
    await turn();
    expect(await readable.getReader().closed).toBe(undefined);
  });

  it('is an error where something of ours was lost', async () => {
    const { link, ws } = scripted();
    const pull = ws.readable.getReader().read();
    const close = ws.writable.close();
    await turn();
    link.hasLost = true;
    link.end(DROPPED);
    for (const outcome of [close, pull])
      await expect(outcome).rejects.toMatchObject({ code: 'COROSOCK_CONNECTION_LOST', closeInfo: DROPPED });
  });

  it.each([
    ['we have terminated it', { code: 1006, by: 'local', clean: false }],
    ['a limit has ended it', { code: 1009, by: 'limit', clean: false }],
    ['the link was lost first', { code: 1006, by: 'link', clean: false }],
  ] as const)('is an error where %s', async (_, end) => {
    const { link, ws } = scripted();
    const pull = ws.readable.getReader().read();
    await turn();
    link.end(end);
    await expect(pull).rejects.toMatchObject({ code: 'COROSOCK_CONNECTION_LOST' });
  });

  it('refuses a late write as after a clean end', async () => {
    const { link, conversation, ws } = scripted();
    const writer = ws.writable.getWriter();
    conversation.close(1000, '', 'local');
    link.end(DROPPED);
    await expect(writer.write('late')).rejects.toMatchObject({ name: 'AbortError' });
  });
});
