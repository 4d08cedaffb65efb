// The receive queue of one socket: whole messages, then the end. The reader pushes and takes;
// the queue pauses and resumes the link by its marks. Which read waits for what is in reader.ts,
// which message goes to `onClientMessage` first in server/client-messages.ts.

import { copyBytes } from '#platform';
import { hardCapBytes } from './queue-limits.ts';
import type { QueueLimits } from './queue-limits.ts';
import type { CloseInfo, LinkEnd } from '../core/close-info.ts';
import { bytesOf, cutLength, detached, toBytes } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { limitCause } from '../core/errors.ts';
import { MESSAGE_OVERHEAD_BYTES } from '../core/limits.ts';
import { Ring } from '../structures/ring.ts';
import type { Transport } from '../transport/transport.ts';

/** A property of its own rather than a getter: an end can be printed and compared. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A queued message, or what a read has left of it. */
interface Message {
  data: Data;
  /** Size on the wire. */
  bytes: number;
}

/** A paused link that runs for a moment, so that a close or a reset is seen. */
interface Look {
  /** What the queue may count until it is paused again. */
  readonly upToBytes: number;
  hasCome: boolean;
}

/** Keeps received messages until they are read, within bounds (I1, I2, I5). */
export class ReceiveQueue {
  readonly #limits: QueueLimits;
  readonly #link: Pick<Transport, 'pause' | 'resume'>;

  /** Messages that a read can take. Made with the first message: most sockets are silent. */
  #readable: Ring<Message> | undefined;
  /** Messages that a hook is offered first, all later than the readable ones. */
  #unoffered: Ring<Message> | undefined;
  /** Whether a hook is offered each message before a read can take it. */
  #isOffering = false;
  #bytes = 0;
  /** What their text takes in memory beyond that. */
  #extraBytes = 0;
  #flow: 'running' | 'paused' | Look = 'running';
  /** Until `release`. */
  #isHeld = false;

  /** Whether the oldest message is the rest of one that a read has cut. */
  #firstIsRest = false;
  /** Whether further messages are counted and dropped: we have begun to close. */
  #discarding = false;
  #discarded = 0;
  /** Its `unread` falls while the rest is read. */
  #end: Mutable<CloseInfo> | undefined;

  /** @param link - Is paused while the queue is full. */
  constructor(limits: QueueLimits, link: Pick<Transport, 'pause' | 'resume'>) {
    this.#limits = limits;
    this.#link = link;
  }

