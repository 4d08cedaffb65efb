// What a write of a whole message asks for, and how writes of either kind wait. Types
// only: the socket makes requests, the writer answers them.

import type { SendOptions } from '../transport/transport.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { Data } from '../core/data.ts';
import type { WriteStatus } from '../core/status.ts';

/** One call of `write`. */
export interface WriteRequest {
  readonly data: Data;
  readonly options: SendOptions;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A write that waits for room, of a whole message or of one in parts. */
export interface WaitingWrite extends ListNode<WaitingWrite> {
  /** When to give up, on the clock; Infinity for never. */
  readonly dueMs: number;
  /** There is room, and it is first in the line. One in parts holds the line until its last has gone. */
  goOn(): void;
  /** Ends the wait; it has left the line by then. */
  settle(status: WriteStatus): void;
}
