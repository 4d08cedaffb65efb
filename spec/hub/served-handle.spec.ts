// What a handle of another node does with a socket of this one: what it leaves when it is gone.

import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { FieldReader, FieldWriter } from '../../src/hub/byte-fields.ts';
import { FrameWindow } from '../../src/hub/frame-window.ts';
import type { Conversation } from '../../src/conversation/conversation.ts';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import { MAX_HELD_BYTES_OF_ALL } from '../../src/hub/held-bytes.ts';
import { ServedHandle } from '../../src/hub/served-handle.ts';
import { FROM_SOCKET, MESSAGE_PART_BYTES, TO_SOCKET, writeFields } from '../../src/hub/socket-frames.ts';
import { pair, say } from './remote-fixtures.ts';

const NAMES = new Map(Object.entries(FROM_SOCKET).map(([name, type]) => [type, name]));
const NOTHING = new Uint8Array();

/** A handle whose frames a spec gives, and what it sends. */
async function served(held = { bytes: 0 }): Promise<
  Pick<Awaited<ReturnType<typeof pair>>, 'client' | 'local' | 'clock'> & {
    readonly handle: ServedHandle;
    readonly conversation: Conversation;
    readonly sent: string[];
    /** The node of the caller. */
    readonly from: { isGone: boolean };
    give(type: number, fields?: Uint8Array, number?: number): void;
  }
> {
  const { owner, client, local, clock } = await pair();
  const sent: string[] = [];
  const from = { isGone: false };
  const { conversation } = [...owner.sockets.values()][0] ?? {};
  if (conversation === undefined) throw new Error('no socket');
  const handle = new ServedHandle(conversation, {
    clock,
    held,
    caller: from,
    send: (type) => Promise.resolve(sent.push(NAMES.get(type) ?? '')),
    window: new FrameWindow(),
    over: () => void sent.push('over'),
  });
  let last = 1;
  const give = (type: number, fields = NOTHING, number = (last += 1)): void =>
    handle.receive({ type, handle: 1, number, fields: new FieldReader(fields) });
  return { client, local, clock, handle, conversation, sent, from, give };
}

describe('a handle of another node', () => {
  it('leaves a read of it to others when its node is gone', async () => {
    const { caller, client, local, clock } = await pair();
    const ws = await caller.handle('owner.one');
    void ws.read();
    await settle();
    caller.link.cut();
    await clock.advance(6000);
    say(client, 'for all');
    expect(await local.read()).toEqual(['for all', 'ok']);
  });

  it('gives the rest to a reader after the end, and no longer than 10 s', async () => {
    const { caller, client, clock } = await pair();
    const ws = await caller.handle('owner.one');
    say(client, 'one', 'two', 'three');
    expect(await ws.read()).toEqual(['one', 'ok']);
    client.close(1000, '');
    await clock.advance(1500);
    expect([ws.closeInfo, await ws.read()]).toEqual([undefined, ['two', 'ok']]);
    await clock.advance(10_000);
    expect([ws.closeInfo?.by, await ws.read()]).toEqual(['peer', [undefined, 'closed']]);
  });

  it('is told of the end within a second where it never reads', async () => {
    const { caller, client, clock } = await pair();
    const ws = await caller.handle('owner.one');
    say(client, 'nobody reads it');
    client.close(1000, '');
    await clock.advance(1000);
    expect(ws.closeInfo?.by).toBe('peer');
  });

  it('terminates the socket', async () => {
    const { caller, local } = await pair();
    const ws = await caller.handle('owner.one');
    ws.terminate();
    expect(await local.closed).toMatchObject({ code: 1006, by: 'local' });
    expect(ws.closeInfo).toMatchObject({ code: 1006, by: 'local' });
  });
});

