// The queue of one channel: its values, the takes that wait for a value, and the puts that wait
// for room. bounded-channel.ts calls `put`, `takeOrWait`, `cancel` and `close`, with arguments
// that it has checked. The queue is also the channel's port: `select` calls `ready`, `take` and
// `subscribe`, which never wait.

import { Ring } from '../structures/ring.ts';
import type { WhenFull } from './channel.ts';
import { abortable, rejected } from '../waiting/abortable.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner } from '../time/deadline.ts';
import type { Clock } from '../time/clock.ts';
import { ScheduledPort, schedulingOf } from '../time/scheduling.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { SpinGuard } from '../time/spin-guard.ts';
import { Subscribers } from '../waiting/subscribers.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';
import { looseWaits } from '../waiting/loose-waits.ts';
import type { LooseWait, WaitHolder } from '../waiting/loose-waits.ts';
import type { ParkedWait, Resolver } from '../core/parked-wait.ts';
import { CLOSED, TIMED_OUT } from '../core/status.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';

type PutStatus = WriteStatus | 'dropped';

/** What a take asks for. */
export interface TakeRequest {
  /** Longest wait, ≥ 0; 0 takes what is there, Infinity sets no timer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** `cancel` with this object ends the wait; undefined where nothing cancels it. */
  readonly owner: object | undefined;
}

/** `host.waits` does not ask: see {@link ParkedWait}. */
const NOT_COUNTED = NaN;

/** A take that waits for a value, or for a later turn. */
interface WaitingTake<T> extends ParkedWait, ListNode<WaitingTake<T>> {
  readonly request: TakeRequest;
  readonly settle: (result: ReadResult<T>) => void;
  /** When it times out, on the clock; Infinity for never. */
  dueMs: number;
}

/** A put that waits for room. */
interface WaitingPut<T> extends ParkedWait, ListNode<WaitingPut<T>> {
  readonly value: T;
  readonly settle: (status: PutStatus) => void;
  /** When it times out, on the clock; Infinity for never. */
  dueMs: number;
}

const CLOSED_TAKE: Promise<ReadResult<never>> = Promise.resolve(CLOSED);
const TIMED_OUT_TAKE: Promise<ReadResult<never>> = Promise.resolve(TIMED_OUT);
const ANSWERS = Object.freeze({
  ok: Promise.resolve('ok' as const),
  timeout: Promise.resolve('timeout' as const),
  closed: Promise.resolve('closed' as const),
  dropped: Promise.resolve('dropped' as const),
});

/** Keeps values in order and within bounds. Serves takes and puts in the order of the calls. */
export class ValueQueue<T> extends ScheduledPort<ReadResult<T>> implements DeadlineOwner, WaitHolder {
  readonly scheduling: Scheduling;
  readonly #capacity: number;
  readonly #whenFull: WhenFull;
  readonly #values = new Ring<T>();
  readonly #takes = new LinkedList<WaitingTake<T>>();
  readonly #puts = new LinkedList<WaitingPut<T>>();
  readonly #deadline: Deadline;
  readonly #subscribers = new Subscribers();
  #isClosed = false;
  /** Whether its waits are listed. A channel for which no call ever waits costs nothing. */
  #isListed = false;

  constructor(capacity: number, whenFull: WhenFull, clock: Clock) {
    super();
    // All channels of a clock share the turn's budget. A loop runs over one channel: each has a
    // guard of its own.
    this.scheduling = { ...schedulingOf(clock), spin: new SpinGuard(), spender: this };
    this.#capacity = capacity;
    this.#whenFull = whenFull;
    this.#deadline = new Deadline(this.scheduling.deadlines, this);
  }

  get size(): number {
    return this.#values.length;
  }

  // Called by the channel.

