// What holds the values of a channel, and who waits for them or for room. It is
// the channel's port, too: `select` takes without the waiting. Arguments are
// checked by the channel above.

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
import { CLOSED, TIMED_OUT } from '../core/status.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';

type PutStatus = WriteStatus | 'dropped';

/** One call that takes. */
export interface TakeRequest {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** By whom it can be given up; undefined where nobody can. */
  readonly owner: object | undefined;
}

interface Waiter<R, W> extends ListNode<W> {
  /** When to give up, on the clock; Infinity for never. */
  dueMs: number;
  readonly settle: (result: R) => void;
}

interface Taker<T> extends Waiter<ReadResult<T>, Taker<T>> {
  readonly request: TakeRequest;
}

interface Putter<T> extends Waiter<PutStatus, Putter<T>> {
  readonly value: T;
}

const CLOSED_TAKE: Promise<ReadResult<never>> = Promise.resolve(CLOSED);
const TIMED_OUT_TAKE: Promise<ReadResult<never>> = Promise.resolve(TIMED_OUT);
const ANSWERS = Object.freeze({
  ok: Promise.resolve('ok' as const),
  timeout: Promise.resolve('timeout' as const),
  closed: Promise.resolve('closed' as const),
  dropped: Promise.resolve('dropped' as const),
});

/** Keeps values in order, within bounds; first come, first served on both sides. */
export class ValueQueue<T> extends ScheduledPort<ReadResult<T>> implements DeadlineOwner {
  readonly scheduling: Scheduling;
  readonly #capacity: number;
  readonly #whenFull: WhenFull;
  readonly #values = new Ring<T>();
  /** Those who wait for a value, or for their next turn. */
  readonly #takers = new LinkedList<Taker<T>>();
  /** Those who wait for room. */
  readonly #putters = new LinkedList<Putter<T>>();
  readonly #deadline: Deadline;
  readonly #subscribers = new Subscribers();
  #isClosed = false;

  constructor(capacity: number, whenFull: WhenFull, clock: Clock) {
    super();
    // The turn is everybody's, a loop is somebody's.
    this.scheduling = { ...schedulingOf(clock), spin: new SpinGuard() };
    this.#capacity = capacity;
    this.#whenFull = whenFull;
    this.#deadline = new Deadline(this.scheduling.deadlines, this);
  }

  get size(): number {
    return this.#values.length;
  }

  // Called by whoever puts, through the channel.

