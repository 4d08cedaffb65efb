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
 * Hard cap in bytes: payload plus {@link MESSAGE_OVERHEAD_BYTES} per message. A paused link still
 * delivers one chunk, so a full queue and 64 KiB more always fit
 * (docs/internals/decisions/hostile-input.md).
 *
 * @limit Hard cap of a queue, with six bytes for each message | `maxMessageBytes + max(4 ×
 * queueBytes, queueBytes + 6 × queueMessages + 64 KiB)` | close 1008
 */
export function hardCapBytes({ maxMessageBytes, queueMessages, queueBytes }: QueueLimits): number {
  const fullAndChunk = queueBytes + queueMessages * MESSAGE_OVERHEAD_BYTES + CHUNK_BYTES;
  return maxMessageBytes + Math.max(4 * queueBytes, fullAndChunk);
}
