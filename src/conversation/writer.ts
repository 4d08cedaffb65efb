// The writer: what a handler sends with. It accepts messages below the
// high-water mark, lets the others wait in order, and is the one place that
// turns a closing link into a status. Frames are the transport's business, the
// parts of a message FragmentedWrite's.

import { abortable, rejected } from '../waiting/abortable.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Clock } from '../time/clock.ts';
import { SpinGuard } from '../time/spin-guard.ts';
import type { TurnBudget } from '../time/turn-budget.ts';
import { FragmentedWrite } from './fragmented-write.ts';
import type { FragmentedEnd, FragmentedRequest, FragmentSink } from './fragmented-write.ts';
import type { FragmentOptions, Transport } from '../transport/transport.ts';
import type { WaitingWrite, WriteRequest } from './write-request.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { Data } from '../core/data.ts';
import type { WriteStatus } from '../core/status.ts';
import { noop } from '../core/noop.ts';

/** What the writers of a host share. */
export interface WriterSettings {
  readonly clock: Clock;
  readonly budget: TurnBudget;
  readonly writeBufferBytes: number;
}

/** Who counts what is said. */
export interface Activity {
  /** A message was received or sent. */
  active(): void;
}

const ACCEPTED: Promise<WriteStatus> = Promise.resolve('ok');
const TIMED_OUT: Promise<WriteStatus> = Promise.resolve('timeout');
const CLOSED: Promise<WriteStatus> = Promise.resolve('closed');

/** Writes to one transport, in the order of the calls (I4, I9). */
export class Writer implements FragmentSink {
  readonly #transport: Transport;
  /** Shared with the reader: a socket keeps one timer (I7). Who made it calls `ring`. */
  readonly #deadline: Deadline;
  readonly #settings: WriterSettings;
  /** Hears of each message that is accepted; undefined where nobody counts them. */
  readonly #activity: Activity | undefined;
  readonly #spin = new SpinGuard();

  /** Writes that wait, oldest first, or that of a message in parts, which holds the line; made when the first one has to. */
  #waiters: LinkedList<WaitingWrite> | undefined;
  /** Whether they go on in the next turn, whatever has drained in this one. */
  #goesOn = false;
  /** Called once nothing waits any more; set when no further write is accepted. */
  #onFinish: (() => void) | undefined;

  constructor(
    transport: Transport,
    deadline: Deadline,
    settings: WriterSettings,
    activity: Activity | undefined,
  ) {
    this.#transport = transport;
    this.#deadline = deadline;
    this.#settings = settings;
    this.#activity = activity;
  }

  // Called by the handler, through the socket.