  put(value: T, timeoutMs: number, signal: AbortSignal | undefined): Promise<PutStatus> {
    if (signal?.aborted === true) return rejected(signal.reason);
    if (this.#isClosed) return this.#refuse('closed');
    // Whoever waits for room goes first: there is none while somebody does.
    const isFull = this.#values.length >= this.#capacity;
    if (isFull && this.#whenFull === 'drop-newest') return this.#refuse('dropped');
    if (isFull && this.#whenFull === 'wait') {
      return timeoutMs === 0 ? this.#refuse('timeout') : this.#waitForRoom(value, timeoutMs, signal);
    }
    if (isFull) this.#values.shift();
    this.scheduling.spin.reset();
    this.#values.push(value);
    this.#serve();
    return this.scheduling.budget.spend() ? this.#nextTurn('ok') : ANSWERS.ok;
  }

  /** Accepts nothing more; what waits for room is not put. */
  close(): void {
    this.#isClosed = true;
    for (const putter of this.#putters) this.#settlePutter(putter, 'closed');
    this.#deadline.stop();
    this.#serve();
  }

  // Called by whoever takes, through the channel.

  /** Takes what is there, or waits. */
  next(request: TakeRequest): Promise<ReadResult<T>> {
    const { signal, timeoutMs } = request;
    const { spin, budget } = this.scheduling;
    if (signal?.aborted === true) return rejected(signal.reason);
    if (this.#values.length > 0) {
      spin.reset();
      if (this.#takers.first !== undefined || budget.spend()) return this.#wait(request, 'next turn');
      return Promise.resolve([this.#shift(), 'ok']);
    }
    if (!this.#isClosed && timeoutMs > 0) {
      spin.reset();
      return this.#wait(request, 'arrival');
    }
    if (spin.mustYield()) return this.#wait(request, 'next turn');
    return this.#isClosed ? CLOSED_TAKE : TIMED_OUT_TAKE;
  }

  /** Ends the waits of one owner early, which take nothing. */
  giveUp(owner: object): void {
    for (const taker of this.#takers) if (taker.request.owner === owner) this.#settleTaker(taker, TIMED_OUT);
    this.#subscribers.wakeWhile(this);
  }

  // Called by `select`.

  get isReady(): boolean {
    return this.isOver || (this.#values.length > 0 && this.#takers.first === undefined);
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

  /** Takes the oldest value, and lets one in that waits for the room. */
  #shift(): T {
    const value = this.#values.shift();
    const { first } = this.#putters;
    if (first === undefined) return value;
    this.#values.push(first.value);
    this.#settlePutter(first, 'ok');
    return value;
  }

  /** Something has come, or the end has: gives it to those who wait. */
  #serve(): void {
    while (this.#takers.first !== undefined && (this.#values.length > 0 || this.#isClosed)) {
      this.#settleTaker(this.#takers.first, this.take());
    }
    this.#subscribers.wakeWhile(this);
  }

  onDeadline(nowMs: number): void {
    for (const taker of this.#takers) {
      if (taker.dueMs <= nowMs) this.#settleTaker(taker, TIMED_OUT);
      else this.#deadline.setAt(taker.dueMs);
    }
    for (const putter of this.#putters) {
      if (putter.dueMs <= nowMs) this.#settlePutter(putter, 'timeout');
      else this.#deadline.setAt(putter.dueMs);
    }
  }

  #wait(request: TakeRequest, until: 'arrival' | 'next turn'): Promise<ReadResult<T>> {
    const { signal } = request;
    if (signal === undefined) return new Promise((settle) => void this.#park(request, until, settle));
    return abortable(signal, (settle) => {
      const taker = this.#park(request, until, settle);
      return () => {
        this.#takers.remove(taker);
        this.#subscribers.wakeWhile(this);
      };
    });
  }

  #park(request: TakeRequest, until: 'arrival' | 'next turn', settle: Taker<T>['settle']): Taker<T> {
    const taker: Taker<T> = { request, dueMs: Infinity, settle, previous: undefined, next: undefined };
    this.#takers.append(taker);
    if (until === 'next turn') this.scheduling.clock.setImmediate(() => this.#goOn(taker));
    else this.#setDue(taker, request.timeoutMs);
    return taker;
  }

  /** One that had to let the event loop have a turn: takes what is there now. */
  #goOn(taker: Taker<T>): void {
    if (this.#takers.has(taker)) this.#serve();
    if (!this.#takers.has(taker)) return;
    const { timeoutMs } = taker.request;
    if (timeoutMs === 0) this.#settleTaker(taker, TIMED_OUT);
    else this.#setDue(taker, timeoutMs);
  }

  #waitForRoom(value: T, timeoutMs: number, signal: AbortSignal | undefined): Promise<PutStatus> {
    this.scheduling.spin.reset();
    const park = (settle: Putter<T>['settle']): (() => void) => {
      const putter: Putter<T> = { value, dueMs: Infinity, settle, previous: undefined, next: undefined };
      this.#putters.append(putter);
      this.#setDue(putter, timeoutMs);
      return () => this.#putters.remove(putter);
    };
    return signal === undefined ? new Promise((settle) => void park(settle)) : abortable(signal, park);
  }

  #setDue(waiter: Taker<T> | Putter<T>, timeoutMs: number): void {
    if (timeoutMs === Infinity) return;
    waiter.dueMs = this.scheduling.clock.now() + timeoutMs;
    this.#deadline.setAt(waiter.dueMs);
  }

  /** Before it is settled, so that nothing can reach it twice. */
  #settleTaker(taker: Taker<T>, result: ReadResult<T>): void {
    this.#takers.remove(taker);
    taker.settle(result);
  }

  #settlePutter(putter: Putter<T>, status: PutStatus): void {
    this.#putters.remove(putter);
    putter.settle(status);
  }

  /** An answer that did not have to wait; from the third in a row the event loop has a turn first. */
  #refuse(status: PutStatus): Promise<PutStatus> {
    return this.scheduling.spin.mustYield() ? this.#nextTurn(status) : ANSWERS[status];
  }

  #nextTurn(status: PutStatus): Promise<PutStatus> {
    return new Promise((settle) => void this.scheduling.clock.setImmediate(() => settle(status)));
  }
}
