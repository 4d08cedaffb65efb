// Probes of a paused link: when the receive queue lets it run for a turn, and what it keeps of the
// messages that come then.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceiveQueue } from '../../src/conversation/receive-queue.ts';
import type { QueueLimits } from '../../src/conversation/queue-limits.ts';
import { bytesOf } from '../../src/core/data.ts';
import type { Data } from '../../src/core/data.ts';

function setUp(limits: Partial<QueueLimits> = {}): {
  readonly queue: ReceiveQueue;
  readonly flow: string[];
  /** Puts messages in as the socket does; answers what `regulate` said of each. */
  readonly put: (...messages: readonly Data[]) => readonly boolean[];
} {
  const flow: string[] = [];
  const queue = new ReceiveQueue(
    { maxMessageBytes: 1000, queueMessages: 64, queueBytes: 1000, overflow: 'pause', ...limits },
    { pause: () => flow.push('pause'), resume: () => flow.push('resume') },
  );
  const put = (...messages: readonly Data[]): readonly boolean[] =>
    messages.map((data) => {
      queue.push(data, bytesOf(data));
      return queue.regulate();
    });
  return { queue, flow, put };
}

describe('a receive queue whose link is paused', () => {
  it('resumes it for a probe, and pauses it again where nothing has come', () => {
    const { queue, flow, put } = setUp({ queueMessages: 2 });
    put('a', 'b');
    expect([queue.isHolding, queue.probe(), queue.isHolding, queue.endProbe()]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect([flow, queue.isHolding]).toEqual([['pause', 'resume', 'pause'], true]);
  });

  it('pauses it again with the first message of a probe', () => {
    const { queue, flow, put } = setUp({ queueMessages: 2 });
    put('a', 'b');
    queue.probe();
    put('c', 'd');
    expect([flow, queue.endProbe(), queue.messages]).toEqual([['pause', 'resume', 'pause'], false, 4]);
  });

  it('leaves it running when it is read during a probe, or the end has begun', () => {
    const read = setUp({ queueMessages: 2 });
    const closed = setUp({ queueMessages: 2 });
    for (const { put, queue } of [read, closed]) {
      put('a', 'b');
      queue.probe();
    }
    read.queue.take(Infinity);
    closed.queue.discardFurther();
    expect([read, closed].map(({ queue, flow }) => [queue.endProbe(), flow])).toEqual([
      [false, ['pause', 'resume']],
      [false, ['pause', 'resume']],
    ]);
  });

  it('does not probe where it has its bytes, with the overhead of messages or without', () => {
    const bytes = setUp({ queueBytes: 100 });
    const headers = setUp({ queueMessages: 2, queueBytes: 60 });
    bytes.put('x'.repeat(100));
    headers.put(...Array.from({ length: 12 }, () => ''));
    expect([bytes, headers].map(({ queue, flow }) => [queue.probe(), flow])).toEqual([
      [false, ['pause']],
      [false, ['pause']],
    ]);
  });

  it('never reaches its hard cap by probes that bring a chunk each', () => {
    const chunk = fc.constantFrom(0, 1, 100, 1000);
    const limits = fc.record({
      queueMessages: fc.integer({ min: 1, max: 50 }),
      queueBytes: fc.integer({ min: 1, max: 5000 }),
    });
    fc.assert(
      fc.property(limits, chunk, (marks, bytes) => {
        const { queue, put } = setUp(marks);
        const message = Buffer.alloc(bytes);
        const perChunk = Math.floor(65_536 / (bytes + 6));
        put(...Array.from({ length: marks.queueMessages }, () => message));
        for (let look = 0; look < 10 && queue.probe(); look += 1) {
          expect(put(...Array.from({ length: perChunk }, () => message))).not.toContain(false);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('does not probe where the link is not paused', () => {
    const { queue, flow } = setUp();
    expect([queue.probe(), queue.endProbe(), flow]).toEqual([false, false, []]);
  });
});
