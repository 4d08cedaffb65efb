// The hard cap of a receive queue.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hardCapBytes } from '../../src/conversation/queue-limits.ts';
import { CHUNK_BYTES, MESSAGE_OVERHEAD_BYTES } from '../../src/core/limits.ts';

describe('the hard cap of a queue', () => {
  it('leaves room for a full queue, five chunks and a message more, whatever the limits are', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 30),
        fc.integer({ min: 1, max: 2 ** 20 }),
        fc.nat(2 ** 30),
        (max, messages, bytes) => {
          const cap = hardCapBytes({
            maxMessageBytes: max,
            queueMessages: messages,
            queueBytes: bytes,
            overflow: 'pause',
          });
          expect(cap).toBeGreaterThanOrEqual(
            max + bytes + messages * MESSAGE_OVERHEAD_BYTES + 5 * CHUNK_BYTES,
          );
        },
      ),
    );
  });

  it('is the sum of a message and four times the bytes of a large queue', () => {
    const limits = {
      maxMessageBytes: 1000,
      queueMessages: 1,
      queueBytes: 2 ** 20,
      overflow: 'pause',
    } as const;
    expect(hardCapBytes(limits)).toBe(1000 + 4 * 2 ** 20);
  });
});
