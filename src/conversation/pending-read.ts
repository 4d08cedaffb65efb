// One call that reads: what it asks for, and its node in the line of parked reads. The socket makes
// it where the reader has no message to give at once, and the reader answers it. It is the one
// object that such a read costs beside its promise.

import { noop } from '../core/noop.ts';
import { UNTIL_LATER_TURN } from '../core/parked-wait.ts';
import type { ParkedWait, Resolver } from '../core/parked-wait.ts';
import type { SourcePort } from '../core/source.ts';
import type { StackTrace } from '../core/stack-trace.ts';
import type { ReadResult } from '../core/status.ts';
import type { ListNode } from '../structures/linked-list.ts';

/** The default `len` of `read`, as in `%CSP.WebSocket`: UTF-16 units of text or bytes of binary. */
export const DEFAULT_READ_LENGTH = 32_656;

/**
 * What one holder of a socket has in hand: a message, once a read has given it one; nothing, once
 * it waits in a read again. Undefined before its first read.
 */
export type InHand = 'message' | 'nothing' | undefined;

/** What one holder of a socket has set, and where its last read stopped. */
export interface ReadView {
  /** Every read gives bytes. */
  binaryData: boolean;
  /** Whether the last read reached the end of its message. */
  atEnd: boolean;
  /** Reads after the end. */
  closedReads: number;
  /** Decides when the peer's close is answered (last-words.ts). */
  inHand: InHand;
  /** For `select`. Made on first use, and kept here: an idle socket pays nothing for it. */
  port?: SourcePort<ReadResult>;
}

/** The public method that was called: the line of its caller is traced from here. */
export type ReadMethod = (...args: never[]) => unknown;

/** Where a read was called, and what became of its promise. Taken of some reads of a host only. */
export interface ReadTrace extends StackTrace {
  /** The promise that the caller got; undefined before it is made. */
  promise: Promise<unknown> | undefined;
  /** Whether a handler that has returned has done so in the step that called the read. */
  isFresh: boolean;
}

/** One call of `read`, `readMessage`, `readJson` or an iterator's `next`. */
export interface PendingRead extends ParkedWait, ListNode<PendingRead> {
  readonly view: ReadView;
  /** Most to return; undefined: {@link DEFAULT_READ_LENGTH}, with a warning where it cuts. */
  readonly len: number | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly method: ReadMethod;

  // Set by the reader when the read waits.

  /** When it began to wait, in whole milliseconds of the clock, or {@link UNTIL_LATER_TURN}. */
  sinceMs: number;
  settle: (result: ReadResult) => void;
  resolver: Resolver;
  /** The stack that called `method`; undefined where it is not remembered. */
  trace: ReadTrace | undefined;
}

/** Keeps the promise that the caller of a read gets beside its stack. @returns That promise. */
export function given<T>({ trace }: PendingRead, promise: Promise<T>): Promise<T> {
  if (trace !== undefined) trace.promise = promise;
  return promise;
}

/** Settles the promise made last: an executor for each read would be one more object. */
let settleLast: PendingRead['settle'] = noop;
const executor = (settle: PendingRead['settle']): void => {
  settleLast = settle;
};

/** Makes the promise that the record of a read settles. */
export function settledBy(read: PendingRead): Promise<ReadResult> {
  const promise = new Promise(executor);
  read.settle = settleLast;
  read.resolver = settleLast;
  return promise;
}

/** Names the call of a read, for errors. A stream of `ws.readable` is iterated over, too. */
export function callOf({ method: { name } }: PendingRead): string {
  return name === 'next' ? 'for await' : `ws.${name}()`;
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
    sinceMs: UNTIL_LATER_TURN,
    settle: noop,
    resolver: noop,
    trace: undefined,
    previous: undefined,
    next: undefined,
  };
}
