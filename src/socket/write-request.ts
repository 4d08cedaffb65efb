// What a write of a whole message asks for, and how it waits. Types only: the socket
// makes requests, the writer answers them.

import type { SendOptions } from '../transport/transport.ts';
import type { Data } from '../words/data.ts';
import type { WriteStatus } from '../words/status.ts';

/** One call of `write`. */
export interface WriteRequest {
  readonly data: Data;
  readonly options: SendOptions;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A write that waits for room. */
export interface WaitingWrite {
  readonly request: WriteRequest;
  /** When to give up, on the clock; Infinity for never. */
  readonly dueMs: number;
  readonly settle: (status: WriteStatus) => void;
}
