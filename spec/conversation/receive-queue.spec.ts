// The receive queue by itself: order, sizes, marks, the rest of a cut message, and the end behind
// the last message.

import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { regulatedQueue } from './regulated-queue.ts';
import type { RegulatedQueue } from './regulated-queue.ts';
import type { QueueLimits } from '../../src/conversation/queue-limits.ts';
import type { LinkEnd } from '../../src/core/close-info.ts';
import { bytesOf } from '../../src/core/data.ts';
import type { Data } from '../../src/core/data.ts';

const LOST: Pick<LinkEnd, 'code' | 'reason' | 'clean' | 'by'> = {
  code: 1006,
  reason: '',
  clean: false,
  by: 'link',
};

describe('ReceiveQueue', () => {
  it('gives messages in the order in which they came', () => {
    const { queue, put, takeAll } = regulatedQueue();
    put('a', 'b', 'c');
    expect(queue.take(Infinity)).toBe('a');
    put('d');
    expect(takeAll()).toEqual(['b', 'c', 'd']);
  });

  it('keeps the order while its ring goes round and grows', () => {
    const { queue, put, takeAll } = regulatedQueue({ queueMessages: 10_000, queueBytes: 1_000_000 });
    const taken: Data[] = [];
    for (let n = 0; n < 1000; n += 1) {
      put(`${n}a`, `${n}b`, `${n}c`);
      taken.push(queue.take(Infinity), queue.take(Infinity));
    }
    taken.push(...takeAll());
    expect(taken).toEqual(Array.from({ length: 1000 }, (_, n) => [`${n}a`, `${n}b`, `${n}c`]).flat());
  });

  it('does what an array does, whatever is pushed and taken', () => {
    const step = fc.oneof(fc.string({ maxLength: 5 }), fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const { queue, put } = regulatedQueue({ queueMessages: 1000, queueBytes: 10_000 });
        const list: string[] = [];
        for (const text of steps) {
          if (text !== undefined) {
            put(text);
            list.push(text);
          } else if (list.length > 0) {
            expect(queue.take(Infinity)).toBe(list.shift());
          }
          expect([queue.messages, queue.bytes]).toEqual([list.length, bytesOf(list.join(''))]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('counts messages and their bytes on the wire', () => {
    const { queue, put } = regulatedQueue();
    put('€', new Uint8Array(5), '');
    expect([queue.messages, queue.bytes]).toEqual([3, 8]);
    queue.take(Infinity);
    expect([queue.messages, queue.bytes]).toEqual([2, 5]);
  });

  describe('take', () => {
    it('leaves the part beyond len as the oldest message', () => {
      const { queue, put } = regulatedQueue();
      put('abcdef', 'next');
      expect([queue.take(4), queue.firstIsRest, queue.messages, queue.bytes]).toEqual(['abcd', true, 2, 6]);
      expect([queue.take(4), queue.firstIsRest, queue.messages, queue.bytes]).toEqual(['ef', false, 1, 4]);
      expect(queue.take(4)).toBe('next');
    });

    it('counts the rest of text in bytes', () => {
      const { queue, put } = regulatedQueue();
      put('€€€');
      queue.take(1);
      expect(queue.bytes).toBe(6);
    });

    it('cuts binary at a byte', () => {
      const { queue, put } = regulatedQueue();
      put(new Uint8Array([1, 2, 3]));
      expect([...(queue.take(2) as Uint8Array)]).toEqual([1, 2]);
      expect([...(queue.take(2) as Uint8Array)]).toEqual([3]);
    });

    it('gives a part of binary in memory of its own: its owner may transfer it, and the rest stays', () => {
      const { queue, put } = regulatedQueue();
      put(Buffer.from('abcdef'));
      const part = queue.take(4) as Uint8Array<ArrayBuffer>;
      structuredClone(0, { transfer: [part.buffer] });
      expect(queue.take(Infinity)).toEqual(Buffer.from('ef'));
    });
  });

  describe('firstToBytes', () => {
    it('turns the oldest message into bytes, of the same size on the wire', () => {
      const { queue, put } = regulatedQueue();
      put('€uro', 'text');
      queue.firstToBytes();
      expect(queue.bytes).toBe(10);
      expect(queue.take(Infinity)).toEqual(Buffer.from('€uro'));
      expect(queue.take(Infinity)).toBe('text');
    });
  });

  describe('full', () => {
    it('pauses the link once, at queueMessages', () => {
      const { flow, put } = regulatedQueue({ queueMessages: 3 });
      put('a', 'b');
      expect(flow).toEqual([]);
      put('c', 'd');
      expect(flow).toEqual(['pause']);
    });

    it('pauses the link at queueBytes', () => {
      const { flow, put } = regulatedQueue({ queueBytes: 6 });
      put('12345');
      expect(flow).toEqual([]);
      put('6');
      expect(flow).toEqual(['pause']);
    });

    it.each([
      [8, 4],
      [7, 3],
      [2, 1],
      [1, 0],
    ])('of %i messages resumes the link at %i', (queueMessages, half) => {
      const { queue, flow, put } = regulatedQueue({ queueMessages });
      put(...Array.from({ length: queueMessages }, () => ''));
      while (queue.messages > half) {
        expect(flow).toEqual(['pause']);
        queue.take(Infinity);
      }
      expect(flow).toEqual(['pause', 'resume']);
    });

    it('B3: pauses the link at what text takes in memory: two bytes for each unit, once one needs two', () => {
      const { queue, flow, put } = regulatedQueue({ queueBytes: 1000 });
      put(`€${'x'.repeat(497)}`);
      expect([flow, queue.bytes]).toEqual([[], 500]);
      put('x');
      put('€');
      expect([flow, queue.bytes]).toEqual([['pause'], 504]);
      expect([queue.isHolding, flow]).toEqual([true, ['pause']]);
      queue.take(250);
      expect(flow).toEqual(['pause', 'resume']);
    });

    it('B3: counts no memory of text any more that is bytes now, was taken, or was dropped', () => {
      const wide = `€${'x'.repeat(300)}`;
      for (const remove of ['firstToBytes', 'takeAll', 'discardAll'] as const) {
        const { queue, flow, put, takeAll } = regulatedQueue({ queueBytes: 1000 });
        put(wide);
        if (remove === 'takeAll') takeAll();
        else queue[remove]();
        put('x'.repeat(600));
        expect([remove, flow]).toEqual([remove, []]);
      }
    });

    it('of bytes resumes the link at half of them, also in the middle of a message', () => {
      const { queue, flow, put } = regulatedQueue({ queueBytes: 10 });
      put('0123456789');
      queue.take(4);
      expect(flow).toEqual(['pause']);
      queue.take(1);
      expect(flow).toEqual(['pause', 'resume']);
    });

    it('resumes the link below both marks only', () => {
      const { queue, flow, put } = regulatedQueue({ queueMessages: 4, queueBytes: 100 });
      put('', '', '', 'x'.repeat(60));
      queue.take(Infinity);
      queue.take(Infinity);
      queue.take(Infinity);
      expect(flow).toEqual(['pause']);
      queue.take(9);
      expect(flow).toEqual(['pause']);
      queue.take(1);
      expect(flow).toEqual(['pause', 'resume']);
    });

    it('can be full again and again', () => {
      const { flow, put, takeAll } = regulatedQueue({ queueMessages: 2 });
      put('a', 'b');
      takeAll();
      put('c', 'd');
      takeAll();
      expect(flow).toEqual(['pause', 'resume', 'pause', 'resume']);
    });

    it('holds too much beyond four times its bytes and one message, when those are more', () => {
      const { put } = regulatedQueue({ queueMessages: 1, queueBytes: 200_000, maxMessageBytes: 1000 });
      // The overhead of 6 bytes a message counts.
      expect(put('x'.repeat(800_000 - 6), 'x'.repeat(1000 - 6))).toEqual([true, true]);
      expect(put('')).toEqual([false]);
    });

    it('holds too much beyond itself, five chunks of 64 KiB and one message, when those are more', () => {
      const { put } = regulatedQueue({ queueMessages: 2, queueBytes: 100, maxMessageBytes: 1000 });
      expect(put('x'.repeat(100 + 2 * 6 + 5 * 65_536 - 6), 'x'.repeat(1000 - 6))).toEqual([true, true]);
      expect(put('')).toEqual([false]);
    });

    it('always holds a chunk of 64 KiB more, even of the smallest messages', () => {
      const { put } = regulatedQueue({ queueMessages: 1, queueBytes: 1, maxMessageBytes: 1 });
      const chunk = Array.from({ length: Math.floor(65_536 / 6) }, () => '');
      expect(put('x', ...chunk).every(Boolean)).toBe(true);
    });

    it('holds too much beyond either mark with overflow: close', () => {
      const messages = regulatedQueue({ overflow: 'close', queueMessages: 2 });
      expect(messages.put('a', 'b', 'c')).toEqual([true, true, false]);
      const bytes = regulatedQueue({ overflow: 'close', queueBytes: 2 });
      expect(bytes.put('ab', 'c')).toEqual([true, false]);
      expect([messages.flow, bytes.flow]).toEqual([[], []]);
    });
  });

  describe('discardFurther', () => {
    it('keeps queued messages, drops further ones, and resumes the link', () => {
      const { queue, flow, put, takeAll } = regulatedQueue({ queueMessages: 2 });
      put('a', 'b');
      queue.discardFurther();
      put('late', 'later');
      expect(flow).toEqual(['pause', 'resume']);
      expect(takeAll()).toEqual(['a', 'b']);
    });

    it('never pauses the link again, so that the close of the peer is seen', () => {
      const { queue, flow, put } = regulatedQueue({ queueMessages: 2 });
      put('a', 'b');
      queue.discardFurther();
      expect(put('late', 'later')).toEqual([true, true]);
      expect(flow).toEqual(['pause', 'resume']);
    });

    it('never holds too much, as it keeps nothing', () => {
      const { queue, put } = regulatedQueue({ overflow: 'close', queueMessages: 1 });
      put('a');
      queue.discardFurther();
      expect(put('b', 'c')).toEqual([true, true]);
    });

    it('does not resume a link that runs', () => {
      const { queue, flow } = regulatedQueue();
      queue.discardFurther();
      expect(flow).toEqual([]);
    });
  });

  describe('finish', () => {
    it('puts the end behind the last message', () => {
      const { queue, put, takeAll } = regulatedQueue();
      put('a');
      expect(queue.end).toBeUndefined();
      const end = queue.finish(LOST);
      expect(queue.end).toBe(end);
      expect(end).toEqual({ code: 1006, reason: '', clean: false, by: 'link', unread: 1 });
      expect(takeAll()).toEqual(['a']);
    });

    it('keeps the cause of the end, if any', () => {
      const { queue } = regulatedQueue();
      const cause = new Error('ECONNRESET');
      expect(queue.finish({ ...LOST, cause }).cause).toBe(cause);
      expect(Object.keys(regulatedQueue().queue.finish(LOST))).not.toContain('cause');
    });

    it('gives an end that prints as a plain object', () => {
      const { queue, put } = regulatedQueue();
      put('a');
      expect(inspect(queue.finish(LOST))).toContain('unread: 1');
    });

    it('counts queued and dropped messages as unread, fewer while the rest is read', () => {
      const { queue, put } = regulatedQueue();
      put('one', 'two');
      queue.discardFurther();
      put('late');
      const end = queue.finish(LOST);
      const unread = [end.unread];
      queue.take(2);
      unread.push(end.unread);
      queue.take(2);
      unread.push(end.unread);
      queue.take(Infinity);
      unread.push(end.unread);
      expect(unread).toEqual([3, 3, 2, 1]);
    });
  });

  describe('offerFirst', () => {
    function offering(limits: Partial<QueueLimits> = {}): RegulatedQueue {
      const all = regulatedQueue(limits);
      all.queue.offerFirst();
      return all;
    }

    it('keeps messages from reads until they were offered, and counts them', () => {
      const { queue, put } = offering();
      put('a', '€');
      expect([queue.unoffered, queue.readable, queue.messages, queue.bytes]).toEqual(['a', 0, 2, 4]);
    });

    it('makes released messages readable, in order', () => {
      const { queue, put } = offering();
      put('a', 'b', 'c');
      queue.releaseOffered();
      queue.dropOffered();
      queue.releaseOffered();
      expect([queue.unoffered, queue.readable, queue.bytes]).toEqual([undefined, 2, 2]);
      expect([queue.take(Infinity), queue.take(Infinity), queue.bytes]).toEqual(['a', 'c', 0]);
    });

    it('keeps messages that were not offered yet when it is called again', () => {
      const { queue, put } = offering();
      put('a');
      queue.offerFirst();
      expect(queue.unoffered).toBe('a');
    });

    it('leaves dropOffered and releaseOffered without effect when it was not called', () => {
      const { queue, put, takeAll } = regulatedQueue();
      put('a');
      queue.dropOffered();
      queue.releaseOffered();
      expect([queue.unoffered, takeAll()]).toEqual([undefined, ['a']]);
    });

    it('pauses the link for messages not offered yet, until enough were consumed', () => {
      const { queue, flow, put } = offering({ queueMessages: 4 });
      put('a', 'b', 'c', 'd');
      queue.releaseOffered();
      queue.dropOffered();
      expect(flow).toEqual(['pause']);
      queue.take(Infinity);
      expect(flow).toEqual(['pause', 'resume']);
    });

    it('is not over before the last message was offered and read', () => {
      const { queue, put } = offering();
      put('a', 'b');
      const end = queue.finish(LOST);
      const seen = [[queue.isOver, end.unread]];
      queue.dropOffered();
      seen.push([queue.isOver, end.unread]);
      queue.releaseOffered();
      seen.push([queue.isOver, end.unread]);
      queue.take(Infinity);
      seen.push([queue.isOver, end.unread]);
      expect(seen).toEqual([
        [false, 2],
        [false, 1],
        [false, 1],
        [true, 0],
      ]);
    });
  });
});
