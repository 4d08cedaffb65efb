// The writer of one socket: sends messages below the high-water mark, and lets further writes wait
// in order. Sockets call `write`, the conversation `drain` and `stop`. The only place that turns a
// closing link into statuses of writes. Fragments of a message are asked for in
// fragmented-write.ts; frames are the transport's.

import { FragmentedWrite } from './fragmented-write.ts';
import type { FragmentedAnswer, FragmentedRequest, FragmentSink } from './fragmented-write.ts';
import type { QueuedMessage, QueuedMessageSink } from './queued-message.ts';
import { isCall } from './write-request.ts';
import type { WaitingWrite, WriteRequest } from './write-request.ts';
import type { Data } from '../core/data.ts';
import { noop } from '../core/noop.ts';
import type { ParkedWait, Resolver } from '../core/parked-wait.ts';
import type { WriteStatus } from '../core/status.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { Clock } from '../time/clock.ts';
import type { Deadline } from '../time/deadline.ts';
import { SpinGuard } from '../time/spin-guard.ts';
import type { TurnBudget } from '../time/turn-budget.ts';
import type { FragmentOptions, Outlet, SendOptions, Transport } from '../transport/transport.ts';
import { abortable, rejected, unattendedPromise } from '../waiting/abortable.ts';

/** What the writers of a host share. */
export interface WriterSettings {
  readonly clock: Clock;
  readonly budget: TurnBudget;
  readonly writeBufferBytes: number;
  /** What is called for a write that comes too late, by the transport of its socket. */
  readonly lateWrites?: { get(of: Transport): (() => void) | undefined } | undefined;
  /** Writes in another way; undefined for the ordinary one. */
  readonly Writer?: typeof Writer | undefined;
}

/** Counts application data as a sign of life: a session, which the conversation may not import. */
export interface Activity {
  /** A message was received, or accepted to be sent. */
  active(): void;
}

const ACCEPTED: Promise<WriteStatus> = Promise.resolve('ok');
const TIMED_OUT: Promise<WriteStatus> = Promise.resolve('timeout');
const CLOSED: Promise<WriteStatus> = Promise.resolve('closed');

/** Writes to one transport in the order of the calls (I4, I9). */
export class Writer implements FragmentSink, QueuedMessageSink {
  readonly #transport: Transport;
  /** Shared with reader and heartbeat: a socket keeps one timer (I7), and spends as one. */
  readonly #deadline: Deadline;
  readonly #settings: WriterSettings;
  readonly #spin = new SpinGuard();
  /** Counts accepted messages; undefined without a session. */
  readonly #activity: Activity | undefined;

  /** `ws.binaryData`, for messages of rooms. */
  isBinary = false;
  /** Writes that wait, oldest first. Made with the first: most writes find room. */
  #waiters: LinkedList<WaitingWrite> | undefined;
  /** How many writes have joined the line: no queued message is replaced across one of them. */
  #barriers = 0;
  /** Whether they go on in a later turn, and not before. */
  #goesOn = false;
  /** Called once no write waits; set when no further write is accepted. */
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

  /** For writers that wait for more than room. */
  protected get clock(): Clock {
    return this.#settings.clock;
  }

  // Called by the socket.

