// The frames of one turn: which of them leave together, and that no socket overwrites or pins what
// another one has in the shared slab.

import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { settle } from 'corosock/testing';
import {
  FrameBatch,
  FramePool,
  MAX_BATCHED_BYTES,
  SLAB_BYTES,
} from '../../../src/transport/ws/frame-batch.ts';
import { parseFrame } from '../../peers/frames.ts';

/** Makes a batch, and records its writes. */
function openBatch(pool = new FramePool()): { readonly batch: FrameBatch; readonly writes: Buffer[] } {
  const writes: Buffer[] = [];
  return { batch: new FrameBatch(pool, (frames) => writes.push(frames)), writes };
}

function messagesIn(writes: readonly Buffer[]): readonly string[] {
  const messages: string[] = [];
  let rest = Buffer.concat(writes);
  for (let parsed = parseFrame(rest); parsed !== undefined; parsed = parseFrame(rest)) {
    messages.push(String(parsed.frame.payload));
    rest = rest.subarray(parsed.size);
  }
  expect(rest.length).toBe(0);
  return messages;
}

describe('FrameBatch', () => {
  it('writes the frames of one turn and its microtasks at once', async () => {
    const { batch, writes } = openBatch();
    batch.add('one', false);
    await Promise.resolve();
    batch.add('two', false);
    expect([writes.length, batch.bytes]).toEqual([0, 2 * (2 + 3)]);
    await settle();
    expect([writes.length, batch.bytes, messagesIn(writes)]).toEqual([1, 0, ['one', 'two']]);
  });

  it('writes before the event loop continues', async () => {
    const { batch, writes } = openBatch();
    const order: string[] = [];
    setImmediate(() => order.push(`immediate after ${writes.length}`));
    batch.add('one', false);
    await settle();
    expect(order).toEqual(['immediate after 1']);
  });

  it('writes also while nextTick is faked', async () => {
    const { batch, writes } = openBatch();
    const faked = vi.spyOn(process, 'nextTick').mockImplementation(() => {});
    onTestFinished(() => faked.mockRestore());
    batch.add('one', false);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(messagesIn(writes)).toEqual(['one']);
  });

  it('writes the other batches of the turn though a stream throws, and those of later turns', async () => {
    vi.resetModules();
    const fresh = await import('../../../src/transport/ws/frame-batch.ts');
    const pool = new fresh.FramePool();
    let isBroken = true;
    const broken = new fresh.FrameBatch(pool, () => {
      if (isBroken) throw new Error('broken');
    });
    const others = [[], []].map((writes: Buffer[]) => ({
      batch: new fresh.FrameBatch(pool, (frames) => writes.push(frames)),
      writes,
    }));
    const watching = process.listeners('exit');
    const turn = (): void => {
      broken.add('lost', false);
      for (const { batch } of others) batch.add('kept', false);
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
        new FrameBatch(new FramePool(), (frames) => {
          written.push(...messagesIn([frames]).map((text) => `${name}: ${text}`));
          if (written.length < 4) for (const each of batches) each.add(`after ${written.length}`, false);
        }),
    );
    for (const each of batches) each.add('first', false);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(written).toEqual(['a: first', 'b: first', 'b: after 1', 'a: after 1', 'a: after 3', 'b: after 3']);
  });

  it('adds one listener for the end of the process, however many turns there are', async () => {
    const { batch } = openBatch();
    batch.add('one', false);
    await settle();
    const watched = process.listenerCount('exit');
    batch.add('two', false);
    await settle();
    expect(process.listenerCount('exit')).toBe(watched);
  });

  it('writes nothing twice when it is flushed within the turn', async () => {
    const { batch, writes } = openBatch();
    batch.add('one', false);
    batch.flush();
    batch.flush();
    await settle();
    expect(messagesIn(writes)).toEqual(['one']);
  });

  it('takes more messages in the same turn after a flush', async () => {
    const { batch, writes } = openBatch();
    batch.add('one', false);
    batch.flush();
    batch.add('two', false);
    await settle();
    expect(writes.map((write) => messagesIn([write]))).toEqual([['one'], ['two']]);
  });

  it('flushes by itself when it has filled a slab', () => {
    const { batch, writes } = openBatch();
    const text = 'x'.repeat(1000);
    const frames = Math.ceil(SLAB_BYTES / (4 + 1000));
    for (let i = 0; i < frames; i += 1) batch.add(text, false);
    expect([writes.length, batch.bytes]).toEqual([1, 0]);
    expect(messagesIn(writes)).toEqual(Array<string>(frames).fill(text));
  });

  it.each([
    ['text', (MAX_BATCHED_BYTES - 10) / 3, (length: number) => 'x'.repeat(length)],
    ['binary', MAX_BATCHED_BYTES - 10, (length: number) => new Uint8Array(length)],
  ])('takes %s whose frame is short for any content, and nothing of a longer one', (_, most, make) => {
    const length = Math.floor(most);
    const { batch } = openBatch();
    expect(batch.add(make(length + 1), false)).toBe(false);
    expect(batch.bytes).toBe(0);
    expect(batch.add(make(length), false)).toBe(true);
    expect(batch.bytes).toBe(4 + length);
  });

  it('never writes the same bytes of a slab again', async () => {
    const pool = new FramePool();
    const { batch, writes } = openBatch(pool);
    batch.add('first', false);
    await settle();
    const kept = writes[0] as Buffer;
    const { batch: other } = openBatch(pool);
    for (let i = 0; i < 10_000; i += 1) other.add('other', false);
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
          batch.add(text, false);
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
