// The receive queue: whole messages, and behind the last of them the end. The
// socket puts in, the reader takes out; pause and resume go up to the link it
// was given. Who waits for what is the reader's business, who is offered what
// before it can be read the server's.

import { MessageRing } from './message-ring.ts';
import { hardCapBytes } from './queue-limits.ts';
import type { QueueLimits } from './queue-limits.ts';
import type { CloseInfo, LinkEnd } from '../core/close-info.ts';
import { bytesOf, cutLength, toBytes } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { MESSAGE_OVERHEAD_BYTES } from '../core/limits.ts';

/** A property of its own rather than a getter: an end can be printed and compared. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** How the queue holds the link back. */
export interface Flow {
  pause(): void;
  resume(): void;
}

/** Most sockets are silent: a ring of their own is made with the first message. */
const EMPTY = new MessageRing();

/** Keeps what was received until it is read, within bounds (I1, I2, I5). */
export class ReceiveQueue {
  readonly #limits: QueueLimits;
  readonly #flow: Flow;

  /** What a read can take. */
  #readable = EMPTY;
  /** What a hook is offered first, all of it later than what is readable; undefined where there is no hook. */
  #unoffered: MessageRing | undefined;
  #bytes = 0;
  #paused = false;

  /** Whether the oldest message is the rest of one that a read has cut. */
  #firstIsRest = false;
  /** Whether messages are counted and dropped: we have begun to close. */
  #discarding = false;
  #discarded = 0;
  /** Its `unread` falls while the rest is read. */
  #end: Mutable<CloseInfo> | undefined;

  constructor(limits: QueueLimits, flow: Flow) {
    this.#limits = limits;
    this.#flow = flow;
  }