  /** Messages received and not read, those included that a hook has yet to be offered. */
  get messages(): number {
    return this.readable + (this.#unoffered?.length ?? 0);
  }

  /** Bytes on the wire of these messages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages that a read can take. */
  get readable(): number {
    return this.#readable?.length ?? 0;
  }

  /** The message that a read takes next, or its rest; undefined where there is none. */
  get oldest(): { readonly data: Data } | undefined {
    return this.readable > 0 ? (this.#readable as Ring<Message>).first : undefined;
  }

  /** Whether the link is paused: nothing of the peer is seen. */
  get isHolding(): boolean {
    return this.#flow === 'paused';
  }

  /** Whether the rate of the peer pauses the link, however little is queued. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * Whether a read may take a message that comes now past the queue: it is next, and no hook is
   * offered it.
   */
  get isPassable(): boolean {
    return !this.#discarding && !this.#isOffering && this.readable === 0;
  }

  get firstIsRest(): boolean {
    return this.#firstIsRest;
  }

  /** How the conversation ended; undefined before. Queued messages still come first. */
  get end(): CloseInfo | undefined {
    return this.#end;
  }

  /** Whether nothing more can be read: the end has come, and no message is queued. */
  get isOver(): boolean {
    return this.#end !== undefined && this.messages === 0;
  }

  // Called by the reader.

  /**
   * Puts a message behind the others, or counts and drops it after `discardFurther`. Copies small
   * binary, which would pin the chunk of 64 KiB that it is a view on.
   */
  push(data: Data, bytes: number): void {
    if (this.#discarding) {
      this.#discarded += 1;
      return;
    }
    this.#bytes += bytes;
    this.#extraBytes += extraBytes(data, bytes);
    const ring = this.#isOffering ? (this.#unoffered ??= new Ring()) : (this.#readable ??= new Ring());
    ring.push({ data: detached(data), bytes });
  }

  /**
   * Pauses the link when the queue is full. Called after each push, once the parked reads have
   * taken their part. After `discardFurther` the link runs: the peer's close must be seen.
   *
   * A paused link of a client still delivers the rest of its chunk, which counts. One chunk of 64
   * KiB always fits.
   *
   * @returns false when the queue holds more than it may.
   */
  regulate(): boolean {
    if (this.#discarding || !this.#mustPause) return true;
    const { queueMessages, queueBytes, overflow } = this.#limits;
    if ((overflow === 'pause' || this.#isHeld) && !this.#isLookedAt()) this.#pause();
    if (overflow === 'close') return this.messages <= queueMessages && this.#bytes <= queueBytes;
    return this.#countedBytes <= hardCapBytes(this.#limits);
  }

  /** Takes up to `len` of the oldest readable message; there must be one. The rest stays (I3). */
  take(len: number): Data {
    const ring = this.#readable as Ring<Message>;
    const { first } = ring;
    const cut = cutLength(first.data, len);
    this.#firstIsRest = cut < first.data.length;
    return this.#firstIsRest ? this.#takePart(first, cut) : this.#takeFirst(ring);
  }

  /**
   * Puts a message back that was taken whole and not used: it is the next, behind the rest of one
   * that was cut meanwhile. After `discardFurther` it counts as unread.
   */
  putBack(data: Data): void {
    if (this.#end !== undefined) this.#end.unread += 1;
    else if (this.#discarding) {
      this.#discarded += 1;
      return;
    }
    const bytes = bytesOf(data);
    this.#bytes += bytes;
    this.#extraBytes += extraBytes(data, bytes);
    const ring = (this.#readable ??= new Ring());
    const rest = this.#firstIsRest ? ring.shift() : undefined;
    ring.unshift({ data, bytes });
    if (rest !== undefined) ring.unshift(rest);
  }

  /** Turns the oldest readable message, or its rest, into bytes. There must be one. */
  firstToBytes(): void {
    const { first } = this.#readable as Ring<Message>;
    this.#extraBytes -= extraBytes(first.data, first.bytes);
    first.data = toBytes(first.data);
  }

  /** Offers messages to a hook before a read can take them. Called before the first message. */
  offerFirst(): void {
    this.#isOffering = true;
  }

  /** The oldest message that the hook has yet to be offered; undefined where there is none. */
  get unoffered(): Data | undefined {
    const ring = this.#unoffered;
    return ring === undefined || ring.length === 0 ? undefined : ring.first.data;
  }

  /** Drops the message that the hook was offered and has consumed. */
  dropOffered(): void {
    if (this.#unoffered !== undefined) this.#takeFirst(this.#unoffered);
  }

  /** Makes the message readable that the hook was offered and has not consumed. */
  releaseOffered(): void {
    if (this.#unoffered === undefined) return;
    this.#readable ??= new Ring();
    this.#readable.push(this.#unoffered.shift());
  }

  // Called by the conversation.

  /** Drops and counts further messages. Resumes the link: the peer's close must be seen. */
  discardFurther(): void {
    this.#discarding = true;
    this.#isHeld = false;
    this.#resume();
  }

  /** Pauses the link until `release`, however little is queued. */
  hold(): void {
    if (this.#discarding) return;
    this.#isHeld = true;
    this.#pause();
  }

  /** Ends `hold`: resumes the link, unless the queue is full. */
  release(): void {
    this.#isHeld = false;
    if (!this.isFull) this.#resume();
  }

  /** Puts the end behind the last message, for good. */
  finish({ code, reason, clean, by, cause }: Omit<LinkEnd, 'by'> & Pick<CloseInfo, 'by'>): CloseInfo {
    const unread = this.messages + this.#discarded;
    this.#discarding = true;
    this.#end = { code, reason, clean, by, ...(cause === undefined ? undefined : { cause }), unread };
    return this.#end;
  }

  /** Drops and counts what is queued, and further messages, also those that a hook waits for. */
  discardAll(): void {
    this.#discarded += this.messages;
    this.#readable = undefined;
    this.#unoffered = undefined;
    this.#bytes = 0;
    this.#extraBytes = 0;
    this.#firstIsRest = false;
    this.discardFurther();
  }

  /** Whether further messages are dropped. */
  get isDiscarding(): boolean {
    return this.#discarding;
  }

  // Called by the paused link.

  /**
   * Lets the link, which is paused, run until `endLook`, or until so many bytes have come: a close
   * or a reset is seen only while it runs.
   *
   * @param moreBytes - What may come, with MESSAGE_OVERHEAD_BYTES for each message. The rest of the
   *   chunk comes in any case, and the hard cap has room for it (I5).
   */
  look(moreBytes: number): void {
    this.#resume();
    this.#flow = { upToBytes: this.#countedBytes + moreBytes, hasCome: false };
  }

  /**
   * Pauses the link again, if the queue is still full or held.
   *
   * @returns Whether nothing has come since `look`, and nothing was read.
   */
  endLook(): boolean {
    if (typeof this.#flow !== 'object') return false;
    const { hasCome } = this.#flow;
    if (this.#discarding || !this.#mustPause) {
      this.#flow = 'running';
      return false;
    }
    this.#pause();
    return !hasCome;
  }

  /** Says that the queue holds more than it may. */
  get fullError(): RangeError {
    const { overflow, queueMessages } = this.#limits;
    const isCount = overflow === 'close' && this.messages > queueMessages;
    const text = `Too much is unread: ${this.messages} messages, ${this.#bytes} bytes`;
    return limitCause(isCount ? 'queueMessages' : 'queueBytes', text);
  }

  /** What the messages take in memory. */
  get #heldBytes(): number {
    return this.#bytes + this.#extraBytes;
  }

  /** Bytes on the wire of what is queued, with the least header of each message. */
  get #countedBytes(): number {
    return this.#bytes + this.messages * MESSAGE_OVERHEAD_BYTES;
  }

  /** Whether a read has to take something before the link runs again. */
  get isFull(): boolean {
    return this.messages >= this.#limits.queueMessages || this.#heldBytes >= this.#limits.queueBytes;
  }

  get #mustPause(): boolean {
    return this.#isHeld || this.isFull;
  }

  #takeFirst(ring: Ring<Message>): Data {
    const { data, bytes } = ring.shift();
    this.#bytes -= bytes;
    this.#extraBytes -= extraBytes(data, bytes);
    if (this.#end !== undefined) this.#end.unread -= 1;
    this.#resumeBelowHalf();
    return data;
  }

  #takePart(message: Message, cut: number): Data {
    const { data } = message;
    // A copy: its owner may transfer the memory, and the rest must stay.
    const part = typeof data === 'string' ? data.slice(0, cut) : copyBytes(data.subarray(0, cut));
    const bytes = bytesOf(part);
    this.#extraBytes -= extraBytes(data, message.bytes);
    message.data = typeof data === 'string' ? data.slice(cut) : data.subarray(cut);
    message.bytes -= bytes;
    this.#bytes -= bytes;
    this.#extraBytes += extraBytes(message.data, message.bytes);
    this.#resumeBelowHalf();
    return part;
  }

  #resumeBelowHalf(): void {
    if (this.#flow === 'running' || this.#isHeld) return;
    const { queueMessages, queueBytes } = this.#limits;
    if (this.messages * 2 <= queueMessages && this.#heldBytes * 2 <= queueBytes) this.#resume();
  }

  /** Whether the link runs for a look, which may bring more. */
  #isLookedAt(): boolean {
    if (typeof this.#flow !== 'object') return false;
    this.#flow.hasCome = true;
    return this.#countedBytes < this.#flow.upToBytes;
  }

  #pause(): void {
    if (this.#flow === 'paused') return;
    this.#flow = 'paused';
    this.#link.pause();
  }

  /** Also where it runs for a look: from now on it runs without one. */
  #resume(): void {
    if (this.#flow === 'running') return;
    this.#flow = 'running';
    this.#link.resume();
  }
}

/**
 * Gives what a text takes in memory beyond its bytes on the wire: V8 keeps two bytes for each unit
 * as soon as one of them needs two, so that text with one `€` takes twice its size.
 */
function extraBytes(data: Data, bytes: number): number {
  if (typeof data !== 'string' || data.length === bytes) return 0;
  return Math.max(2 * data.length - bytes, 0);
}
