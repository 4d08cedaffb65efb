// What a write asks for, and what the writer keeps of a write that waits. Sockets make requests,
// writer.ts and fragmented-write.ts keep waiting writes.

import type { Data } from '../core/data.ts';
import type { ParkedWait, Resolver } from '../core/parked-wait.ts';
import type { WriteStatus } from '../core/status.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { SendOptions } from '../transport/transport.ts';

/** One call of `write` with a whole message. */
export interface WriteRequest {
  readonly data: Data;
  readonly options: SendOptions;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * What waits for room: a write of a whole message, one of a message in fragments, or a message that
 * no call awaits (queued-message.ts).
 */
export interface WaitingWrite extends Omit<ParkedWait, 'resolver'>, ListNode<WaitingWrite> {
  /** Undefined where no call awaits it. */
  readonly resolver: Resolver | undefined;
  /** The whole message; undefined for one in fragments, which the iterable has yet to give. */
  readonly data: Data | undefined;
  readonly timeoutMs: number;
  /**
   * Called when there is room and it is first in line. A message in fragments stays first until its
   * last fragment is sent.
   */
  goOn(): void;
  /** Ends the wait. Called after it has left the line. */
  settle(status: WriteStatus): void;
}

/** Whether a call waits for it: for a queued message of a room none does. */
export function isCall(waiter: WaitingWrite): waiter is WaitingWrite & ParkedWait {
  return waiter.resolver !== undefined;
}
