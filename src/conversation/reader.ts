// The reader: what a handler waits with. It takes from the receive queue, parks
// reads while that is empty, gives the first of them what comes next past the queue,
// and is the one place that turns ends and time-outs into statuses. Arguments are
// checked by the socket above.

import { warnOfCut } from './cut-warning.ts';
import { LAST_CLOSED_READ, readAfterCloseError, rejectAfter } from './read-after-close.ts';
import type { ReceiveQueue } from './receive-queue.ts';
import type { PendingRead, ReadView } from './pending-read.ts';
import type { ReadTraces } from './read-traces.ts';
import { WaitingLine } from './waiting-line.ts';
import { abortable, rejected } from '../waiting/abortable.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Deadlines } from '../time/deadlines.ts';
import type { Clock } from '../time/clock.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { SpinGuard } from '../time/spin-guard.ts';
import { Subscribers } from '../waiting/subscribers.ts';
import type { TurnBudget } from '../time/turn-budget.ts';
import { toBytes } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { UsageError } from '../core/errors.ts';
import { DEFAULT_READ_LENGTH } from './pending-read.ts';
import { CLOSED, TIMED_OUT } from '../core/status.ts';
import type { ReadResult } from '../core/status.ts';

/** What a read that cannot be answered at once waits for. */
type Until = 'arrival' | 'next turn';

/** Whether a second read at once is a mistake or waits its turn. */
export type Readers = 'one' | 'many';

/** What the readers of a host share. */
export interface ReaderSettings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly budget: TurnBudget;
  readonly traces: ReadTraces;
}

const CLOSED_READ: Promise<ReadResult> = Promise.resolve(CLOSED);
/** What `select` takes. */
const MESSAGE: Pick<PendingRead, 'len'> = Object.freeze({ len: Infinity });
const TIMED_OUT_READ: Promise<ReadResult> = Promise.resolve(TIMED_OUT);