  /** Accepts one message, or lets it wait for room. */
  write(request: WriteRequest): Promise<WriteStatus> {
    const { timeoutMs, signal } = request;
    if (signal?.aborted === true) return rejected(signal.reason);
    if (this.#onFinish !== undefined) return this.#answer('closed', CLOSED);
    if (this.#hasRoom()) {
      if (!this.#send(request.data, request.options)) return this.#answer('closed', CLOSED);
      this.#spin.reset();
      // A peer that reads as fast as we write would keep the event loop to itself.
      return this.#settings.budget.spend(this.#deadline)
        ? this.#settings.budget.okLater(this.#deadline)
        : ACCEPTED;
    }
    if (timeoutMs === 0) return this.#answer('timeout', TIMED_OUT);
    return this.#wait(request);
  }

  /**
   * Accepts one message fragment by fragment; no other write comes in between.
   *
   * @throws What the iterable has done wrong, or has thrown.
   */
  writeFragments(request: FragmentedRequest): Promise<WriteStatus> {
    const { timeoutMs, signal } = request;
    if (signal?.aborted === true) return rejected(signal.reason);
    if (this.#onFinish !== undefined) return this.#answer('closed', CLOSED);
    if (timeoutMs === 0 && !this.#hasRoom()) return this.#answer('timeout', TIMED_OUT);
    return this.#waitForFragments(request);
  }

  // Called by rooms.

  /** Sets `isBinary`. Called by the first message of a room, and by the socket. */
  sendBinary(isBinary: boolean): void {
    this.isBinary = isBinary;
    this.#limitOutlet(0);
  }

  /**
   * Opens the way past this writer. It is closed when a write begins to wait, and by `sendBinary`.
   * Where no further write is accepted and none waits, the transport has begun to close.
   *
   * @returns undefined where `offer` alone may send: the transport has no outlet, or each message
   *   has to be looked at here.
   */
  openOutlet(): Outlet | undefined {
    if (this.isBinary || this.#activity !== undefined) return undefined;
    return this.#limitOutlet(this.#waiters?.first === undefined ? this.#settings.writeBufferBytes : 0);
  }

  /**
   * Sends one message at once, or not at all.
   *
   * @returns `full`: it is over the write buffer, or something waits, which would be overtaken.
   */
  offer(data: Data, options: SendOptions): 'ok' | 'full' | 'closed' {
    if (this.#onFinish !== undefined) return 'closed';
    if (!this.#hasRoom()) return 'full';
    return this.#send(data, options) ? 'ok' : 'closed';
  }

  /** Lets a message wait behind what waits. Only after `offer` has answered `full`. */
  queue(message: QueuedMessage): void {
    message.sink = this;
    message.barrier = this.#barriers;
    this.#append(message);
  }

  /**
   * Puts a newer message in the place of a queued one.
   *
   * @returns false, where that was sent, or where a write has joined the line since.
   */
  replace(message: QueuedMessage, data: Data, options: SendOptions): boolean {
    if (this.#waiters?.has(message) !== true || message.barrier !== this.#barriers) return false;
    message.data = data;
    message.options = options;
    return true;
  }

  // Called by a queued message.

  sendQueued(message: QueuedMessage): void {
    this.#settle(message, this.#send(message.data, message.options) ? 'ok' : 'closed');
  }

  // Called by the conversation.

  /** The transport has room again: sends waiting writes in order. */
  drain(): void {
    if (this.#waiters === undefined || this.#goesOn) return;
    for (let { first } = this.#waiters; first !== undefined; { first } = this.#waiters) {
      if (!this.mayGoOn()) return;
      first.goOn();
      if (this.#waiters.has(first)) return;
    }
    this.#finishIfDone();
  }

  /** What waits, oldest first. */
  get waiting(): Iterable<WaitingWrite> {
    return this.#waiters ?? [];
  }

  /** The calls that wait, oldest first. */
  *calls(): IterableIterator<ParkedWait> {
    for (const waiter of this.waiting) if (isCall(waiter)) yield waiter;
  }

  /** Ends writes that are due with `timeout`, and sets the deadline for the others. */
  onDeadline(nowMs: number): void {
    this.#waiters?.forEach((waiter) => {
      const dueMs = waiter.sinceMs + waiter.timeoutMs;
      if (dueMs <= nowMs) this.#settle(waiter, 'timeout');
      else this.#deadline.setAt(dueMs);
    });
    this.#finishIfDone();
  }

  /** Accepts no further write, and calls back once none waits, which may be at once. */
  finish(whenDone: () => void): void {
    this.#onFinish = whenDone;
    this.#finishIfDone();
  }

  /** The conversation is over: waiting writes end with `closed`, they were not sent. */
  stop(): void {
    this.#onFinish = noop;
    this.#closeAll();
  }

  // Called by a fragmented write.

  /** Whether there is room and time for one more; else the first in line goes on when there is. */
  mayGoOn(): boolean {
    if (this.#transport.bufferedBytes >= this.#settings.writeBufferBytes) return false;
    if (!this.#settings.budget.spend(this.#deadline)) return true;
    this.#goOn();
    return false;
  }

  sendFragment(fragment: Data, options: FragmentOptions): boolean {
    const isAccepted = this.#transport.sendFragment(fragment, options);
    if (isAccepted) this.#activity?.active();
    return isAccepted;
  }

  fragmentedWriteOnEnd(write: FragmentedWrite): void {
    this.#waiters?.remove(write);
    this.drain();
  }

  /** Nothing can follow a message that has no end: all other writes end with `closed`. */
  fragmentedWriteOnBreak(write: FragmentedWrite, onBroken: () => void): void {
    this.#waiters?.remove(write);
    this.#closeAll();
    onBroken();
    this.#finishIfDone();
  }

  #limitOutlet(limitBytes: number): Outlet | undefined {
    const { outlet } = this.#transport;
    if (outlet !== undefined) outlet.limitBytes = limitBytes;
    return outlet;
  }

  #closeAll(): void {
    this.#waiters?.forEach((waiter) => this.#settle(waiter, 'closed'));
  }

  #send(data: Data, options: SendOptions): boolean {
    const isAccepted = this.#transport.send(data, options);
    if (isAccepted) this.#activity?.active();
    return isAccepted;
  }

  /** The budget of this turn is spent: waiting writes go on in a later one. */
  #goOn(): void {
    if (this.#goesOn) return;
    this.#goesOn = true;
    this.#settings.budget.later(() => {
      this.#goesOn = false;
      this.drain();
    }, this.#deadline);
  }

  #hasRoom(): boolean {
    return (
      this.#waiters?.first === undefined && this.#transport.bufferedBytes < this.#settings.writeBufferBytes
    );
  }

  #wait(request: WriteRequest): Promise<WriteStatus> {
    this.#spin.reset();
    if (request.signal === undefined) return new Promise((settle) => void this.#park(request, settle));
    return abortable(request.signal, (settle, _, resolver) => {
      const waiter = this.#park(request, settle, resolver);
      return () => {
        this.#waiters?.remove(waiter);
        this.#finishIfDone();
      };
    });
  }

  #park(
    request: WriteRequest,
    settle: (status: WriteStatus) => void,
    resolver: Resolver = settle,
  ): WaitingWrite {
    const waiter: WaitingWrite = {
      data: request.data,
      resolver,
      sinceMs: this.clock.now(),
      timeoutMs: request.timeoutMs,
      goOn: () => this.#settle(waiter, this.#send(request.data, request.options) ? 'ok' : 'closed'),
      settle,
      previous: undefined,
      next: undefined,
    };
    this.#barriers += 1;
    return this.#append(waiter);
  }

  #waitForFragments(request: FragmentedRequest): Promise<WriteStatus> {
    this.#spin.reset();
    const park = (answer: FragmentedAnswer): FragmentedWrite => {
      this.#barriers += 1;
      const write = this.#append(new FragmentedWrite(request, this.clock.now(), this, answer));
      this.drain();
      return write;
    };
    if (request.signal === undefined)
      return unattendedPromise((settle, fail) => void park({ settle, fail, resolver: settle }));
    return abortable(request.signal, (settle, fail, resolver) => {
      const write = park({ settle, fail, resolver });
      return () => write.cancel();
    });
  }

  #append<W extends WaitingWrite>(waiter: W): W {
    this.#waiters ??= new LinkedList();
    this.#waiters.append(waiter);
    this.#limitOutlet(0);
    this.#deadline.setAt(waiter.sinceMs + waiter.timeoutMs);
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

  /** Answers a call that cannot wait; from the third in a row on, after a turn of the loop. */
  #answer(status: WriteStatus, atOnce: Promise<WriteStatus>): Promise<WriteStatus> {
    if (status === 'closed') this.#settings.lateWrites?.get(this.#transport)?.();
    return this.#spin.mustYield() ? this.#settings.budget.okLater(this.#deadline).then(() => status) : atOnce;
  }
}