  put(value: T, timeoutMs: number, signal: AbortSignal | undefined): Promise<PutStatus> {
    if (signal?.aborted === true) return rejected(signal.reason);
    if (this.#isClosed) return this.#refuse('closed');
    // Waiting puts go first without a check: while one waits, the queue is full.
    const isFull = this.#values.length >= this.#capacity;
    if (isFull && this.#whenFull === 'drop-newest') return this.#refuse('dropped');
    if (isFull && this.#whenFull === 'wait') {
      return timeoutMs === 0 ? this.#refuse('timeout') : this.#waitForRoom(value, timeoutMs, signal);
    }
    if (isFull) this.#values.shift();
    this.scheduling.spin.reset();
    this.#values.push(value);
    this.#serve();
    return this.scheduling.budget.spend(this) ? this.scheduling.budget.okLater(this) : ANSWERS.ok;
  }

  /** Takes the oldest value or the end, or waits for one. */
  takeOrWait(request: TakeRequest): Promise<ReadResult<T>> {
    const { signal, timeoutMs } = request;
    const { spin, budget } = this.scheduling;
    if (signal?.aborted === true) return rejected(signal.reason);
    if (this.#values.length > 0) {
      spin.reset();
      if (this.#takes.first !== undefined || budget.spend(this)) return this.#wait(request, 'later');
      return Promise.resolve(this.take());
    }
    if (!this.#isClosed && timeoutMs > 0) {
      spin.reset();
      return this.#wait(request, 'arrival');
    }
    if (spin.mustYield()) return this.#wait(request, 'later');
    return this.#isClosed ? CLOSED_TAKE : TIMED_OUT_TAKE;
  }

  /** Ends the waiting takes of one owner with `timeout`: they take nothing. Other takes wait on. */
  cancel(owner: object): void {
    this.#takes.forEach((take) => {
      if (take.request.owner === owner) this.#settleTake(take, TIMED_OUT);
    });
    this.#subscribers.wakeWhile(this);
  }

  /** Refuses further values. Waiting puts end with `closed`; values that are there can be taken. */
  close(): void {
    this.#isClosed = true;
    this.#puts.forEach((put) => this.#settlePut(put, 'closed'));
    this.#deadline.stop();
    this.#serve();
  }

  // Called by a queue that bounds itself.

  /** The value that was added last; undefined where there is none. */
  protected get newest(): T | undefined {
    return this.#values.length === 0 ? undefined : this.#values.last;
  }

  /** Adds a value whether there is room or not; to a closed queue none. */
  protected append(value: T): void {
    if (this.#isClosed) return;
    this.#values.push(value);
    this.#serve();
  }

  /** Removes the only value: it says nothing any more. */
  protected takeBack(): void {
    this.#values.shift();
  }

  // Called by `host.waits`.

  /** A channel that is closed may yet have a `take` that waits for its turn. */
  readonly isDone = false;

  get held(): readonly LooseWait[] {
    return [...this.#takes, ...this.#puts].map((wait): LooseWait => ['other', wait]);
  }

  // Called by `select`.

  get isReady(): boolean {
    return this.isOver || (this.#values.length > 0 && this.#takes.first === undefined);
  }

  get isOver(): boolean {
    return this.#isClosed && this.#values.length === 0;
  }

  ready(): boolean {
    return this.isReady;
  }

  take(): ReadResult<T> {
    if (this.#values.length > 0) return [this.#shift(), 'ok'];
    return this.#isClosed ? CLOSED : TIMED_OUT;
  }

  subscribe(wake: () => void): () => void {
    return this.#subscribers.add(wake);
  }

  // Called by the deadline.

  onDeadline(nowMs: number): void {
    this.#takes.forEach((take) => {
      if (take.dueMs <= nowMs) this.#settleTake(take, TIMED_OUT);
      else this.#deadline.setAt(take.dueMs);
    });
    this.#puts.forEach((put) => {
      if (put.dueMs <= nowMs) this.#settlePut(put, 'timeout');
      else this.#deadline.setAt(put.dueMs);
    });
  }

  /** Takes the oldest value. The room goes to the oldest waiting put. */
  #shift(): T {
    const value = this.#values.shift();
    const { first } = this.#puts;
    if (first === undefined) return value;
    this.#values.push(first.value);
    this.#settlePut(first, 'ok');
    return value;
  }

