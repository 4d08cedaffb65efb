// One call that reads: what it asks for and on whose behalf, and while it waits, its
// place in line. The socket makes it, the reader answers, the waiting line keeps it;
// it is the one object that a read costs beside its promise.

import type { ReadTrace } from './read-mistakes.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { SourcePort } from '../core/source.ts';
import type { ReadResult } from '../core/status.ts';
import { noop } from '../core/noop.ts';

/** The default `len` of `read`, as in `%CSP.WebSocket`: UTF-16 units of text or bytes of binary. */
export const DEFAULT_READ_LENGTH = 32_656;

/** What one holder of a socket has set, and where its last read stopped. Several hold a shared one. */
export interface ReadView {
  /** Every read gives bytes. */
  binaryData: boolean;
  /** Whether the last read reached the end of its message. */
  atEnd: boolean;
  /** Reads after the end. */
  closedReads: number;
  /** For `select`; made on first use, and kept here so that an idle socket pays nothing for it. */
  port?: SourcePort<ReadResult>;
}

/** The public method that was called: where its caller stands is traced from here. */
export type ReadMethod = (...args: never[]) => unknown;

/** One call of `read`, `readMessage`, `readJson` or an iterator's `next`. */
export interface PendingRead extends ListNode<PendingRead> {
  readonly view: ReadView;
  /** Most to return; undefined: the default of `%CSP.WebSocket`, which warns when it cuts. */
  readonly len: number | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly method: ReadMethod;

  // Set by the reader, where it has to wait.

  /** When to give up, on the clock; Infinity where nothing but an arrival, the end or a turn is waited for. */
  dueMs: number;
  settle: (result: ReadResult) => void;
  /** Its `stack` says where it was called; undefined where that is not remembered. */
  trace: ReadTrace | undefined;
}

/** What a read asks for besides `len`. */
export interface ReadWait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Makes a read that does not wait yet. */
export function pendingRead(
  view: ReadView,
  len: number | undefined,
  { timeoutMs, signal }: ReadWait,
  method: ReadMethod,
): PendingRead {
  return {
    view,
    len,
    timeoutMs,
    signal,
    method,
    dueMs: Infinity,
    settle: noop,
    trace: undefined,
    previous: undefined,
    next: undefined,
  };
}
