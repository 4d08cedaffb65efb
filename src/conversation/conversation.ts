// One conversation over one transport: the sink that the transport calls, and what a socket
// delegates to. It joins reader, writer, queue and heartbeat, closes, and decides on whose behalf
// an end is told. Who may close and why is in server/ and socket/.

import { CloseTime } from './close-time.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Inflow, Inflows } from './inflow.ts';
import type { LastWords, LastWordsOptions } from './last-words.ts';
import type { PausedLink } from './paused-link.ts';
import type { PeerLiveness } from './peer-liveness.ts';
import type { QueueLimits } from './queue-limits.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { Reader } from './reader.ts';
import type { Readers, ReaderSettings } from './reader.ts';
import { TakenBytes } from './taken-bytes.ts';
import type { TakenBytesSettings } from './taken-bytes.ts';
import { Writer } from './writer.ts';
import type { Activity, WriterSettings } from './writer.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner } from '../time/deadline.ts';
import { LazyPromise } from '../waiting/lazy-promise.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';
import type { UnattendedErrors } from '../waiting/unattended-errors.ts';
import type { Transport, TransportSink } from '../transport/transport.ts';
import type { CloseInfo, LinkEnd } from '../core/close-info.ts';
import { bytesOf } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { ConversationOverError } from '../core/errors.ts';
import { hasTimeOut } from '../core/parked-wait.ts';
import type { ParkedWait } from '../core/parked-wait.ts';

/** What all sockets of a host share. */
export interface ConversationSettings
  extends QueueLimits, ReaderSettings, WriterSettings, TakenBytesSettings {
  readonly closeTimeoutMs: number;
  /** Terminates conversations with dead peers; undefined without a heartbeat. */
  readonly heartbeat?: Heartbeat | undefined;
  /** Holds the answer to a close frame back; undefined on a client, which answers at once. */
  readonly lastWords?: (options: LastWordsOptions) => LastWords;
  /** Watches calls that are mistakes; undefined on a client, which has no report. */
  readonly unattended?: Pick<UnattendedErrors<Conversation>, 'attend'> | undefined;
  /** Bounds what comes in by the clock; undefined on a client. */
  readonly inflows?: Inflows | undefined;
  /** Looks after a paused link; undefined where links cannot be paused. */
  readonly PausedLink?: typeof PausedLink | undefined;
}

/** Hears of the end of a conversation. */
export interface ConversationListener {
  /**
   * The conversation is over. Called once, before `signal` aborts and before `closed` resolves:
   * code of users that hears of the end finds the socket released.
   */
  conversationOnEnd(end: CloseInfo): void;
  /** Whether a message that came before the peer's close frame may still be answered. */
  readonly owesReply: boolean;
  /** The queue is full, and no read has taken anything for 30 s. */
  conversationOnUnread(): void;
  /** Gets an error that no caller can be given. */
  report(error: unknown, phase: string): void;
  /** Gets a fault that peers cause: of many of one kind the report has the first and a count. */
  reportFault(kind: string, phase: string, makeError: () => Error): void;
}

/** On whose behalf a conversation is closed. */
export type Closer = Exclude<CloseInfo['by'], LinkEnd['by']> | 'local' | 'limit';

/** Joins a transport with a queue, a reader and a writer, and keeps the end. */
export class Conversation implements TransportSink, DeadlineOwner {
  readonly transport: Transport;
  readonly queue: ReceiveQueue;
  /** Takes messages from the queue. */
  readonly reader: Reader;
  /**
   * Made with the first write: 120 bytes that a silent socket does not hold. Made at once, it took
   * the row `5,000 idle shared sockets` beyond its limit in five of ten runs.
   */
  #writer: Writer | undefined;
  readonly settings: ConversationSettings;
  /** Of reads and writes that wait, and of the heartbeat: a socket keeps one timer (I7). */
  readonly #deadline: Deadline;

  /** On whose behalf we have begun to end it; undefined before. */
  #closer: Closer | undefined;
  /** What we close with; undefined while we do not. */
  #closing: { readonly code: number; readonly reason: string } | undefined;
  /** Why we end it, or why that is not clean, where the peer has caused it. */
  #cause: Error | undefined;
  /** Bounds our close, or our answer to the peer's. */
  #closeTime: CloseTime | undefined;
  #over: LazySignal | undefined;
  /** `closed`, and when it was asked for; made then. */
  #closed: { readonly end: LazyPromise<CloseInfo>; readonly sinceMs: number } | undefined;
  /** Hears of the end, and of errors; undefined on a client. */
  listener: ConversationListener | undefined;
  /** Answers the peer's close frame; undefined before that has come. */
  #lastWords: LastWords | undefined;
  /** Counts application data; undefined without a session. */
  #activity: Activity | undefined;
  readonly #liveness: PeerLiveness | undefined;
  /** Made when the link is paused for the first time. */
  pausedLink: PausedLink | undefined;
  /** Made when bytes wait for the peer for the first time. */
  #taken: TakenBytes | undefined;
  /** Made with the first message that comes in part; at once where there is a rate. */
  #inflow: Inflow | undefined;