  /** Received and not read, offered or not. */
  get messages(): number {
    return this.#readable.length + (this.#unoffered?.length ?? 0);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Messages that a read can take. */
  get readable(): number {
    return this.#readable.length;
  }

  /** Whether the link is held back: what the peer sends is not seen. */
  get isHolding(): boolean {
    return this.#paused;
  }

  /** Whether a message that comes now may go to a read without being kept: it is the next one, and nobody else is offered it. */
  get isPassable(): boolean {
    return !this.#discarding && this.#readable.length === 0 && this.#unoffered === undefined;
  }

  get firstIsRest(): boolean {
    return this.#firstIsRest;
  }

  /** How it ended; undefined before. What is queued still comes first. */
  get end(): CloseInfo | undefined {
    return this.#end;
  }

  /** Whether nothing more can be read: the end has come, and nobody is still offered anything. */
  get isOver(): boolean {
    return this.#end !== undefined && this.messages === 0;
  }

  // Called by the socket, with what the transport delivers.

  /** Puts a message behind the others. */
  push(data: Data, bytes: number): void {
    if (this.#discarding) {
      this.#discarded += 1;
      return;
    }
    this.#bytes += bytes;
    const ring = this.#unoffered === undefined ? this.#ownReadable() : this.#ownUnoffered();
    ring.push(data, bytes);
  }

  /**
   * Holds the link back when the queue is full; called after each push, once a
   * parked read has had its chance. Once further messages are dropped there is
   * nothing to hold back: the peer's close must be seen.
   *
   * A paused link still delivers what is in its chunk (one of 64 KiB is always
   * taken); the overdraft counts.
   *
   * @returns false when the queue has more than it may ever hold.
   */
  regulate(): boolean {
    if (this.#discarding || !this.#isFull) return true;
    const { queueMessages, queueBytes, overflow } = this.#limits;
    if (overflow === 'close') return this.messages <= queueMessages && this.#bytes <= queueBytes;
    if (!this.#paused) {
      this.#paused = true;
      this.#flow.pause();
    }
    return this.#bytes + this.messages * MESSAGE_OVERHEAD_BYTES <= hardCapBytes(this.#limits);
  }

  /**
   * Lets a link that is held back run until something comes, or `endProbe`: only so is it seen that the peer has gone.
   *
   * @returns false, and leaves it, where the queue has its bytes, further messages counted
   *   by their overhead: a chunk and the message that it ends keep below the hard cap (I5).
   */
  probe(): boolean {
    const { queueMessages, queueBytes } = this.#limits;
    const overhead = (this.messages - queueMessages) * MESSAGE_OVERHEAD_BYTES;
    if (!this.#paused || this.#bytes + Math.max(overhead, 0) >= queueBytes) return false;
    this.#resume();
    return true;
  }

  /** Holds the link back again, if the queue is still full. @returns Whether it was found as `peek` left it: nothing has come. */
  endProbe(): boolean {
    if (this.#paused || this.#discarding || !this.#isFull) return false;
    return this.regulate();
  }

  /** From now on drops what comes, and counts it as unread; lets the link run, so that the peer's close is seen. */
  discardFurther(): void {
    this.#discarding = true;
    this.#resume();
  }

  /** Puts the end behind the last message, for good. */
  finish({ code, reason, clean, by, cause }: Omit<LinkEnd, 'by'> & Pick<CloseInfo, 'by'>): CloseInfo {
    const unread = this.messages + this.#discarded;
    this.#discarding = true;
    this.#end = { code, reason, clean, by, ...(cause === undefined ? undefined : { cause }), unread };
    return this.#end;
  }

  // Called by the reader.

  /**
   * Takes up to `len` of the oldest readable message; there must be one. What
   * exceeds it stays as the oldest (I3).
   */
  take(len: number): Data {
    const data = this.#readable.first;
    const cut = cutLength(data, len);
    this.#firstIsRest = cut < data.length;
    return this.#firstIsRest ? this.#takePart(data, cut) : this.#takeFirst(this.#readable);
  }

  /** Turns the oldest readable message, or its rest, into bytes. */
  firstToBytes(): void {
    this.#readable.replaceFirst(toBytes(this.#readable.first), this.#readable.firstBytes);
  }

  // Called by the server, for a hook.

  /** From now on messages are offered before they can be read; called before any has come. */
  offerFirst(): void {
    this.#unoffered ??= EMPTY;
  }

  /** The oldest message that was not offered yet; undefined when there is none. */
  get unoffered(): Data | undefined {
    return this.#unoffered !== undefined && this.#unoffered.length > 0 ? this.#unoffered.first : undefined;
  }

  /** It was offered and consumed: nobody reads it. */
  dropOffered(): void {
    if (this.#unoffered !== undefined) this.#takeFirst(this.#unoffered);
  }

  /** It was offered and not consumed: a read can take it. */
  releaseOffered(): void {
    const ring = this.#unoffered;
    if (ring === undefined) return;
    this.#ownReadable().push(ring.first, ring.firstBytes);
    ring.shift();
  }

  #ownReadable(): MessageRing {
    if (this.#readable === EMPTY) this.#readable = new MessageRing();
    return this.#readable;
  }

  #ownUnoffered(): MessageRing {
    if (this.#unoffered === EMPTY) this.#unoffered = new MessageRing();
    return this.#unoffered as MessageRing;
  }

  get #isFull(): boolean {
    return this.messages >= this.#limits.queueMessages || this.#bytes >= this.#limits.queueBytes;
  }

  #takeFirst(ring: MessageRing): Data {
    const data = ring.first;
    this.#bytes -= ring.firstBytes;
    ring.shift();
    if (this.#end !== undefined) this.#end.unread -= 1;
    this.#resumeBelowHalf();
    return data;
  }

  #takePart(data: Data, cut: number): Data {
    const part = typeof data === 'string' ? data.slice(0, cut) : data.subarray(0, cut);
    const rest = typeof data === 'string' ? data.slice(cut) : data.subarray(cut);
    const bytes = bytesOf(part);
    this.#readable.replaceFirst(rest, this.#readable.firstBytes - bytes);
    this.#bytes -= bytes;
    this.#resumeBelowHalf();
    return part;
  }

  #resumeBelowHalf(): void {
    if (!this.#paused) return;
    const { queueMessages, queueBytes } = this.#limits;
    if (this.messages * 2 <= queueMessages && this.#bytes * 2 <= queueBytes) this.#resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#flow.resume();
  }
}
