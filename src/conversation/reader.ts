// The reader of one socket: answers reads from the receive queue, and parks those that find it
// empty. Sockets call `read`, the conversation `receive`. The only place that turns ends and
// time-outs into statuses of reads. Arguments are checked in socket/message-socket.ts; bounds and
// cuts are in receive-queue.ts.

import { callOf, DEFAULT_READ_LENGTH, given, settledBy } from './pending-read.ts';
import type { PendingRead, ReadView } from './pending-read.ts';
import {
  LAST_CLOSED_READ,
  readAfterCloseError,
  ReadOwner,
  rejectAfter,
  SELECT_CURE,
} from './read-mistakes.ts';
import type { ReadTraces } from './read-mistakes.ts';
import type { ReceiveQueue } from './receive-queue.ts';
import type { Activity } from './writer.ts';
import { toBytes } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { CLOSED, TIMED_OUT } from '../core/status.ts';
import { UNTIL_LATER_TURN } from '../core/parked-wait.ts';
import type { ParkedWait } from '../core/parked-wait.ts';
import type { ReadResult } from '../core/status.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { Clock } from '../time/clock.ts';
import type { Deadline, Deadlines } from '../time/deadline.ts';
import type { ParkedSelects, Scheduling } from '../time/scheduling.ts';
import { SpinGuard } from '../time/spin-guard.ts';
import type { TurnBudget } from '../time/turn-budget.ts';
import { abortable, rejected } from '../waiting/abortable.ts';
import { Subscribers } from '../waiting/subscribers.ts';

/** Whether a second read at the same time is a mistake or waits in line. */
export type Readers = 'one' | 'many';

/** What the readers of a host share. */
export interface ReaderSettings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly budget: TurnBudget;
  readonly traces: ReadTraces;
  /** The selects that wait for one of its sockets; undefined where it is no host. */
  readonly selects?: ParkedSelects | undefined;
  /** Reads in another way; undefined for the ordinary one. */
  readonly Reader?: typeof Reader | undefined;
}

const CLOSED_READ: Promise<ReadResult> = Promise.resolve(CLOSED);
const TIMED_OUT_READ: Promise<ReadResult> = Promise.resolve(TIMED_OUT);

/** Answers the reads of one socket in the order of the calls (I1, I3, I4, I7). */
export class Reader {
  readonly #queue: ReceiveQueue;
  readonly #settings: ReaderSettings;
  readonly #readers: Readers;
  /** Shared with writer and heartbeat: a socket keeps one timer (I7), and spends as one. */
  readonly #deadline: Deadline;
  /** Made with the first call that could not wait (row: idle sockets). */
  #spin: SpinGuard | undefined;

  /** Reads that wait, oldest first. */
  readonly #parked = new LinkedList<PendingRead>();
  /** The call that reads alone; undefined where any call may read. Set by the reader alone. */
  owner: ReadOwner | undefined;
  /**
   * Selects that wait for a message which no parked read takes. Made with the first, by the reader
   * alone.
   */
  subscribers: Subscribers | undefined;
  /** Called for each message that a hook is to be offered; undefined without a hook. */
  #onArrival: (() => void) | undefined;
  /** Counts received messages; undefined without a session. */
  #activity: Activity | undefined;
  /** Called when a caller waits in a read; undefined until the peer has closed. */
  #onWait: (() => void) | undefined;

  constructor(queue: ReceiveQueue, deadline: Deadline, readers: Readers, settings: ReaderSettings) {
    this.#queue = queue;
    this.#deadline = deadline;
    this.#readers = readers;
    this.#settings = settings;
  }

  // Called by the socket.

