// Mistakes of handlers that read, and how they learn of them: a second read at the same time, a
// loop that reads on after the end, a default `len` that cuts a message. The reader finds them;
// the errors and the warning are made here.

import { DEFAULT_READ_LENGTH } from './pending-read.ts';
import type { PendingRead, ReadTrace, ReadView } from './pending-read.ts';
import { UsageError } from '../core/errors.ts';
import { noop } from '../core/noop.ts';
import type { Resolver } from '../core/parked-wait.ts';
import { textOf, traceOf } from '../core/stack-trace.ts';
import type { StackTrace } from '../core/stack-trace.ts';
import type { ReadResult } from '../core/status.ts';
import { unattended } from '../waiting/abortable.ts';
import { warn } from '#platform';
import { inMicrotask } from '../core/microtask.ts';

/** For a loop that makes a read for each `select`: the read of the turn before still waits. */
export const SELECT_CURE = '. In a loop of select or Promise.race, give ws itself to select';

/**
 * So many parked reads of a host remember where they were called, for the error of a second read
 * and for a read that is not awaited. After the first of these errors, as many more do.
 */
export const TRACED_READS = 64;
/** So many more do in each second in which a socket begins: it may be that of a developer. */
export const TRACED_A_SECOND = 8;
/** Deeper calls are no calls of a handler, as far as we can tell. */
export const TRACED_FRAMES = 24;
/**
 * The read after the end, counted in a row, that throws: the loop around it never ends.
 *
 * @limit Reads in a row after the end | `COROSOCK_READ_AFTER_CLOSE`
 */
export const LAST_CLOSED_READ = 100;

/**
 * Remembers where reads wait: the first of a host, and as many more after each mistake. A trace
 * costs more than a read does.
 */
export class ReadTraces {
  #left = TRACED_READS;
  #secondOfLast = -Infinity;
  readonly #placeOf: ((resolver: Resolver) => string | undefined) | undefined;

  /** @param placeOf - Finds where a promise is awaited. */
  constructor(placeOf?: (resolver: Resolver) => string | undefined) {
    this.#placeOf = placeOf;
  }

  /** A socket begins: some of its reads are remembered, unless another one began in this second. */
  refresh(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.#secondOfLast) return;
    this.#secondOfLast = second;
    this.#left = Math.max(this.#left, TRACED_A_SECOND);
  }

  /** @returns The stack that has called `method`; undefined where it is not remembered. */
  take(method: (...args: never[]) => unknown): ReadTrace | undefined {
    if (this.#left === 0) return undefined;
    this.#left -= 1;
    const trace = Object.assign(traceOf(TRACED_FRAMES, method), { promise: undefined, isFresh: true });
    // A handler that awaits nothing more has returned, and its promise has called back, before the
    // second microtask from here. One that awaits anything goes on behind the first.
    inMicrotask(() => {
      inMicrotask(() => {
        trace.isFresh = false;
      });
    });
    return trace;
  }

  /**
   * Makes the error of a call beside a read with this trace, and remembers lines again.
   *
   * @param cure - Follows the line.
   */
  concurrentReadError(trace: StackTrace | undefined, call: string, cure = ''): UsageError {
    this.#left = TRACED_READS;
    const where = lineIn(trace) ?? 'where will be remembered for the next time';
    return new UsageError(
      'COROSOCK_CONCURRENT_READ',
      `${call}: expected one read at a time, but another one waits already, ${where}${cure}`,
    );
  }

  /**
   * Warns, once in a process, that the default `len` of `read` cuts a message (`COROSOCK_CUT`): the
   * default is that of `%CSP.WebSocket`, and the caller may not know that a rest waits.
   */
  warnOfCut(read: PendingRead): void {
    if (isCutWarned) return;
    isCutWarned = true;
    const line = this.#lineOf(read);
    const call = line === undefined ? 'ws.read()' : `ws.read(), ${line},`;
    warn(
      `${call} returned the first ${DEFAULT_READ_LENGTH} units of a longer message; the next read goes on ` +
        'with the rest. Use ws.readMessage() for whole messages, or pass len.',
      'COROSOCK_CUT',
    );
  }

  /** The line of a read that is being answered: in its call, or while it waits. */
  #lineOf({ resolver, method, trace }: PendingRead): string | undefined {
    if (resolver === noop) return lineIn(traceOf(1, method));
    const place = lineIn(trace) === undefined ? this.#placeOf?.(resolver) : undefined;
    return place === undefined ? lineIn(trace) : `at ${place}`;
  }
}

let isCutWarned = false;

/** The first frame of a stack, as it is shown. */
function lineIn(trace: StackTrace | undefined): string | undefined {
  return textOf(trace)?.split('\n')[1]?.trim();
}

/** The call that reads a socket alone: every other read is a mistake. */
export class ReadOwner {
  readonly call: string;
  /**
   * What the handler has to await, and where it called. Undefined where it may return, and from the
   * next turn of the event loop on.
   */
  expected: { readonly goOn: string; readonly trace: StackTrace } | undefined;
  readonly #view: ReadView;

  constructor(call: string, view: ReadView) {
    this.call = call;
    this.#view = view;
  }

  /** @throws UsageError `COROSOCK_CONCURRENT_READ` for a read by another view than its own. */
  check(view: ReadView, call: string): void {
    if (view !== this.#view) throw this.errorOf(call);
  }

  /** Makes the error of another call. */
  errorOf(call: string): UsageError {
    return new UsageError(
      'COROSOCK_CONCURRENT_READ',
      `${call}: expected no other read of this socket, but ${this.call} reads it`,
    );
  }
}

/** Makes the error of a loop that goes on at `closed`. */
export function readAfterCloseError(call: string): UsageError {
  return new UsageError(
    'COROSOCK_READ_AFTER_CLOSE',
    `${call}: expected the loop to end at 'closed', but this is its read number ${LAST_CLOSED_READ} after the end`,
  );
}

/** Rejects when the answer would have come: a loop that catches the error starves no timer. */
export function rejectAfter(answer: Promise<ReadResult>, error: UsageError): Promise<never> {
  return unattended(
    answer.then(() => {
      throw error;
    }),
  );
}