describe('a served handle', () => {
  it('adds no listener to the signal of its socket, which thousands may open', async () => {
    const { conversation, client, clock, sent } = await served();
    expect(getEventListeners(conversation.over.signal, 'abort')).toEqual([]);
    client.close(1000, '');
    await clock.advance(1500);
    expect(sent).toEqual(['opened', 'end', 'over']);
  });

  it('ends where what all handles have written is too much, and then holds nothing', async () => {
    const held = { bytes: MAX_HELD_BYTES_OF_ALL - MESSAGE_PART_BYTES };
    const before = held.bytes;
    const { sent, give } = await served(held);
    const options = { isText: false, isLast: false, binary: true, compress: false, timeoutMs: 1000 };
    const bytes = new Uint8Array(MESSAGE_PART_BYTES / 2);
    give(TO_SOCKET.write, writeFields({ ...options, bytes }));
    expect([sent.at(-1), held.bytes > before]).toEqual(['status', true]);
    give(TO_SOCKET.write, writeFields({ ...options, bytes }));
    expect([sent.slice(-2), held.bytes]).toEqual([['lost', 'over'], before]);
  });

  it('holds nothing once its writes have ended, also those that it has given up', async () => {
    const held = { bytes: 0 };
    const { give, handle } = await served(held);
    const options = { isText: true, isLast: true, binary: false, compress: false, timeoutMs: 1000 };
    give(TO_SOCKET.write, writeFields({ ...options, bytes: Buffer.from('one') }));
    await settle();
    expect(held.bytes).toBe(0);
    give(TO_SOCKET.write, writeFields({ ...options, isLast: false, bytes: Buffer.from('two') }));
    expect(held.bytes).toBeGreaterThan(0);
    handle.release();
    await settle();
    expect(held.bytes).toBe(0);
  });

  it('reads again where a message is asked for before the withdrawn read has ended', async () => {
    const { client, sent, give } = await served();
    give(TO_SOCKET.credit);
    give(TO_SOCKET.withdraw);
    give(TO_SOCKET.credit);
    give(TO_SOCKET.credit);
    await settle();
    say(client, 'one');
    await settle();
    expect(sent).toEqual(['opened', 'message']);
  });

  it('puts back what it has read when the read is withdrawn at that moment', async () => {
    const { client, local, sent, give } = await served();
    say(client, 'one');
    await settle();
    give(TO_SOCKET.credit);
    give(TO_SOCKET.withdraw);
    await settle();
    expect([sent, await local.read()]).toEqual([['opened'], ['one', 'ok']]);
  });

  it('leaves a message to others that comes between the end of its node and its own', async () => {
    const { client, local, sent, from, give } = await served();
    give(TO_SOCKET.credit);
    from.isGone = true;
    say(client, 'for all');
    await settle();
    expect([await local.read({ timeoutMs: 0 }), sent]).toEqual([['for all', 'ok'], ['opened']]);
  });

  it('puts back what it has read when the caller is gone at that moment', async () => {
    const { client, local, handle, give } = await served();
    say(client, 'one');
    await settle();
    give(TO_SOCKET.credit);
    handle.release();
    handle.release();
    await settle();
    expect(await local.read()).toEqual(['one', 'ok']);
  });

  it('puts nothing back that was not sent, or was taken', async () => {
    const { client, local, give } = await served();
    give(TO_SOCKET.returned);
    say(client, 'one');
    give(TO_SOCKET.credit);
    await settle();
    give(TO_SOCKET.taken);
    give(TO_SOCKET.returned);
    await settle();
    expect(local.queued.messages).toBe(0);
  });

  it.each([
    ['has not received', 1, 1],
    ['has received', 2, 0],
  ])('puts back at its release what the caller %s', async (_, received, messages) => {
    const { client, local, give } = await served();
    say(client, 'one');
    give(TO_SOCKET.credit);
    await settle();
    give(TO_SOCKET.release, new FieldWriter(8).u64(received).bytes, 99);
    expect(local.queued.messages).toBe(messages);
  });

  it('takes a message under way for what is asked for anew, and reads no second one', async () => {
    const { client, local, sent, give } = await served();
    say(client, 'one');
    say(client, 'two');
    give(TO_SOCKET.credit);
    await settle();
    give(TO_SOCKET.withdraw);
    give(TO_SOCKET.credit);
    await settle();
    expect([sent, local.queued.messages]).toEqual([['opened', 'message'], 1]);
    give(TO_SOCKET.withdraw);
    give(TO_SOCKET.returned);
    give(TO_SOCKET.credit);
    await settle();
    give(TO_SOCKET.credit);
    await settle();
    expect([sent, local.queued.messages]).toEqual([['opened', 'message', 'message', 'message'], 0]);
  });

  it.each([
    ['an earlier', 1, 0],
    ['a part', 2, 1],
    ['the last part', 3, 1],
    ['a later', 4, 0],
  ])('puts back what its caller has not received: %s frame is unknown there', async (_, frame, messages) => {
    const { client, local, sent, give } = await served();
    say(client, 'x'.repeat(MESSAGE_PART_BYTES + 1));
    give(TO_SOCKET.credit);
    await settle();
    expect(sent).toEqual(['opened', 'message', 'message']);
    give(TO_SOCKET.unknown, new FieldWriter(8).u64(frame).bytes, 0);
    expect([local.queued.messages, sent.at(-1)]).toEqual([messages, 'over']);
  });

  it.each([
    ['a write without its fields', TO_SOCKET.write],
    ['a close without its fields', TO_SOCKET.close],
  ])('ends at %s', async (_, type) => {
    const { sent, give } = await served();
    give(type);
    expect(sent).toEqual(['opened', 'lost', 'over']);
  });

  it('ends at a frame that is missing, and cancels its writes', async () => {
    const { sent, give } = await served();
    give(TO_SOCKET.probe);
    give(TO_SOCKET.probe, NOTHING, 9);
    expect(sent).toEqual(['opened', 'alive', 'lost', 'over']);
  });

  it('takes no notice of a cancel for a write that has its status', async () => {
    const { sent, give } = await served();
    give(TO_SOCKET.cancelWrite, new FieldWriter(8).u64(7).bytes);
    expect(sent).toEqual(['opened']);
  });

  it('ends where a message in parts is larger than 64 MiB', async () => {
    const { sent, give } = await served();
    const part = { bytes: new Uint8Array(MESSAGE_PART_BYTES), isText: false, isLast: false };
    const fields = writeFields({ ...part, binary: false, compress: false, timeoutMs: Infinity });
    for (let bytes = 0; bytes <= 67_108_864; bytes += MESSAGE_PART_BYTES) give(TO_SOCKET.write, fields);
    expect(sent.slice(-2)).toEqual(['lost', 'over']);
  });

  it('ends where more than 64 MiB of its writes wait for the client', async () => {
    const { conversation, sent, give } = await served();
    conversation.writer.offer('x'.repeat(70_000), { binary: false, compress: false });
    const part = { bytes: new Uint8Array(MESSAGE_PART_BYTES), isText: false, isLast: true };
    const fields = writeFields({ ...part, binary: false, compress: false, timeoutMs: Infinity });
    for (let bytes = 0; bytes <= 67_108_864; bytes += MESSAGE_PART_BYTES) give(TO_SOCKET.write, fields);
    expect(sent.slice(-2)).toEqual(['lost', 'over']);
  });

  it('ends where another call reads the socket alone', async () => {
    const { local, sent, give } = await served();
    const [conversation] = [MessageSocket.conversationOf(local)];
    conversation.reader.own('requests()', {
      binaryData: false,
      atEnd: true,
      closedReads: 0,
      inHand: undefined,
    });
    give(TO_SOCKET.credit);
    await settle();
    expect(sent).toEqual(['opened', 'lost', 'over']);
  });
});