  /** Answers waiting takes with values, and with `closed` at the end; then wakes subscribers. */
  #serve(): void {
    while (this.#takes.first !== undefined && (this.#values.length > 0 || this.#isClosed)) {
      this.#settleTake(this.#takes.first, this.take());
    }
    this.#subscribers.wakeWhile(this);
  }

  #wait(request: TakeRequest, until: 'arrival' | 'later'): Promise<ReadResult<T>> {
    const { signal } = request;
    if (signal === undefined) return new Promise((settle) => void this.#park(request, until, settle));
    return abortable(signal, (settle, _, resolver) => {
      const take = this.#park(request, until, settle, resolver);
      return () => {
        this.#takes.remove(take);
        this.#subscribers.wakeWhile(this);
      };
    });
  }

  #park(
    request: TakeRequest,
    until: 'arrival' | 'later',
    settle: WaitingTake<T>['settle'],
    resolver: Resolver = settle,
  ): WaitingTake<T> {
    const take: WaitingTake<T> = {
      request,
      settle,
      resolver,
      sinceMs: NOT_COUNTED,
      dueMs: Infinity,
      previous: undefined,
      next: undefined,
    };
    this.#takes.append(take);
    if (until === 'later') this.scheduling.budget.later(() => this.#onTurn(take), this);
    else this.#setDue(take, request.timeoutMs);
    return take;
  }

  /** Answers a take that had to yield to the event loop, or lets it wait from now on. */
  #onTurn(take: WaitingTake<T>): void {
    if (this.#takes.has(take)) this.#serve();
    if (!this.#takes.has(take)) return;
    const { timeoutMs } = take.request;
    if (timeoutMs === 0) this.#settleTake(take, TIMED_OUT);
    else this.#setDue(take, timeoutMs);
  }

  #waitForRoom(value: T, timeoutMs: number, signal: AbortSignal | undefined): Promise<PutStatus> {
    this.scheduling.spin.reset();
    const park = (settle: WaitingPut<T>['settle'], _: unknown, resolver: Resolver): (() => void) => {
      const put: WaitingPut<T> = {
        value,
        settle,
        resolver,
        sinceMs: NOT_COUNTED,
        dueMs: Infinity,
        previous: undefined,
        next: undefined,
      };
      this.#puts.append(put);
      this.#setDue(put, timeoutMs);
      return () => this.#puts.remove(put);
    };
    if (signal !== undefined) return abortable(signal, park);
    return new Promise((settle) => void park(settle, undefined, settle));
  }

  #setDue(wait: WaitingTake<T> | WaitingPut<T>, timeoutMs: number): void {
    if (!this.#isListed) looseWaits.hold(this);
    this.#isListed = true;
    if (timeoutMs === Infinity) return;
    wait.dueMs = this.scheduling.clock.now() + timeoutMs;
    this.#deadline.setAt(wait.dueMs);
  }

  /** Removes the take from the list before it settles it, so that nothing can settle it twice. */
  #settleTake(take: WaitingTake<T>, result: ReadResult<T>): void {
    this.#takes.remove(take);
    take.settle(result);
  }

  #settlePut(put: WaitingPut<T>, status: PutStatus): void {
    this.#puts.remove(put);
    put.settle(status);
  }

  /** Answers without a wait. From the third in a row on, the event loop has a turn first. */
  #refuse(status: PutStatus): Promise<PutStatus> {
    if (!this.scheduling.spin.mustYield()) return ANSWERS[status];
    return new Promise((settle) => this.scheduling.budget.later(() => settle(status), this));
  }
}
