// The receive queue: a ring of whole messages, and behind the last of them the
// end. The socket puts in, the reader takes out; pause and resume go up to the
// link it was given. Who waits for what is the reader's business.

import type { CloseInfo, LinkEnd } from '../words/close-info.ts';
import { bytesOf, cutLength, toBytes } from '../words/data.ts';
import type { Data } from '../words/data.ts';
import { CHUNK_BYTES, MESSAGE_OVERHEAD_BYTES } from '../words/limits.ts';

export interface QueueLimits {
  readonly maxMessageBytes: number;
  readonly queueMessages: number;
  readonly queueBytes: number;
  readonly overflow: 'pause' | 'close';
}

/** A property of its own rather than a getter: an end can be printed and compared. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** How the queue holds the link back. */
export interface Flow {
  pause(): void;
  resume(): void;
}

const FIRST_CAPACITY = 8;
/** An empty ring above this is given back: a burst is no reason to hold memory. */
const KEPT_CAPACITY = 128;

/** Keeps what was received until it is read, within bounds (I1, I2, I5). */
export class ReceiveQueue {
  readonly #limits: QueueLimits;
  readonly #flow: Flow;

  /** The ring; its length is a power of two. Empty until something has to wait. */
  #slots: Data[] = [];
  /** Bytes on the wire of each slot's message, or of what is left of it. */
  #sizes: number[] = [];
  #first = 0;
  #messages = 0;
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

  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get firstIsRest(): boolean {
    return this.#firstIsRest;
  }

  /** How it ended; undefined before. What is queued still comes first. */
  get end(): CloseInfo | undefined {
    return this.#end;
  }

  // Called by the socket, with what the transport delivers.

  /** Puts a message behind the others. */
  push(data: Data, bytes: number): void {
    if (this.#discarding) {
      this.#discarded += 1;
      return;
    }
    if (this.#messages === this.#slots.length) this.#grow();
    const slot = (this.#first + this.#messages) & (this.#slots.length - 1);
    this.#slots[slot] = data;
    this.#sizes[slot] = bytes;
    this.#messages += 1;
    this.#bytes += bytes;
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
    if (this.#discarding) return true;
    const { queueMessages, queueBytes, overflow } = this.#limits;
    if (this.#messages < queueMessages && this.#bytes < queueBytes) return true;
    if (overflow === 'close') return this.#messages <= queueMessages && this.#bytes <= queueBytes;
    if (!this.#paused) {
      this.#paused = true;
      this.#flow.pause();
    }
    return this.#bytes + this.#messages * MESSAGE_OVERHEAD_BYTES <= mostBytes(this.#limits);
  }

  /** From now on drops what comes, and counts it as unread; lets the link run, so that the peer's close is seen. */
  discardFurther(): void {
    this.#discarding = true;
    this.#resume();
  }

  /** Puts the end behind the last message, for good. */
  finish({ code, reason, clean, by, cause }: Omit<LinkEnd, 'by'> & Pick<CloseInfo, 'by'>): CloseInfo {
    const unread = this.#messages + this.#discarded;
    this.#discarding = true;
    this.#end = { code, reason, clean, by, ...(cause === undefined ? undefined : { cause }), unread };
    return this.#end;
  }

  // Called by the reader.

  /**
   * Takes up to `len` of the oldest message; the queue must not be empty. What
   * exceeds it stays as the oldest (I3).
   */
  take(len: number): Data {
    const data = this.#slots[this.#first] as Data;
    const cut = cutLength(data, len);
    if (cut < data.length) return this.#takePart(data, cut);
    this.#slots[this.#first] = '';
    this.#bytes -= this.#sizes[this.#first] as number;
    this.#first = (this.#first + 1) & (this.#slots.length - 1);
    this.#messages -= 1;
    if (this.#end !== undefined) this.#end.unread -= 1;
    this.#firstIsRest = false;
    if (this.#messages === 0 && this.#slots.length > KEPT_CAPACITY) this.#shrink();
    this.#resumeBelowHalf();
    return data;
  }

  /** Turns the oldest message, or its rest, into bytes. */
  firstToBytes(): void {
    this.#slots[this.#first] = toBytes(this.#slots[this.#first] as Data);
  }

  #takePart(data: Data, cut: number): Data {
    const part = typeof data === 'string' ? data.slice(0, cut) : data.subarray(0, cut);
    const bytes = bytesOf(part);
    this.#slots[this.#first] = typeof data === 'string' ? data.slice(cut) : data.subarray(cut);
    this.#sizes[this.#first] = (this.#sizes[this.#first] as number) - bytes;
    this.#bytes -= bytes;
    this.#firstIsRest = true;
    this.#resumeBelowHalf();
    return part;
  }

  #resumeBelowHalf(): void {
    if (!this.#paused) return;
    const { queueMessages, queueBytes } = this.#limits;
    if (this.#messages * 2 <= queueMessages && this.#bytes * 2 <= queueBytes) this.#resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#flow.resume();
  }

  /** Doubles the ring; the oldest message comes to its beginning. */
  #grow(): void {
    const order = (ring: readonly unknown[]): unknown[] => [
      ...ring.slice(this.#first),
      ...ring.slice(0, this.#first),
    ];
    const capacity = Math.max(FIRST_CAPACITY, this.#slots.length * 2);
    const slots = order(this.#slots) as Data[];
    const sizes = order(this.#sizes) as number[];
    while (slots.length < capacity) {
      slots.push('');
      sizes.push(0);
    }
    this.#slots = slots;
    this.#sizes = sizes;
    this.#first = 0;
  }

  #shrink(): void {
    this.#slots = [];
    this.#sizes = [];
    this.#first = 0;
  }
}

/** The hard cap of a queue, counted with {@link MESSAGE_OVERHEAD_BYTES} a message: a full one and a chunk fit always (DESIGN §6). */
function mostBytes({ maxMessageBytes, queueMessages, queueBytes }: QueueLimits): number {
  const fullAndChunk = queueBytes + queueMessages * MESSAGE_OVERHEAD_BYTES + CHUNK_BYTES;
  return maxMessageBytes + Math.max(4 * queueBytes, fullAndChunk);
}
