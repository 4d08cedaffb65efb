// Looks for the end of a paused link: when the receive queue lets it run for a turn, and what it
// keeps of the messages that come then.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { regulatedQueue } from './regulated-queue.ts';

describe('a receive queue whose link is paused', () => {
  it('resumes it for a look, and pauses it again where nothing has come', () => {
    const { queue, flow, put } = regulatedQueue({ queueMessages: 2 });
    put('a', 'b');
    expect(queue.isHolding).toBe(true);
    queue.look(64);
    expect([queue.isHolding, queue.endLook()]).toEqual([false, true]);
    expect([flow, queue.isHolding]).toEqual([['pause', 'resume', 'pause'], true]);
  });

  it('keeps what comes in a look, and pauses the link at its end', () => {
    const { queue, flow, put } = regulatedQueue({ queueMessages: 2 });
    put('a', 'b');
    queue.look(64);
    put('c', 'd');
    expect(flow).toEqual(['pause', 'resume']);
    expect([queue.endLook(), queue.messages, flow]).toEqual([false, 4, ['pause', 'resume', 'pause']]);
  });

  it.each([
    ['in messages', { queueMessages: 1 }],
    ['in bytes', { queueBytes: 1 }],
  ])('pauses it in a look that has brought as much as it may: full %s', (_, limits) => {
    const { queue, flow, put } = regulatedQueue(limits);
    put('a');
    queue.look(64);
    // Six bytes more for each message.
    put('x'.repeat(51), '');
    expect(flow).toEqual(['pause', 'resume']);
    put('');
    expect([queue.endLook(), flow]).toEqual([false, ['pause', 'resume', 'pause']]);
  });

  it('leaves it running when it is read during a look, or the end has begun', () => {
    const read = regulatedQueue({ queueMessages: 2 });
    const closed = regulatedQueue({ queueMessages: 2 });
    for (const { put, queue } of [read, closed]) {
      put('a', 'b');
      queue.look(64);
    }
    read.queue.take(Infinity);
    closed.queue.discardFurther();
    expect([read, closed].map(({ queue, flow }) => [queue.endLook(), flow])).toEqual([
      [false, ['pause', 'resume', 'resume']],
      [false, ['pause', 'resume', 'resume']],
    ]);
  });

  it('is full again soon after it was read in a look: it pauses the link as ever', () => {
    const { queue, flow, put } = regulatedQueue({ queueMessages: 2 });
    put('a', 'b');
    queue.look(50);
    queue.take(Infinity);
    put('c');
    expect([flow, queue.endLook(), queue.isHolding]).toEqual([
      ['pause', 'resume', 'resume', 'pause'],
      false,
      true,
    ]);
  });

  it('is below its marks at the end of a look: the link runs on', () => {
    const { queue, flow, put } = regulatedQueue({ queueMessages: 4 });
    put('a', 'b', 'c', 'd');
    queue.take(Infinity);
    queue.look(64);
    expect([queue.endLook(), queue.isHolding, flow]).toEqual([false, false, ['pause', 'resume']]);
  });

  it('never reaches its hard cap by looks that bring a chunk beyond what they may', () => {
    const chunk = fc.constantFrom(0, 1, 100, 1000);
    const limits = fc.record({
      queueMessages: fc.integer({ min: 1, max: 50 }),
      queueBytes: fc.integer({ min: 1, max: 5000 }),
    });
    fc.assert(
      fc.property(limits, chunk, (marks, bytes) => {
        const { queue, put } = regulatedQueue(marks);
        const message = Buffer.alloc(bytes);
        const perChunk = Math.floor(65_536 / (bytes + 6));
        const putChunk = (): void =>
          expect(put(...Array.from({ length: perChunk }, () => message))).not.toContain(false);
        put(...Array.from({ length: marks.queueMessages }, () => message));
        putChunk();
        for (let more = 65_536; more > 0; more -= 65_536) {
          queue.look(more);
          do putChunk();
          while (!queue.isHolding);
          queue.endLook();
        }
      }),
      { numRuns: 20 },
    );
  });
});
