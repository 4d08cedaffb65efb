// Bounds of a receive queue, and what it does when it is full. conversation-options.ts checks them
// and fills in the defaults, receive-queue.ts keeps them.

import { CHUNK_BYTES, MESSAGE_OVERHEAD_BYTES } from '../core/limits.ts';

export interface QueueLimits {
  readonly maxMessageBytes: number;
  readonly queueMessages: number;
  readonly queueBytes: number;
  readonly overflow: 'pause' | 'close';
}

/**
 * Chunks that come though the queue is full. The rest of the chunk at hand is one. The looks for
 * the end of the link bring one more, the one that oversteps it, and what the stream had read
 * ahead: two at most. On a server they become messages only once the end is among them.
 */
const CHUNKS_BEYOND = 5;

/**
 * Hard cap in bytes: payload plus {@link MESSAGE_OVERHEAD_BYTES} per message. What comes though the
 * link is paused always fits (docs/internals/decisions/hostile-input.md).
 *
 * @limit Hard cap of a queue, with six bytes for each message | `maxMessageBytes + max(4 ×
 * queueBytes, queueBytes + 6 × queueMessages + 320 KiB)` | close 1008
 */
export function hardCapBytes({ maxMessageBytes, queueMessages, queueBytes }: QueueLimits): number {
  const fullAndChunks = queueBytes + queueMessages * MESSAGE_OVERHEAD_BYTES + CHUNKS_BEYOND * CHUNK_BYTES;
  return maxMessageBytes + Math.max(4 * queueBytes, fullAndChunks);
}
