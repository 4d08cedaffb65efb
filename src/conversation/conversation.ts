// One conversation over one transport: the sink of the link below, and what the
// socket above delegates to. Here the parts are put together, and here it is
// decided how the end is called. Who may end it and why is the server's business.

import type { Heartbeat } from './heartbeat.ts';
import type { PeerLiveness } from './peer-liveness.ts';
import type { QueueLimits } from './queue-limits.ts';
import type { Flow } from './receive-queue.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { Reader } from './reader.ts';
import type { Readers, ReaderSettings } from './reader.ts';
import { Writer } from './writer.ts';
import type { Activity, WriterSettings } from './writer.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner } from '../time/deadline.ts';
import { LazyPromise } from '../waiting/lazy-promise.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';
import type { Transport, TransportSink } from '../transport/transport.ts';
import type { CloseInfo, LinkEnd } from '../core/close-info.ts';
import { detached } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { ConversationOverError } from '../core/errors.ts';

/** What all sockets of a host share. */
export interface ConversationSettings extends QueueLimits, ReaderSettings, WriterSettings {
  readonly closeTimeoutMs: number;
  /** Finds out that the peer has gone; undefined where nobody does. */
  readonly heartbeat?: Heartbeat | undefined;
}

/** Hears of the end of a conversation. */
export interface ConversationListener {
  /**
   * The conversation is over. Called once, before `signal` aborts and before `closed` resolves:
   * code of users that hears of the end finds the socket released.
   */
  conversationOnEnd(end: CloseInfo): void;
}

/** On whose behalf a conversation is closed. */
export type Closer = Exclude<CloseInfo['by'], LinkEnd['by']> | 'local' | 'limit';

/** Joins a transport, a queue, a reader and a writer, and keeps the end. What a silent socket does not need is not made. */
export class Conversation implements TransportSink, DeadlineOwner {
  readonly transport: Transport;
  readonly queue: ReceiveQueue;
  readonly #settings: ConversationSettings;
  readonly #readers: Readers;
  #reader: Reader | undefined;
  #writer: Writer | undefined;
  #deadline: Deadline | undefined;

  /** On whose behalf we have begun to end it; undefined while we have not. */
  #closer: Closer | undefined;
  /** What we close with; undefined while we do not. */
  #closing: { readonly code: number; readonly reason: string } | undefined;
  #closeTimer: unknown;
  #over: LazySignal | undefined;
  #closed: LazyPromise<CloseInfo> | undefined;
  /** Who is offered messages before they can be read; undefined where nobody is. */
  #onArrival: (() => void) | undefined;
  /** Who counts application data as a sign of life; undefined where nobody does. */
  #activity: Activity | undefined;
  #listener: ConversationListener | undefined;
  readonly #liveness: PeerLiveness | undefined;

  /** @param readers - Whether a second read at once is a mistake, or waits its turn. */
  constructor(transport: Transport, settings: ConversationSettings, readers: Readers = 'one') {
    const flow: Flow = transport;
    this.transport = transport;
    this.#settings = settings;
    this.#readers = readers;
    this.queue = new ReceiveQueue(settings, flow);
    transport.open(this);
    this.#liveness = settings.heartbeat?.watch(this);
  }

  // Called by the transport.

  receive(data: Data, bytes: number): void {
    this.#activity?.active();
    if (this.#reader?.deliver(data) === true) return;
    this.queue.push(detached(data), bytes);
    if (this.#onArrival === undefined) this.#reader?.wake();
    else this.#onArrival();
    if (!this.queue.regulate()) this.close(1008, '', 'limit');
  }

  drain(): void {
    this.#writer?.drain();
  }

  end(end: LinkEnd): void {
    const by = end.by === 'local' ? (this.#closer ?? 'local') : end.by;
    const info = this.queue.finish({ ...end, by, clean: end.clean && by !== 'limit' });
    if (this.#closer !== undefined) this.#settings.clock.clearTimeout(this.#closeTimer);
    this.#liveness?.stop();
    this.#writer?.stop();
    this.#reader?.wake();
    // Whoever still waits for what a hook is offered keeps its time-out.
    if (this.#reader?.isParked !== true) this.#deadline?.stop();
    this.#listener?.conversationOnEnd(info);
    this.#over?.abort(() => new ConversationOverError(info));
    this.#closed?.resolve(info);
  }

  // Called by the deadline.

  onDeadline(nowMs: number): void {
    this.#reader?.onDeadline(nowMs);
    this.#writer?.onDeadline(nowMs);
  }

  // Called by the socket and by the server.

  /** What takes messages from the queue. */
  get reader(): Reader {
    this.#reader ??= new Reader(this.queue, this.#sharedDeadline(), this.#readers, this.#settings);
    return this.#reader;
  }

  /** What sends. */
  get writer(): Writer {
    this.#writer ??= this.#makeWriter();
    return this.#writer;
  }

  /** Aborts at the end. */
  get over(): LazySignal {
    this.#over ??= this.#makeOver();
    return this.#over;
  }

  /** Resolves with the end; never rejects. */
  get closed(): Promise<CloseInfo> {
    this.#closed ??= new LazyPromise();
    if (this.queue.end !== undefined) this.#closed.resolve(this.queue.end);
    return this.#closed.promise;
  }

  /** Offers messages before they can be read: calls back when one has come. Before any has. */
  offerFirst(onArrival: () => void): void {
    this.queue.offerFirst();
    this.#onArrival = onArrival;
  }

  /** Tells of each message received, and of each that is accepted to be sent. Before any has. */
  whenActive(activity: Activity): void {
    this.#activity = activity;
  }

  /** Tells the listener of the end, once. Before any message has come. */
  listen(listener: ConversationListener): void {
    this.#listener = listener;
  }

  /**
   * Closes with the closing handshake: what was accepted, and what waits for
   * room, goes first; what still comes is counted and dropped. Terminates when
   * that and the peer's answer take longer than `closeTimeoutMs`. Only the
   * first call counts.
   */
  close(code: number, reason: string, closer: Closer): void {
    if (this.isEnding) return;
    this.#closer = closer;
    this.#closing = { code, reason };
    this.queue.discardFurther();
    this.writer.finish(() => this.transport.close(code, reason));
    this.#closeTimer = this.#settings.clock.setTimeout(() => this.terminate(), this.#settings.closeTimeoutMs);
  }

  /** Whether we have begun to end it, or it is over. */
  get isEnding(): boolean {
    return this.#closer !== undefined || this.queue.end !== undefined;
  }

  /**
   * Drops the link. A close that is under way keeps its code, also where its frame
   * still waits for room; one that comes later does not count.
   */
  terminate(closer: Closer = 'local'): void {
    this.#closer ??= closer;
    if (this.#closing !== undefined) this.transport.close(this.#closing.code, this.#closing.reason);
    this.transport.terminate();
  }

  /** For all reads and writes that wait (I7). */
  #sharedDeadline(): Deadline {
    this.#deadline ??= new Deadline(this.#settings.deadlines, this);
    return this.#deadline;
  }

  /** One that is made after the end accepts nothing, and sets no timer (I7). */
  #makeWriter(): Writer {
    const writer = new Writer(this.transport, this.#sharedDeadline(), this.#settings, this.#activity);
    if (this.queue.end !== undefined) writer.stop();
    return writer;
  }

  #makeOver(): LazySignal {
    const over = new LazySignal();
    const { end } = this.queue;
    if (end !== undefined) over.abort(() => new ConversationOverError(end));
    return over;
  }
}
