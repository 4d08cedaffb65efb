// The reader: what a handler waits with. It takes from the receive queue, parks
// one read while the queue is empty, and is the one place that turns ends and
// time-outs into statuses. Arguments are checked by the socket above.

import { warnOfCut } from './cut-warning.ts';
import type { ReceiveQueue } from './receive-queue.ts';
import { abortable, rejected, unattended } from '../time/abortable.ts';
import type { Alarm } from '../time/alarm.ts';
import type { Clock } from '../time/clock.ts';
import { SpinGuard } from '../time/spin-guard.ts';
import type { TurnBudget } from '../time/turn-budget.ts';
import { UsageError } from '../words/errors.ts';
import { DEFAULT_READ_LENGTH, LAST_CLOSED_READ, TRACED_READS } from '../words/limits.ts';
import { CLOSED, TIMED_OUT } from '../words/status.ts';
import type { ReadResult } from '../words/status.ts';

/** One call of `read` or `readMessage`. */
export interface ReadRequest {
  /** Most to return; undefined: the seed's default, which warns when it cuts. */
  readonly len: number | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** The public method that was called: where its caller stands is traced from here. */
  readonly method: (...args: never[]) => unknown;
}

/** A parked read. */
interface Waiter {
  readonly request: ReadRequest;
  /** When to give up, on the clock; Infinity where nothing but an arrival or the end is waited for. */
  readonly dueMs: number;
  readonly settle: (result: ReadResult) => void;
  /** Its `stack` says where it was called; undefined after the first few of a socket. */
  readonly trace: { readonly stack?: string } | undefined;
}

const CLOSED_READ: Promise<ReadResult> = Promise.resolve(CLOSED);
const TIMED_OUT_READ: Promise<ReadResult> = Promise.resolve(TIMED_OUT);

/** Reads from one queue, one read at a time (I1, I3, I4, I7). */
export class Reader {
  readonly #queue: ReceiveQueue;
  readonly #clock: Clock;
  readonly #budget: TurnBudget;
  /** Shared with the writer: a socket keeps one timer (I7). Who made it calls `ring`. */
  readonly #alarm: Alarm;
  readonly #spin = new SpinGuard();

  /** Every read gives bytes. Set by the socket. */
  binaryData = false;
  #atEnd = true;
  /** The parked read; there is at most one. */
  #waiter: Waiter | undefined;
  #closedReads = 0;
  #tracedReads = 0;

  constructor(queue: ReceiveQueue, clock: Clock, alarm: Alarm, budget: TurnBudget) {
    this.#queue = queue;
    this.#clock = clock;
    this.#alarm = alarm;
    this.#budget = budget;
  }

  /** Whether the last read reached the end of its message. */
  get atEnd(): boolean {
    return this.#atEnd;
  }

  // Called by the handler, through the socket.