/** Reads from one queue, first come, first served (I1, I3, I4, I7). */
export class Reader {
  /** Settles the promise that was made last: an executor of its own for each read would be one more object. */
  static #settleLast: PendingRead['settle'];
  static readonly #executor = (settle: PendingRead['settle']): void => {
    Reader.#settleLast = settle;
  };

  readonly #queue: ReceiveQueue;
  readonly #settings: ReaderSettings;
  readonly #readers: Readers;
  /** Shared with the writer: a socket keeps one timer (I7). Who made it calls `ring`. */
  readonly #deadline: Deadline;
  readonly #spin = new SpinGuard();

  /** The parked reads. */
  readonly #line = new WaitingLine();
  /** Told of what no parked read takes; undefined where nobody ever was. */
  #subscribers: Subscribers | undefined;

  constructor(queue: ReceiveQueue, deadline: Deadline, readers: Readers, settings: ReaderSettings) {
    this.#queue = queue;
    this.#deadline = deadline;
    this.#readers = readers;
    this.#settings = settings;
  }

  // Called by whoever reads, through a socket.

  /** Takes what is there, or parks. */
  read(read: PendingRead): Promise<ReadResult> {
    const { signal } = read;
    const { first } = this.#line;
    if (signal?.aborted === true) return rejected(signal.reason);
    if (first !== undefined && this.#readers === 'one') return rejected(this.#concurrentRead(first));
    if (this.#queue.readable > 0) {
      if (first !== undefined || this.#settings.budget.spend()) return this.#wait(read, 'next turn');
      return Promise.resolve(this.#take(read, read.view));
    }
    if (this.#queue.isOver) return this.#readClosed(read);
    if (read.timeoutMs > 0) return this.#wait(read, 'arrival');
    return this.#spin.mustYield() ? this.#wait(read, 'next turn') : TIMED_OUT_READ;
  }

  // Called by the port of the socket, for `select`.

  get scheduling(): Scheduling {
    const { clock, deadlines, budget } = this.#settings;
    return { clock, deadlines, budget, spin: this.#spin };
  }

  /** Whether a message, or the end, is there for whoever is not in line. */
  get isReady(): boolean {
    return this.#queue.isOver || (this.#queue.readable > 0 && this.#line.first === undefined);
  }

  /** Takes the oldest message whole, or the end. */
  takeMessage(view: ReadView): ReadResult {
    if (this.#queue.readable > 0) return this.#take(MESSAGE, view);
    if (!this.#queue.isOver) return TIMED_OUT;
    view.closedReads += 1;
    if (view.closedReads >= LAST_CLOSED_READ) throw readAfterCloseError('select()');
    return CLOSED;
  }

  /** Calls back when something has come that no parked read takes, or the end has. @returns Ends that. */
  subscribe(wake: () => void): () => void {
    this.#subscribers ??= new Subscribers();
    return this.#subscribers.add(wake);
  }

  // Called by the socket.

  get isParked(): boolean {
    return this.#line.first !== undefined;
  }

  /** Gives a message straight to the read that has waited for longest, if that takes it whole. @returns Whether it has. */
  deliver(message: Data): boolean {
    const { first } = this.#line;
    if (first === undefined || !this.#queue.isPassable) return false;
    const { len = DEFAULT_READ_LENGTH, view } = first;
    // Its bytes are no fewer: what does not fit is not made bytes of here and again behind the queue.
    if (message.length > len) return false;
    const data = view.binaryData ? toBytes(message) : message;
    if (data.length > len) return false;
    this.#spin.reset();
    view.atEnd = true;
    this.#settle(first, [data, 'ok']);
    return true;
  }

  /** Something has arrived, or the end has come: serves the parked reads. */
  wake(): void {
    for (
      let { first } = this.#line;
      first !== undefined && this.#queue.readable > 0;
      { first } = this.#line
    ) {
      this.#settle(first, this.#take(first, first.view));
    }
    if (this.#queue.isOver) this.#finish();
    this.#tell();
  }

  /** Those that still wait have nothing to wait for. */
  #finish(): void {
    this.#deadline.stop();
    for (let { first } = this.#line; first !== undefined; { first } = this.#line) this.#settle(first, CLOSED);
  }

  /** The deadline rings: gives up what is due, and sets it for what is not. */
  onDeadline(nowMs: number): void {
    for (const read of this.#line) {
      if (read.dueMs <= nowMs) this.#settle(read, TIMED_OUT);
      else this.#deadline.setAt(read.dueMs);
    }
  }

  /** Ends one parked read early, which takes nothing; others are left alone. */
  giveUp(read: PendingRead): void {
    if (this.#line.has(read)) this.#settle(read, TIMED_OUT);
    this.#tell();
  }

  #tell(): void {
    this.#subscribers?.wakeWhile(this);
  }

  #take({ len }: Pick<PendingRead, 'len'>, view: ReadView): ReadResult {
    this.#spin.reset();
    if (view.binaryData) this.#queue.firstToBytes();
    const data = this.#queue.take(len ?? DEFAULT_READ_LENGTH);
    view.atEnd = !this.#queue.firstIsRest;
    if (!view.atEnd && len === undefined) warnOfCut();
    return [data, 'ok'];
  }

  #readClosed(read: PendingRead): Promise<ReadResult> {
    read.view.closedReads += 1;
    const answer = this.#spin.mustYield() ? this.#wait(read, 'next turn') : CLOSED_READ;
    return read.view.closedReads < LAST_CLOSED_READ
      ? answer
      : rejectAfter(answer, readAfterCloseError('ws.read()'));
  }

  #wait(read: PendingRead, until: Until): Promise<ReadResult> {
    if (read.signal === undefined) {
      const answer = new Promise(Reader.#executor);
      read.settle = Reader.#settleLast;
      this.#park(read, until);
      return answer;
    }
    return abortable(read.signal, (settle) => {
      read.settle = settle;
      this.#park(read, until);
      return () => {
        this.#line.remove(read);
        this.#tell();
      };
    });
  }

  #park(read: PendingRead, until: Until): void {
    const { timeoutMs, method } = read;
    const { clock, traces } = this.#settings;
    read.trace = traces.take(method);
    this.#line.append(read);
    if (until === 'next turn') {
      read.dueMs = Infinity;
      clock.setImmediate(() => this.#goOn(read));
      return;
    }
    read.dueMs = timeoutMs === Infinity ? Infinity : clock.now() + timeoutMs;
    this.#spin.reset();
    this.#deadline.setAt(read.dueMs);
  }

  /** A read that had to let the event loop have a turn: takes what is there now. */
  #goOn(read: PendingRead): void {
    // Served before its turn: the one that waits now has a turn of its own to wait for.
    if (!this.#line.has(read)) return;
    this.wake();
    if (!this.#line.has(read)) return;
    // With nothing there and no end: it was a read of 0 ms, or those before it have taken all.
    if (read.timeoutMs === 0) return this.#settle(read, TIMED_OUT);
    read.dueMs = this.#settings.clock.now() + read.timeoutMs;
    this.#deadline.setAt(read.dueMs);
  }

  /** Removes the read from the line before it settles it, so that nothing can reach it twice (I3). */
  #settle(read: PendingRead, result: ReadResult): void {
    this.#line.remove(read);
    read.settle(result);
  }

  #concurrentRead({ trace }: PendingRead): UsageError {
    this.#settings.traces.refill();
    const where = trace?.stack?.split('\n')[1]?.trim() ?? 'where will be remembered for the next time';
    return new UsageError(
      'COROSOCK_CONCURRENT_READ',
      `ws.read(): expected one read at a time, but another one waits already, ${where}`,
    );
  }
}