  /** @param readers - Whether a second read at the same time is a mistake or waits in line. */
  constructor(transport: Transport, settings: ConversationSettings, readers: Readers = 'one') {
    this.transport = transport;
    this.settings = settings;
    this.#deadline = new Deadline(settings.deadlines, this);
    this.queue = new ReceiveQueue(settings, this);
    this.reader = new (settings.Reader ?? Reader)(this.queue, this.#deadline, readers, settings);
    if (settings.inflows?.hasRate === true) this.#inflow = settings.inflows.of(this, this.#deadline);
    transport.open(this);
    this.#liveness = settings.heartbeat?.watch(this, this.#deadline);
  }

  // Called by the transport.

  begin(): void {
    if (this.queue.end !== undefined) return;
    this.#inflow ??= this.settings.inflows?.of(this, this.#deadline);
    this.#inflow?.begin();
  }

  receive(data: Data, bytes: number): void {
    this.#inflow?.receive(bytes);
    if (!this.reader.receive(data, bytes)) this.close(1008, '', 'limit', this.queue.fullError);
  }

  drain(): void {
    this.#writer?.drain();
    // Behind the writer: what it has sent may wait, too.
    this.#taken?.drain();
  }

  stall(): void {
    this.#taken ??= new TakenBytes(this, this.settings, this.#deadline);
    this.#taken.begin();
  }

  /** A close of ours that still waits for its turn is the answer. */
  peerClosed(): void {
    if (this.#closer !== undefined) return;
    const listener = this.listener;
    const { clock, closeTimeoutMs, lastWords } = this.settings;
    if (listener === undefined || lastWords === undefined) return this.#answerPeer();
    this.#lastWords = lastWords({
      clock,
      closeTimeoutMs,
      isOwed: () => !this.queue.isDiscarding && listener.owesReply,
      answer: () => this.writer.finish(() => this.#answerPeer()),
      answerNow: () => this.#answerPeer(),
    });
    this.reader.whenWaiting(() => this.#lastWords?.look());
  }

  end(end: LinkEnd): void {
    const by = end.by === 'local' ? (this.#closer ?? 'local') : end.by;
    const clean = end.clean && by !== 'limit';
    const ours = by === this.#closer ? this.#cause : undefined;
    const info = this.queue.finish({ ...end, by, clean, cause: clean ? undefined : (ours ?? end.cause) });
    this.#closeTime?.stop();
    this.#lastWords?.stop();
    this.#liveness?.stop();
    this.pausedLink?.stop();
    this.#inflow = undefined;
    this.#taken?.stop();
    this.#writer?.stop();
    this.reader.serve();
    // While a hook still has messages, a read may yet get one: it keeps its time-out.
    if (this.reader.firstParked === undefined) this.#deadline.stop();
    this.listener?.conversationOnEnd(info);
    this.#over?.abort(() => new ConversationOverError(info));
    this.#closed?.end.resolve(info);
  }

  // Called by the deadline.

  /** Whether only a heartbeat, or a look at the paused link, can be due. */
  get isIdle(): boolean {
    return !this.isEnding && this.#inflow?.isIdle !== false && !hasTimeOut(this.waits());
  }

  onDeadline(nowMs: number): void {
    this.reader.onDeadline(nowMs);
    this.#writer?.onDeadline(nowMs);
    this.#liveness?.onDeadline(nowMs);
    this.pausedLink?.onDeadline(nowMs);
    this.#inflow?.onDeadline(nowMs);
    this.#taken?.onDeadline(nowMs);
  }

  // Called by the queue.

  pause(): void {
    this.transport.pause();
    this.#inflow?.pause();
    this.pausedLink ??= this.#makePausedLink();
    this.pausedLink?.pause();
  }

  resume(): void {
    this.transport.resume();
    this.#inflow?.resume();
    this.pausedLink?.resume();
  }

  // Called by the paused link and the heartbeat.

  stayedUnread(): void {
    this.listener?.conversationOnUnread();
  }

  // Called by the socket and by the server.

  /** Sends. */
  get writer(): Writer {
    this.#writer ??= this.#makeWriter();
    return this.#writer;
  }

  /** Whether anything was written, or is about to be closed. */
  get writes(): boolean {
    return this.#writer !== undefined;
  }

  /** The writes that wait for room, and the bytes of their messages. */
  get waitingWrites(): { readonly count: number; readonly bytes: number } {
    const waiting = [...(this.#writer?.waiting ?? [])];
    return { count: waiting.length, bytes: waiting.reduce((sum, { data = '' }) => sum + bytesOf(data), 0) };
  }

  /** Aborts at the end. */
  get over(): LazySignal {
    this.#over ??= this.#makeOver();
    return this.#over;
  }

  /** Resolves with the end; never rejects. */
  get closed(): Promise<CloseInfo> {
    this.#closed ??= { end: new LazyPromise(), sinceMs: this.settings.clock.now() };
    if (this.queue.end !== undefined) this.#closed.end.resolve(this.queue.end);
    return this.#closed.end.promise;
  }

  /** The calls that wait: reads and writes in their order, then `closed`. */
  *waits(): IterableIterator<readonly [waits: 'read' | 'write' | 'close', wait: ParkedWait]> {
    for (const read of this.reader.parked) yield ['read', read];
    for (const write of this.#writer?.calls() ?? []) yield ['write', write];
    const { end, sinceMs = NaN } = this.#closed ?? {};
    if (end?.resolver !== undefined) yield ['close', { resolver: end.resolver, sinceMs }];
  }

  /** Counts received messages, and those accepted to be sent. Called before there are any. */
  whenActive(activity: Activity): void {
    this.reader.whenActive(activity);
    this.#activity = activity;
  }

  /** Tells the listener of the end, once. Before any message has come. */
  listen(listener: ConversationListener): void {
    this.listener = listener;
  }

  /**
   * Closes with the closing handshake: accepted and waiting writes go first, further messages of
   * the peer are counted and dropped. Terminates when that and the peer's answer take too long
   * (close-time.ts). Only the first call counts. Where the peer has closed before, this answers
   * its close frame, and the end is the peer's.
   */
  close(code: number, reason: string, closer: Closer, cause?: Error): void {
    if (closer === 'shutdown') this.#closeTime?.hurry();
    if (this.#closer !== undefined || this.queue.end !== undefined) return;
    this.#lastWords?.stop();
    this.#closer = closer;
    this.#cause = cause;
    this.#closing = { code, reason };
    this.queue.discardFurther();
    this.writer.finish(() => this.transport.close(code, reason));
    this.#boundClose();
    if (closer === 'shutdown') this.#closeTime?.hurry();
  }

  /** Terminates when the close takes too long. */
  #boundClose(): void {
    const { clock, closeTimeoutMs } = this.settings;
    this.#closeTime ??= new CloseTime({
      clock,
      closeTimeoutMs,
      hasTakenSince: (sinceMs) => this.#taken?.hasTakenSince(sinceMs) === true,
      onOver: () => {
        this.#cause ??= new Error(`The peer has not answered the close frame in ${closeTimeoutMs} ms`);
        this.terminate();
      },
    });
  }

  /** Whether the peer takes what waits for it: its silence proves nothing. */
  get isReading(): boolean {
    return this.#taken?.isReading === true;
  }

  /** On whose behalf we have begun to end it; undefined while we have not. */
  get closer(): Closer | undefined {
    return this.#closer;
  }

  /** Whether one of the two has begun to end it, or it is over. */
  get isEnding(): boolean {
    return this.#closer !== undefined || this.#lastWords !== undefined || this.queue.end !== undefined;
  }

  /** The handler may have nothing more to answer: the peer's close frame may be answered. */
  lookForLastWords(): void {
    this.#lastWords?.look();
  }

  /** Drops what is queued and what still comes, and counts it as unread. The link stays open. */
  discard(): void {
    this.queue.discardAll();
    this.reader.serve();
    this.#lastWords?.look();
  }

  /**
   * Drops the link. A close that is under way keeps its code, also where its frame still waits for
   * room. A later close does not count.
   */
  terminate(closer: Closer = 'local', cause?: Error): void {
    if (this.#closer === undefined) this.#cause = cause;
    this.#closer ??= closer;
    if (this.#closing !== undefined) this.transport.close(this.#closing.code, this.#closing.reason);
    this.transport.terminate();
  }

  /** The transport answers with the code and the reason of the peer. */
  #answerPeer(): void {
    this.transport.close(1000, '');
    this.#boundClose();
  }

  #makePausedLink(): PausedLink | undefined {
    const { PausedLink: Link, clock } = this.settings;
    return Link && new Link(this, clock, this.#deadline);
  }

  /** A writer that is made after the end accepts nothing, and sets no timer (I7). */
  #makeWriter(): Writer {
    const Kind = this.settings.Writer ?? Writer;
    const writer = new Kind(this.transport, this.#deadline, this.settings, this.#activity);
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