  /** Takes what is there, or parks. */
  read(request: ReadRequest): Promise<ReadResult> {
    const { signal } = request;
    if (signal?.aborted === true) return rejected(signal.reason);
    if (this.#waiter !== undefined) return rejected(concurrentRead(this.#waiter));
    if (this.#queue.messages > 0) {
      if (this.#budget.spend()) return this.#wait(request, 'next turn');
      return Promise.resolve(this.#take(request));
    }
    if (this.#queue.end !== undefined) return this.#readClosed(request);
    if (request.timeoutMs > 0) return this.#wait(request, 'arrival');
    return this.#spin.mustYield() ? this.#wait(request, 'next turn') : TIMED_OUT_READ;
  }

  // Called by the socket.

  /** Whether a message that comes now goes straight to a parked read. */
  get isWaiting(): boolean {
    return this.#waiter !== undefined && this.#queue.messages === 0;
  }

  /** Something has arrived, or the end has come: serves the parked read. */
  wake(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    if (this.#queue.messages > 0) this.#settle(waiter, this.#take(waiter.request));
    else if (this.#queue.end !== undefined) this.#settle(waiter, CLOSED);
  }

  /** The alarm rings: gives up what is due, and sets it for what is not. */
  ring(nowMs: number): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    if (waiter.dueMs <= nowMs) this.#settle(waiter, TIMED_OUT);
    else this.#alarm.setAt(waiter.dueMs);
  }

  /** Ends one parked read early, which takes nothing; another one is left alone. */
  giveUp(request: ReadRequest): void {
    if (this.#waiter?.request === request) this.#settle(this.#waiter, TIMED_OUT);
  }

  #take({ len }: ReadRequest): ReadResult {
    this.#spin.reset();
    if (this.binaryData) this.#queue.firstToBytes();
    const data = this.#queue.take(len ?? DEFAULT_READ_LENGTH);
    this.#atEnd = !this.#queue.firstIsRest;
    if (!this.#atEnd && len === undefined) warnOfCut();
    return [data, 'ok'];
  }

  #readClosed(request: ReadRequest): Promise<ReadResult> {
    this.#closedReads += 1;
    const answer = this.#spin.mustYield() ? this.#wait(request, 'next turn') : CLOSED_READ;
    return this.#closedReads < LAST_CLOSED_READ ? answer : failing(answer, readAfterClose());
  }

  #wait(request: ReadRequest, until: 'arrival' | 'next turn'): Promise<ReadResult> {
    const { signal } = request;
    if (signal === undefined) return new Promise((settle) => this.#park(request, until, settle));
    return abortable(signal, (settle) => {
      this.#park(request, until, settle);
      return () => {
        this.#waiter = undefined;
      };
    });
  }

  #park(request: ReadRequest, until: 'arrival' | 'next turn', settle: (result: ReadResult) => void): void {
    const yields = until === 'next turn';
    const dueMs = yields || request.timeoutMs === Infinity ? Infinity : this.#clock.now() + request.timeoutMs;
    const waiter: Waiter = { request, dueMs, settle, trace: this.#trace(request) };
    this.#waiter = waiter;
    if (yields) {
      this.#clock.setImmediate(() => this.#goOn(waiter));
    } else {
      this.#spin.reset();
      this.#alarm.setAt(dueMs);
    }
  }

  /** A read that had to let the event loop have a turn: takes what is there now. */
  #goOn(waiter: Waiter): void {
    if (this.#waiter !== waiter) return;
    this.wake();
    // Nothing there and no end: it was a read of 0 ms.
    if (this.#waiter === waiter) this.#settle(waiter, TIMED_OUT);
  }

  /** Removes the waiter before it settles it, so that nothing can reach it twice (I3). */
  #settle(waiter: Waiter, result: ReadResult): void {
    this.#waiter = undefined;
    waiter.settle(result);
  }

  #trace({ method }: ReadRequest): Waiter['trace'] {
    if (this.#tracedReads >= TRACED_READS) return undefined;
    this.#tracedReads += 1;
    return traceCaller(method);
  }
}

/** Remembers the one stack frame that called `method`; V8 makes text of it only when `stack` is looked at. */
function traceCaller(method: ReadRequest['method']): { readonly stack?: string } {
  const limit = Error.stackTraceLimit;
  const trace = {};
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(trace, method);
  Error.stackTraceLimit = limit;
  return trace;
}

function concurrentRead({ trace }: Waiter): UsageError {
  const place = trace?.stack?.split('\n')[1]?.trim();
  const where =
    place === undefined
      ? ` (where is remembered for the first ${TRACED_READS} waits of a socket)`
      : `, ${place}`;
  return new UsageError(
    'COROSOCK_CONCURRENT_READ',
    `ws.read(): expected one read at a time, but another one waits already${where}`,
  );
}

/** Fails in the place of an answer, and no sooner: a loop that catches the error starves nobody. */
function failing(answer: Promise<ReadResult>, error: UsageError): Promise<never> {
  return unattended(
    answer.then(() => {
      throw error;
    }),
  );
}

function readAfterClose(): UsageError {
  return new UsageError(
    'COROSOCK_READ_AFTER_CLOSE',
    `ws.read(): expected the loop to end at 'closed', but this is its read number ${LAST_CLOSED_READ} after the end`,
  );
}
