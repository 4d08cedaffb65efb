// Frames that several sockets send in one turn: in order among those of one socket, copied no more
// often than needed; and what a batch tells whose stream takes all at once.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { FrameBatch, FramePool, SLAB_BYTES } from '../../../src/transport/ws/frame-batch.ts';
import { LONGEST_COPIED_BYTES, wholeByte } from '../../../src/transport/ws/server-frame.ts';
import type { SendOptions, SharedMessage } from '../../../src/transport/transport.ts';
import { noop } from '../../../src/core/noop.ts';
import {
  frameOf,
  messagesIn,
  OPEN_LINK,
  openBatch,
  openQuickBatch,
  targetOf,
  TEXT,
} from './frame-batches.ts';

describe('FrameBatch with shared frames', () => {
  it('writes shared frames among the others, in order and at once', async () => {
    const { batch, writes } = openBatch();
    batch.add('one', TEXT);
    batch.addShared(frameOf('two'));
    batch.addShared(frameOf('three'));
    batch.add('four', TEXT);
    await settle();
    expect(writes.map((write) => messagesIn([write]))).toEqual([['one', 'two', 'three', 'four']]);
  });

  it('writes the same bytes to all sockets that send the same shared frames in a turn', async () => {
    const pool = new FramePool();
    const sockets = [openBatch(pool), openBatch(pool), openBatch(pool)];
    const [one, two, three] = [frameOf('one'), frameOf('two'), frameOf('three')];
    for (const { batch } of sockets) batch.addShared(one);
    for (const { batch } of sockets) batch.addShared(two);
    for (const { batch } of sockets.slice(1)) batch.addShared(three);
    await settle();
    expect(sockets.map(({ writes }) => messagesIn(writes))).toEqual([
      ['one', 'two'],
      ['one', 'two', 'three'],
      ['one', 'two', 'three'],
    ]);
    expect([sockets[1]?.writes[0] === sockets[2]?.writes[0], pool.used]).toEqual([true, 0]);
  });

  it('writes a single shared frame as it is: nothing is copied', async () => {
    const { batch, writes } = openBatch();
    const frame = frameOf('one');
    batch.addShared(frame);
    await settle();
    expect(writes[0]).toBe(frame.bytes);
  });

  it('writes shared frames by themselves when they fill a slab', () => {
    const { batch, writes } = openBatch();
    const frame = frameOf('x'.repeat(1000));
    const frames = Math.ceil(SLAB_BYTES / (4 + 1000));
    for (let i = 0; i < frames; i += 1) batch.addShared(frame);
    expect([writes.length, batch.bytes, messagesIn(writes).length]).toEqual([1, 0, frames]);
  });

  it('drops shared frames when the link has ended', async () => {
    const { batch, writes } = openBatch();
    batch.addShared(frameOf('lost'));
    batch.drop();
    await settle();
    expect([writes, batch.bytes]).toEqual([[], 0]);
  });

  it('gives the stream the bytes of a long shared frame, behind what was added before', () => {
    const { batch, writes } = openBatch();
    const long = frameOf('x'.repeat(LONGEST_COPIED_BYTES));
    batch.add('short', TEXT);
    batch.addShared(long);
    expect([messagesIn(writes.slice(0, 1)), writes[1] === long.bytes, writes.length]).toEqual([
      ['short'],
      true,
      2,
    ]);
  });

  it.each([1, LONGEST_COPIED_BYTES])('holds shared frames of %d bytes while the stream waits', (bytes) => {
    const { batch, writes } = openBatch();
    const frame = frameOf('x'.repeat(bytes));
    batch.hold();
    batch.add('one', TEXT);
    batch.addShared(frame);
    batch.add('two', TEXT);
    const held = [writes.length, batch.bytes];
    batch.release();
    const size = frame.bytes.byteLength;
    expect([held, messagesIn(writes)]).toEqual([
      [0, 5 + size + 5],
      ['one', 'x'.repeat(bytes), 'two'],
    ]);
  });

  it('holds a long shared frame where the frames before it began to wait', () => {
    const writes: Uint8Array[] = [];
    const target = targetOf((first, further = []) => {
      writes.push(first, ...further.map((part) => Buffer.from(part)));
      batch.hold();
    });
    const batch: FrameBatch = new FrameBatch(new FramePool(), target, OPEN_LINK);
    batch.add('short', TEXT);
    batch.addShared(frameOf('x'.repeat(LONGEST_COPIED_BYTES)));
    expect([messagesIn(writes), batch.bytes]).toEqual([['short'], 4 + LONGEST_COPIED_BYTES]);
  });

  describe('of a stream that takes writes at once', () => {
    it('tells so once, when the turn is over', async () => {
      const { batch, told } = openQuickBatch();
      batch.add('one', TEXT);
      expect(batch.bytes).toBe(5);
      batch.flush();
      batch.add('two', TEXT);
      expect(batch.bytes).toBe(5);
      batch.flush();
      expect(told).toEqual(['one', 'two']);
      await settle();
      expect(told).toEqual(['one', 'two', 'taken']);
    });

    it('tells nothing where no caller has seen that frames wait', async () => {
      const { batch, told } = openQuickBatch();
      batch.add('one', TEXT);
      await settle();
      batch.addShared(frameOf('x'.repeat(LONGEST_COPIED_BYTES)));
      expect(batch.bytes).toBe(0);
      await settle();
      expect([told.length, told.includes('taken')]).toEqual([2, false]);
    });

    it('tells nothing once the link has ended', async () => {
      const { batch, told } = openQuickBatch();
      batch.add('one', TEXT);
      expect(batch.bytes).toBe(5);
      batch.flush();
      batch.drop();
      await settle();
      expect(told).toEqual(['one']);
    });
  });

  describe('offered', () => {
    const offered = (shared?: SharedMessage): SendOptions => ({ binary: false, compress: true, shared });

    it('are added below the limit: a message of a room keeps its place and its kind', async () => {
      const { batch, writes } = openBatch();
      batch.limitBytes = 100;
      batch.add('one', TEXT);
      const shared = {};
      expect(batch.offer('two', offered(shared))).toBe(true);
      expect(batch.offer('two', { ...offered(shared), binary: true })).toBe(true);
      batch.add('three', TEXT);
      await settle();
      expect([messagesIn(writes), Buffer.concat(writes)[10]]).toEqual([
        ['one', 'two', 'two', 'three'],
        wholeByte('', true),
      ]);
    });

    it('are not added at the limit, while frames are held, without `shared`, or to a link that closes', () => {
      const link = { readyState: 1 };
      const batch = new FrameBatch(new FramePool(), targetOf(noop), link);
      const offer = (): boolean => batch.offer('one', offered({}));
      const answers = [offer()];
      batch.limitBytes = 5;
      answers.push(batch.offer('one', offered()), offer(), offer());
      batch.limitBytes = 6;
      link.readyState = 2;
      answers.push(offer());
      link.readyState = 1;
      batch.hold();
      answers.push(offer());
      expect([answers, batch.bytes]).toEqual([[false, false, true, false, false, false], 5]);
    });
  });
});