  /**
   * Answers from the queue, or parks the read until a message, the end, time-out or signal.
   *
   * @throws UsageError `COROSOCK_CONCURRENT_READ`.
   */
  read(read: PendingRead): Promise<ReadResult> {
    const { signal } = read;
    const { first } = this.#parked;
    if (signal?.aborted === true) return rejected(signal.reason);
    if (this.owner !== undefined) throw this.owner.errorOf(callOf(read));
    if (first !== undefined && this.#readers === 'one')
      throw this.#settings.traces.concurrentReadError(first.trace, callOf(read), SELECT_CURE);
    if (this.#queue.readable > 0) {
      if (first !== undefined || this.#settings.budget.spend(this.#deadline))
        return this.#wait(read, 'later');
      return Promise.resolve(this.#take(read));
    }
    if (this.#queue.isOver) return this.#readClosed(read);
    if (read.timeoutMs > 0) return this.#wait(read, 'arrival');
    read.view.inHand ??= 'nothing';
    return (this.#spin ??= new SpinGuard()).mustYield() ? this.#wait(read, 'later') : TIMED_OUT_READ;
  }

  /**
   * Takes the oldest message for a read that has no signal, where nothing stands in its way. Such a
   * read needs no record and no place in the line (row: 64 sockets × 64 in flight).
   *
   * @param len - Most to take.
   * @returns undefined, and takes nothing, where `read` has to decide.
   */
  takeAtOnce(view: ReadView, len: number = DEFAULT_READ_LENGTH): Data | undefined {
    if (this.#parked.first !== undefined || this.owner !== undefined || view.binaryData) return undefined;
    const { oldest } = this.#queue;
    if (oldest === undefined || oldest.data.length > len) return undefined;
    if (this.#settings.budget.spend(this.#deadline)) return undefined;
    return this.#takeUpTo(len, view);
  }

  /** Ends a parked read with `timeout`: it takes nothing. A settled read stays as it is. */
  cancel(read: PendingRead): void {
    this.#settle(read, TIMED_OUT);
    this.subscribers?.wakeWhile(this);
  }

  /**
   * Lets one call read alone from now on, by its own view and for good.
   *
   * @param call - Named in errors: its own, and those of other reads.
   * @returns What the reader keeps of the call.
   * @throws UsageError `COROSOCK_CONCURRENT_READ` where a read waits, or another call reads alone.
   */
  own(call: string, view: ReadView): ReadOwner {
    this.owner?.check(view, call);
    const { first } = this.#parked;
    if (first !== undefined) throw this.#settings.traces.concurrentReadError(first.trace, call);
    return (this.owner = new ReadOwner(call, view));
  }

  // Called by the socket's port, for `select`.

  get scheduling(): Scheduling {
    const { clock, deadlines, budget } = this.#settings;
    return { clock, deadlines, budget, spin: (this.#spin ??= new SpinGuard()), spender: this.#deadline };
  }

  get selects(): ParkedSelects | undefined {
    return this.#settings.selects;
  }

  /** Whether a message that no parked read takes, or the end, is there. */
  get isReady(): boolean {
    return this.#queue.isOver || (this.#queue.readable > 0 && this.#parked.first === undefined);
  }

  /**
   * Takes the oldest message whole, or the end.
   *
   * @throws UsageError `COROSOCK_READ_AFTER_CLOSE` where the caller has read the end 99 times.
   */
  takeMessage(view: ReadView): ReadResult {
    this.owner?.check(view, 'select()');
    if (this.#queue.readable > 0) return [this.#takeUpTo(Infinity, view), 'ok'];
    if (!this.#queue.isOver) return TIMED_OUT;
    view.closedReads += 1;
    if (view.closedReads >= LAST_CLOSED_READ) throw readAfterCloseError('select()');
    return CLOSED;
  }

  /**
   * Calls back when a message that no parked read takes, or the end, has come.
   *
   * @returns Unsubscribes.
   */
  subscribe(wake: () => void, view: ReadView): () => void {
    this.owner?.check(view, 'select()');
    this.#setWaiting(view);
    this.subscribers ??= new Subscribers();
    return this.subscribers.add(wake);
  }

  // Called by the conversation.

  /**
   * Answers the read that has waited longest with a message, or keeps the message in the queue.
   *
   * @param bytes - Size on the wire.
   * @returns false when the queue then holds more than it may.
   */
  receive(data: Data, bytes: number): boolean {
    this.#activity?.active();
    const { first } = this.#parked;
    if (first !== undefined && this.#queue.isPassable && this.#pass(data, first)) return true;
    this.#queue.push(data, bytes);
    if (this.#onArrival === undefined) this.serve();
    else this.#onArrival();
    return this.#queue.regulate();
  }

  /** Answers parked reads with queued messages, with `closed` at the end; wakes subscribers. */
  serve(): void {
    for (
      let { first } = this.#parked;
      first !== undefined && this.#queue.readable > 0;
      { first } = this.#parked
    ) {
      this.#settle(first, this.#take(first));
    }
    if (this.#queue.isOver) this.#close();
    this.subscribers?.wakeWhile(this);
  }

  /** The read that has waited longest. */
  get firstParked(): PendingRead | undefined {
    return this.#parked.first;
  }

  /** The reads that wait, oldest first. */
  get parked(): Iterable<ParkedWait> {
    return this.#parked;
  }

  /** Ends reads that are due with `timeout`, and sets the deadline for the others. */
  onDeadline(nowMs: number): void {
    this.#parked.forEach((read) => {
      if (read.sinceMs === UNTIL_LATER_TURN) return;
      const dueMs = read.sinceMs + read.timeoutMs;
      if (dueMs <= nowMs) this.#settle(read, TIMED_OUT);
      else this.#deadline.setAt(dueMs);
    });
  }

  /** Counts each received message with `activity`. Called before any has come. */
  whenActive(activity: Activity): void {
    this.#activity = activity;
  }

  /** Calls back when a caller waits in a read: it has nothing in hand. */
  whenWaiting(onWait: () => void): void {
    this.#onWait = onWait;
  }

  // Called by the server, for `onClientMessage`.

  /** Offers messages to a hook before reads, and calls back for each. Before any has come. */
  offerFirst(onArrival: () => void): void {
    this.#queue.offerFirst();
    this.#onArrival = onArrival;
  }

  /** The oldest message that the hook has yet to be offered; undefined where there is none. */
  get unoffered(): Data | undefined {
    return this.#queue.unoffered;
  }

  /** Drops the message that the hook was offered and has consumed. */
  dropOffered(): void {
    this.#queue.dropOffered();
    this.serve();
  }

  /** Gives the reads the message that the hook was offered and has not consumed. */
  releaseOffered(): void {
    this.#queue.releaseOffered();
    this.serve();
  }

  /**
   * Answers a parked read past the queue.
   *
   * @returns false, and does nothing, where the read would cut the message, or where another read
   *   waits behind it: that one may get a message of the same chunk, and both may transfer their
   *   memory. The queue copies such messages.
   */
  #pass(message: Data, read: PendingRead): boolean {
    const { len = DEFAULT_READ_LENGTH, view } = read;
    // Text has at least as many bytes as units: what is too long as text is too long as bytes, and
    // the queue encodes it, once.
    if (message.length > len) return false;
    const data = view.binaryData ? toBytes(message) : message;
    if (read.next !== undefined || data.length > len) return false;
    this.#spin?.reset();
    view.atEnd = true;
    view.inHand = 'message';
    this.#settle(read, [data, 'ok']);
    return true;
  }

  /** Settles all parked reads with `closed`. */
  #close(): void {
    this.#deadline.stop();
    for (let { first } = this.#parked; first !== undefined; { first } = this.#parked) {
      this.#settle(first, CLOSED);
    }
  }

  #take(read: PendingRead): ReadResult {
    const data = this.#takeUpTo(read.len ?? DEFAULT_READ_LENGTH, read.view);
    if (!read.view.atEnd && read.len === undefined) this.#settings.traces.warnOfCut(read);
    return [data, 'ok'];
  }

  #takeUpTo(len: number, view: ReadView): Data {
    this.#spin?.reset();
    if (view.binaryData) this.#queue.firstToBytes();
    const data = this.#queue.take(len);
    view.atEnd = !this.#queue.firstIsRest;
    view.inHand = 'message';
    return data;
  }

  #readClosed(read: PendingRead): Promise<ReadResult> {
    read.view.closedReads += 1;
    const answer = (this.#spin ??= new SpinGuard()).mustYield() ? this.#wait(read, 'later') : CLOSED_READ;
    return read.view.closedReads < LAST_CLOSED_READ
      ? answer
      : rejectAfter(answer, readAfterCloseError(callOf(read)));
  }

  #wait(read: PendingRead, until: 'arrival' | 'later'): Promise<ReadResult> {
    if (read.signal === undefined) {
      const answer = settledBy(read);
      this.#park(read, until);
      return given(read, answer);
    }
    const answer = abortable<ReadResult>(read.signal, (settle, _, resolver) => {
      read.settle = settle;
      read.resolver = resolver;
      this.#park(read, until);
      return () => {
        this.#parked.remove(read);
        this.subscribers?.wakeWhile(this);
      };
    });
    return given(read, answer);
  }

  #park(read: PendingRead, until: 'arrival' | 'later'): void {
    read.trace = this.#settings.traces.take(read.method);
    this.#parked.append(read);
    this.#setWaiting(read.view);
    if (until === 'later') return this.#settings.budget.later(() => this.#goOn(read), this.#deadline);
    this.#spin?.reset();
    this.#setDue(read);
  }

  #setDue(read: PendingRead): void {
    // Rounded up: a read never ends before its time.
    read.sinceMs = Math.ceil(this.#settings.clock.now());
    this.#deadline.setAt(read.sinceMs + read.timeoutMs);
  }

  #setWaiting(view: ReadView): void {
    view.inHand = 'nothing';
    this.#onWait?.();
  }

  /** Goes on with a read that had to let the event loop have a turn: takes what is there now. */
  #goOn(read: PendingRead): void {
    // Answered before. The read that is first now has a callback of its own.
    if (!this.#parked.has(read)) return;
    this.serve();
    if (!this.#parked.has(read)) return;
    // No message and no end: a read of 0 ms, or earlier reads have taken all.
    if (read.timeoutMs === 0) return this.#settle(read, TIMED_OUT);
    this.#setDue(read);
  }

  /** Removes the read from the line before it settles it: nothing can reach it twice (I3). */
  #settle(read: PendingRead, result: ReadResult): void {
    this.#parked.remove(read);
    read.settle(result);
  }
}