  /** Accepts one message, or lets it wait for room. */
  write(request: WriteRequest): Promise<WriteStatus> {
    const { timeoutMs, signal } = request;
    if (signal?.aborted === true) return rejected(signal.reason);
    if (this.#onFinish !== undefined) return this.#answer('closed', CLOSED);
    if (this.#hasRoom()) {
      if (!this.#send(request)) return this.#answer('closed', CLOSED);
      this.#spin.reset();
      // A peer that reads as fast as we write would keep the event loop to itself.
      return this.#settings.budget.spend() ? this.#nextTurn('ok') : ACCEPTED;
    }
    if (timeoutMs === 0) return this.#answer('timeout', TIMED_OUT);
    return this.#wait(request);
  }

  /** Accepts a message part by part; nothing else goes in between. */
  async writeFragments(request: FragmentedRequest): Promise<WriteStatus> {
    const { timeoutMs, signal } = request;
    if (signal?.aborted === true) throw signal.reason;
    if (this.#onFinish !== undefined) return this.#answer('closed', CLOSED);
    if (timeoutMs === 0 && !this.#hasRoom()) return this.#answer('timeout', TIMED_OUT);
    const end = await this.#waitForFragments(request);
    if ('error' in end) throw end.error;
    return end.status;
  }

  // Called by the socket.

  /** The transport has room again. */
  drain(): void {
    if (this.#waiters === undefined || this.#goesOn) return;
    for (let { first } = this.#waiters; first !== undefined; { first } = this.#waiters) {
      if (!this.mayGoOn()) return;
      first.goOn();
      if (this.#waiters.has(first)) return;
    }
    this.#finishIfDone();
  }

  /** The deadline rings: gives up what is due, and sets it for what is not. */
  onDeadline(nowMs: number): void {
    for (const waiter of this.#waiters ?? []) {
      if (waiter.dueMs <= nowMs) this.#settle(waiter, 'timeout');
      else this.#deadline.setAt(waiter.dueMs);
    }
    this.#finishIfDone();
  }

  /** Accepts no further write; calls back once those that wait have gone, which may be at once. */
  finish(whenDone: () => void): void {
    this.#onFinish = whenDone;
    this.#finishIfDone();
  }

  /** The conversation is over: what still waits was not sent. */
  stop(): void {
    this.#onFinish = noop;
    this.#closeAll();
  }

  // Called by a write of a message in parts.

  /** Whether there is room and time for one more; where not, whoever is first is told when there is. */
  mayGoOn(): boolean {
    if (this.#transport.bufferedBytes >= this.#settings.writeBufferBytes) return false;
    if (!this.#settings.budget.spend()) return true;
    this.#goOn();
    return false;
  }

  sendFragment(part: Data, options: FragmentOptions): boolean {
    const isAccepted = this.#transport.sendFragment(part, options);
    if (isAccepted) this.#activity?.active();
    return isAccepted;
  }

  fragmentedWriteOnEnd(write: FragmentedWrite): void {
    this.#waiters?.remove(write);
    this.drain();
  }

  /** Nothing can follow a message that has no end. */
  fragmentedWriteOnBreak(write: FragmentedWrite, onBroken: () => void): void {
    this.#waiters?.remove(write);
    this.#closeAll();
    onBroken();
    this.#finishIfDone();
  }

  #closeAll(): void {
    for (const waiter of this.#waiters ?? []) this.#settle(waiter, 'closed');
  }

  #send({ data, options }: WriteRequest): boolean {
    const isAccepted = this.#transport.send(data, options);
    if (isAccepted) this.#activity?.active();
    return isAccepted;
  }

  /** The budget of this turn is spent: what waits is served in the next one. */
  #goOn(): void {
    if (this.#goesOn) return;
    this.#goesOn = true;
    this.#settings.clock.setImmediate(() => {
      this.#goesOn = false;
      this.drain();
    });
  }

  #hasRoom(): boolean {
    return (
      this.#waiters?.first === undefined && this.#transport.bufferedBytes < this.#settings.writeBufferBytes
    );
  }

  #wait(request: WriteRequest): Promise<WriteStatus> {
    this.#spin.reset();
    if (request.signal === undefined) return new Promise((settle) => void this.#park(request, settle));
    return abortable(request.signal, (settle) => {
      const waiter = this.#park(request, settle);
      return () => {
        this.#waiters?.remove(waiter);
        this.#finishIfDone();
      };
    });
  }

  #park(request: WriteRequest, settle: (status: WriteStatus) => void): WaitingWrite {
    const waiter: WaitingWrite = {
      dueMs: this.#dueMs(request.timeoutMs),
      goOn: () => this.#settle(waiter, this.#send(request) ? 'ok' : 'closed'),
      settle,
      previous: undefined,
      next: undefined,
    };
    return this.#append(waiter);
  }

  #waitForFragments(request: FragmentedRequest): Promise<FragmentedEnd> {
    this.#spin.reset();
    const park = (settle: (end: FragmentedEnd) => void): FragmentedWrite => {
      const write = new FragmentedWrite(request, this.#dueMs(request.timeoutMs), settle, this);
      this.#append(write);
      this.drain();
      return write;
    };
    if (request.signal === undefined) return new Promise((settle) => void park(settle));
    return abortable(request.signal, (settle) => {
      const write = park(settle);
      return () => write.cancel();
    });
  }

  #dueMs(timeoutMs: number): number {
    return timeoutMs === Infinity ? Infinity : this.#settings.clock.now() + timeoutMs;
  }

  #append<W extends WaitingWrite>(waiter: W): W {
    this.#waiters ??= new LinkedList();
    this.#waiters.append(waiter);
    this.#deadline.setAt(waiter.dueMs);
    return waiter;
  }

  /** Removes the waiter before it settles it: a `timeout` is certainly not sent (I9). */
  #settle(waiter: WaitingWrite, status: WriteStatus): void {
    this.#waiters?.remove(waiter);
    waiter.settle(status);
  }

  #finishIfDone(): void {
    if (this.#onFinish === undefined || this.#waiters?.first !== undefined) return;
    const whenDone = this.#onFinish;
    this.#onFinish = noop;
    whenDone();
  }

  /** An answer that did not have to wait; from the third in a row the event loop has a turn first. */
  #answer(status: WriteStatus, atOnce: Promise<WriteStatus>): Promise<WriteStatus> {
    return this.#spin.mustYield() ? this.#nextTurn(status) : atOnce;
  }

  /** Gives an answer that stands already once the event loop has had a turn. */
  #nextTurn(status: WriteStatus): Promise<WriteStatus> {
    return new Promise((settle) => void this.#settings.clock.setImmediate(() => settle(status)));
  }
}
