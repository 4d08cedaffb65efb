// The frames of one turn: which of them leave together, and that no socket overwrites or pins what
// another one has in the shared slab.

import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { settle } from 'corosock/testing';
import { FrameBatch, FramePool, SLAB_BYTES } from '../../../src/transport/ws/frame-batch.ts';
import { LONGEST_COPIED_BYTES } from '../../../src/transport/ws/server-frame.ts';
import { frameOf, messagesIn, OPEN_LINK, openBatch, targetOf, TEXT } from './frame-batches.ts';

describe('FrameBatch', () => {
  it('writes the frames of one turn and its microtasks at once', async () => {
    const { batch, writes } = openBatch();
    batch.add('one', TEXT);
    await Promise.resolve();
    batch.add('two', TEXT);
    expect([writes.length, batch.bytes]).toEqual([0, 2 * (2 + 3)]);
    await settle();
    expect([writes.length, batch.bytes, messagesIn(writes)]).toEqual([1, 0, ['one', 'two']]);
  });

  it('writes before the event loop continues', async () => {
    const { batch, writes } = openBatch();
    const order: string[] = [];
    setImmediate(() => order.push(`immediate after ${writes.length}`));
    batch.add('one', TEXT);
    await settle();
    expect(order).toEqual(['immediate after 1']);
  });

  it('writes also while nextTick is faked', async () => {
    const { batch, writes } = openBatch();
    const faked = vi.spyOn(process, 'nextTick').mockImplementation(() => {});
    onTestFinished(() => faked.mockRestore());
    batch.add('one', TEXT);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(messagesIn(writes)).toEqual(['one']);
  });

  it('writes the other batches of the turn though a stream throws, and those of later turns', async () => {
    vi.resetModules();
    const fresh = await import('../../../src/transport/ws/frame-batch.ts');
    const pool = new fresh.FramePool();
    let isBroken = true;
    const broken = new fresh.FrameBatch(
      pool,
      targetOf(() => {
        if (isBroken) throw new Error('broken');
      }),
      OPEN_LINK,
    );
    const others = [[], []].map((writes: Uint8Array[]) => ({
      batch: new fresh.FrameBatch(
        pool,
        targetOf((frames) => void writes.push(frames)),
        OPEN_LINK,
      ),
      writes,
    }));
    const watching = process.listeners('exit');
    const turn = (): void => {
      broken.add('lost', TEXT);
      for (const { batch } of others) batch.add('kept', TEXT);
      // The listener for the end of the process flushes a turn, too.
      const flush = process.listeners('exit').find((each) => !watching.includes(each));
      flush?.(0);
    };
    const written = (): readonly unknown[] => others.map(({ writes }) => messagesIn(writes));
    expect(turn).toThrow('broken');
    expect(written()).toEqual([['kept'], ['kept']]);
    isBroken = false;
    turn();
    expect(written()).toEqual([
      ['kept', 'kept'],
      ['kept', 'kept'],
    ]);
  });

  it('writes what is added to any batch during a write, before the event loop continues', async () => {
    const written: string[] = [];
    const batches: FrameBatch[] = ['a', 'b'].map(
      (name) =>
        new FrameBatch(
          new FramePool(),
          targetOf((frames) => {
            written.push(...messagesIn([frames]).map((text) => `${name}: ${text}`));
            if (written.length < 4) for (const each of batches) each.add(`after ${written.length}`, TEXT);
          }),
          OPEN_LINK,
        ),
    );
    for (const each of batches) each.add('first', TEXT);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(written).toEqual(['a: first', 'b: first', 'b: after 1', 'a: after 1', 'a: after 3', 'b: after 3']);
  });

  it('adds one listener for the end of the process, however many turns there are', async () => {
    const { batch } = openBatch();
    batch.add('one', TEXT);
    await settle();
    const watched = process.listenerCount('exit');
    batch.add('two', TEXT);
    await settle();
    expect(process.listenerCount('exit')).toBe(watched);
  });

  it('writes nothing twice when it is flushed within the turn', async () => {
    const { batch, writes } = openBatch();
    batch.add('one', TEXT);
    batch.flush();
    batch.flush();
    await settle();
    expect(messagesIn(writes)).toEqual(['one']);
  });

  it('takes more messages in the same turn after a flush', async () => {
    const { batch, writes } = openBatch();
    batch.add('one', TEXT);
    batch.flush();
    batch.add('two', TEXT);
    await settle();
    expect(writes.map((write) => messagesIn([write]))).toEqual([['one'], ['two']]);
  });

  it('flushes by itself when it has filled a slab', () => {
    const { batch, writes } = openBatch();
    const text = 'x'.repeat(1000);
    const frames = Math.ceil(SLAB_BYTES / (4 + 1000));
    for (let i = 0; i < frames; i += 1) batch.add(text, TEXT);
    expect([writes.length, batch.bytes]).toEqual([1, 0]);
    expect(messagesIn(writes)).toEqual(Array<string>(frames).fill(text));
  });

  it.each([
    ['text', (LONGEST_COPIED_BYTES - 10) / 3, (length: number) => 'x'.repeat(length)],
    ['binary', LONGEST_COPIED_BYTES - 10, (length: number) => new Uint8Array(length)],
  ])('keeps %s whose frame is short for any content, and writes a longer one at once', (_, most, make) => {
    const length = Math.floor(most);
    const { batch, writes } = openBatch();
    batch.add(make(length), TEXT);
    expect([batch.bytes, writes.length]).toEqual([4 + length, 0]);
    batch.add(make(length + 1), TEXT);
    expect([batch.bytes, writes.map(({ length: bytes }) => bytes)]).toEqual([0, [4 + length, 4, length + 1]]);
  });

  it('writes long bytes as they are: nothing is copied', () => {
    const written: unknown[] = [];
    const target = targetOf((first, further = []) => void written.push(first, ...further));
    const batch = new FrameBatch(new FramePool(), target, OPEN_LINK);
    const bytes = new Uint8Array(5000);
    batch.add(bytes, TEXT);
    batch.hold();
    batch.add(bytes, TEXT);
    batch.release();
    const parts = [written[1], written[3]] as Uint8Array[];
    expect(parts.map(({ buffer }) => buffer === bytes.buffer)).toEqual([true, true]);
  });

  it('writes long text as it is where it is ASCII, and other text as its bytes', () => {
    const written: unknown[] = [];
    const target = targetOf((first, further = []) => void written.push(first, ...further));
    const batch = new FrameBatch(new FramePool(), target, OPEN_LINK);
    const [ascii, latin] = ['long'.repeat(2000), 'l\u00f6ng'.repeat(2000)];
    batch.add(ascii, TEXT);
    batch.add(latin, TEXT);
    expect([written[1], written[3]]).toEqual([ascii, Buffer.from(latin)]);
  });

  describe('while the stream has something waiting', () => {
    it('keeps all frames, also at the end of the turn, and counts them', async () => {
      const { batch, writes } = openBatch();
      batch.add('one', TEXT);
      batch.flush();
      batch.hold();
      batch.add('two', TEXT);
      await settle();
      batch.add('three', TEXT);
      await settle();
      expect([messagesIn(writes), batch.bytes]).toEqual([['one'], 2 + 3 + 2 + 5]);
      batch.release();
      expect([messagesIn(writes), writes.length, batch.bytes]).toEqual([['one', 'two', 'three'], 2, 0]);
    });

    it('pins no slab of other sockets', async () => {
      const pool = new FramePool();
      const { batch, writes } = openBatch(pool);
      batch.hold();
      batch.add('held', TEXT);
      batch.release();
      expect([pool.used, (writes[0] as Buffer).buffer.byteLength]).toEqual([0, 4096]);
    });

    it('writes them before a control frame, and goes on keeping', () => {
      const { batch, writes } = openBatch();
      batch.hold();
      batch.add('one', TEXT);
      batch.flush();
      batch.add('two', TEXT);
      expect([messagesIn(writes), batch.bytes]).toEqual([['one'], 2 + 3]);
      batch.flush();
      const [first, second] = writes as [Uint8Array, Uint8Array];
      expect(first.buffer).toBe(second.buffer);
      batch.release();
      expect([messagesIn(writes), batch.bytes]).toEqual([['one', 'two'], 0]);
    });

    it('keeps what is added in a write that begins to wait', () => {
      const written: Uint8Array[] = [];
      const target = targetOf((first, further = []) => {
        written.push(first, ...further.map((part) => Buffer.from(part)));
        batch.hold();
      });
      const batch: FrameBatch = new FrameBatch(new FramePool(), target, OPEN_LINK);
      batch.add('short', TEXT);
      batch.add('long'.repeat(2000), TEXT);
      expect(messagesIn(written)).toEqual(['short']);
      batch.release();
      batch.add('last', TEXT);
      expect(messagesIn(written)).toEqual(['short', 'long'.repeat(2000)]);
      batch.release();
      expect(messagesIn(written)).toEqual(['short', 'long'.repeat(2000), 'last']);
    });

    it('writes nothing when nothing was added, and goes back to turns', async () => {
      const { batch, writes } = openBatch();
      batch.release();
      batch.hold();
      batch.release();
      batch.add('one', TEXT);
      expect(writes).toEqual([]);
      await settle();
      expect(messagesIn(writes)).toEqual(['one']);
    });

    it('drops them when the link has ended', async () => {
      const { batch, writes } = openBatch();
      batch.hold();
      batch.add('lost', TEXT);
      batch.drop();
      batch.add('lost, too', TEXT);
      batch.drop();
      await settle();
      expect([writes, batch.bytes]).toEqual([[], 0]);
    });
  });

  it('never writes the same bytes of a slab again', async () => {
    const pool = new FramePool();
    const { batch, writes } = openBatch(pool);
    batch.add('first', TEXT);
    await settle();
    const kept = writes[0] as Uint8Array;
    const { batch: other } = openBatch(pool);
    for (let i = 0; i < 10_000; i += 1) other.add('other', TEXT);
    await settle();
    expect(messagesIn([kept])).toEqual(['first']);
  });

  it('keeps the messages of each socket whole and in order, for any mix of calls', async () => {
    const step = fc.record({
      socket: fc.nat(3),
      length: fc.nat(1300),
      flush: fc.boolean(),
      turn: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const pool = new FramePool();
        const sockets = Array.from({ length: 4 }, () => ({ ...openBatch(pool), sent: [] as string[] }));
        for (const [index, { socket, length, flush, turn }] of steps.entries()) {
          const { batch, sent } = sockets[socket] as (typeof sockets)[number];
          const text = `${index} `.padEnd(length, '\u20ac');
          if (length % 2 === 0) batch.add(text, TEXT);
          else batch.addShared(frameOf(text));
          sent.push(text);
          if (flush && index % 7 === 0) batch.flush();
          if (turn && index % 5 === 0) await settle();
        }
        await settle();
        for (const { writes, sent } of sockets) expect(messagesIn(writes)).toEqual(sent);
      }),
      { numRuns: 200 },
    );
  });
});
