// The end of a socket: what one handle of another node does with it. remote-sockets.ts makes it for
// each handle and passes frames on. It reads, writes and closes as a handle of this process does;
// the end of the caller is remote-transport.ts.

import {
  endFields,
  FROM_SOCKET,
  messageFields,
  messageOf,
  NO_FIELDS,
  openedFields,
  partsOf,
  readClose,
  readWrite,
  statusFields,
  TO_SOCKET,
} from './socket-frames.ts';
import type { Answer, Frame, Part, WrittenPart } from './socket-frames.ts';
import type { FrameWindow } from './frame-window.ts';
import { bytesOfParts, HeldBytes } from './held-bytes.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { pendingRead } from '../conversation/pending-read.ts';
import type { ReadView } from '../conversation/pending-read.ts';
import type { Clock } from '../time/clock.ts';
import { IDLE_TIMER } from '../time/scheduling.ts';
import type { CloseInfo } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';
import { noop } from '../core/noop.ts';

/**
 * How long an ended socket keeps what a handle of another node has not read.
 *
 * @limit Time in which another node reads the rest of a socket that has ended | what is left is
 * dropped
 */
const REST_MS = 10_000;
/** The first read of a handle may be under way. */
const FIRST_READ_MS = 1000;

/** What a served handle needs of its node. */
export interface CallerLink {
  readonly clock: Clock;
  /** What all handles have written and that waits. */
  readonly held: { bytes: number };
  /** Its node: once that is gone, a message that comes is for others. */
  readonly caller: { readonly isGone: boolean };
  /** Sends a frame to the node of the caller. Never rejects. */
  send(type: number, number: number, fields: Uint8Array): Promise<unknown>;
  /** Parts of messages go through it. */
  readonly window: FrameWindow;
  /** The handle is over: no frame comes any more. */
  over(): void;
}

/** Stands for the call of a user: errors name it. */
function read(): void {}

/** One handle of another node on a socket of this one. */
export class ServedHandle {
  readonly #conversation: Conversation;
  readonly #link: CallerLink;
  readonly #view: ReadView = { binaryData: false, atEnd: true, closedReads: 0, inHand: undefined };
  #isOver = false;
  /** Whether the caller may have ended without a word. */
  #isDoubted = false;
  #sent = 0;
  /** Frames received: `open` was the first. */
  #received = 1;
  /** When the caller was last heard. */
  heardMs: number;

  /** The read that waits; undefined where none does. */
  #read: AbortController | undefined;
  #hasRead = false;
  /** Whether the caller waits for a message. */
  #hasCredit = false;
  /** The message that was sent and is not known to be received. */
  #lent: Data | undefined;
  /** The first and the last frame of it; Infinity before the last one is sent. */
  #lentFrames: readonly [first: number, last: number] = [0, 0];
  /** Whether that message was under way when the caller withdrew what it had asked for. */
  #isCrossed = false;
  #written: WrittenPart[] = [];
  /** The parts that have come, and writes that wait. */
  readonly #held: HeldBytes;
  /** Writes that wait, by the number of their frame. */
  readonly #writes = new Map<number, AbortController>();
  #restTimer: unknown;
  readonly #offEnd: () => void = noop;

  constructor(conversation: Conversation, link: CallerLink) {
    this.#conversation = conversation;
    this.#link = link;
    this.#held = new HeldBytes(link.held);
    this.heardMs = link.clock.now();
    this.#tell(FROM_SOCKET.opened, openedFields('ok', conversation.transport.protocol));
    // No listener of the signal: nodes may open one socket by the thousand.
    this.#offEnd = conversation.over.onAbort(() => this.#socketEnded());
  }

  /** A frame of the caller has come. */
  receive({ type, number, fields }: Frame): void {
    this.heardMs = this.#link.clock.now();
    this.#isDoubted = false;
    if (type === TO_SOCKET.unknown) return this.#disown(fields.u64());
    if (type === TO_SOCKET.release) return this.#released(fields);
    this.#received += 1;
    const isKnown = number === this.#received && this.#take({ type, number, fields });
    if (!isKnown) this.#lose();
    else if (this.#hasCredit) void this.#readOne();
    return undefined;
  }

  /**
   * Frames of the caller may be lost, also the one with its end: until it is heard, and it asks
   * while it waits, its read takes no message that others could have.
   */
  doubt(): void {
    this.#isDoubted = true;
    this.#read?.abort();
  }

  /** The caller has opened another handle: this one takes no message from it. */
  retire(): void {
    this.#stopReading();
  }

  /** The caller is gone: ends what waits for it. */
  release(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#link.clock.clearTimeout(this.#restTimer);
    this.#offEnd();
    this.#read?.abort();
    this.#held.remove(bytesOfParts(this.#written));
    this.#written = [];
    for (const write of this.#writes.values()) write.abort();
    if (this.#lentFrames[1] === Infinity) this.#putBack();
    this.#link.over();
  }

  /** @returns false where the frame is broken. */
  #take({ type, number, fields }: Omit<Frame, 'handle'>): boolean {
    switch (type) {
      case TO_SOCKET.write:
        return this.#write(number, readWrite(fields));
      case TO_SOCKET.cancelWrite:
        this.#writes.get(fields.u64())?.abort();
        return true;
      case TO_SOCKET.credit:
        this.#ask();
        return true;
      case TO_SOCKET.withdraw:
        this.#isCrossed = this.#lent !== undefined;
        this.#stopReading();
        return true;
      case TO_SOCKET.taken:
        this.#lent = undefined;
        return true;
      case TO_SOCKET.returned:
        this.#putBack();
        return true;
      case TO_SOCKET.close:
        return this.#close(readClose(fields));
      case TO_SOCKET.terminate:
        this.#conversation.terminate();
        return true;
      default:
        // A probe. To kinds that a newer node has, this one answers the same.
        this.#tell(FROM_SOCKET.alive);
        return true;
    }
  }

  // Reads.

  #stopReading(): void {
    this.#hasCredit = false;
    this.#read?.abort();
  }

  #ask(): void {
    // The message under way is what the caller gets for this, too: a second one would be too many.
    const isUnderWay = this.#isCrossed && this.#lent !== undefined;
    this.#isCrossed = false;
    if (isUnderWay) return;
    this.#lent = undefined;
    this.#hasCredit = true;
  }

  async #readOne(): Promise<void> {
    if (this.#read !== undefined || this.#mayNotSend) return;
    const reading = new AbortController();
    this.#read = reading;
    this.#hasRead = true;
    const [message, status] = await this.#readUntil(reading.signal);
    this.#read = undefined;
    if (status === 'closed') return this.#tellEnd();
    // It was withdrawn, and asked for anew before it had ended.
    if (message === undefined) return this.#hasCredit ? this.#readOne() : undefined;
    this.#lent = message;
    if (this.#mayNotSend || !this.#hasCredit) return this.#putBack();
    this.#hasCredit = false;
    this.#lentFrames = [this.#sent + 1, Infinity];
    const parts = partsOf(message, true).map((part) => ({
      bytes: bytesOfParts([part]),
      send: () => this.#sendPart(part),
    }));
    this.#link.window.push(parts);
    return undefined;
  }

  get #mayNotSend(): boolean {
    return this.#isOver || this.#isDoubted || this.#link.caller.isGone;
  }

  #sendPart(part: Part): Promise<unknown> {
    if (part.isLast) this.#lentFrames = [this.#lentFrames[0], this.#sent + 1];
    return this.#send(FROM_SOCKET.message, messageFields(part));
  }

  async #readUntil(signal: AbortSignal): Promise<readonly [Data | undefined, string]> {
    try {
      const wait = { timeoutMs: Infinity, signal };
      return await this.#conversation.reader.read(pendingRead(this.#view, Infinity, wait, read));
    } catch {
      // It was withdrawn. Or a call reads the socket alone: this handle gets nothing, then.
      if (!signal.aborted) this.#lose();
      return [undefined, 'aborted'];
    }
  }

  #putBack(): void {
    const message = this.#lent;
    if (message === undefined) return;
    this.#lent = undefined;
    this.#conversation.queue.putBack(message);
    this.#conversation.reader.serve();
  }

  /**
   * The caller has no such handle any more, and has dropped a frame that came for it. The message
   * of that frame goes back into the queue of the socket.
   */
  #disown(frame: number): void {
    const [first, last] = this.#lentFrames;
    if (frame >= first && frame <= last) this.#putBack();
    this.release();
  }

  /**
   * The caller has ended the handle. A message that has not reached it completely goes back into
   * the queue of the socket.
   */
  #released(fields: Frame['fields']): void {
    // Older nodes do not say what they have received.
    if (fields.left >= 8 && fields.u64() < this.#lentFrames[1]) this.#putBack();
    this.release();
  }

  // Writes.

  #write(number: number, part: WrittenPart | undefined): boolean {
    if (part === undefined) return false;
    this.#written.push(part);
    if (!this.#held.add(bytesOfParts([part]))) return false;
    if (part.isLast) void this.#writeWhole(number, part);
    else this.#tellStatus(number, 'ok');
    return true;
  }

  async #writeWhole(number: number, { binary, compress, timeoutMs }: WrittenPart): Promise<void> {
    const data = messageOf(this.#written);
    const bytes = bytesOfParts(this.#written);
    this.#written = [];
    const writing = new AbortController();
    this.#writes.set(number, writing);
    const options = { binary, compress };
    try {
      const { writer } = this.#conversation;
      this.#tellStatus(number, await writer.write({ data, options, timeoutMs, signal: writing.signal }));
    } catch {
      this.#tellStatus(number, 'cancelled');
    }
    this.#writes.delete(number);
    this.#held.remove(bytes);
  }

  #tellStatus(write: number, status: Answer): void {
    this.#tell(FROM_SOCKET.status, statusFields(write, status));
  }

  // The end.

  #close(close: { readonly code: number; readonly reason: string } | undefined): boolean {
    if (close !== undefined) this.#conversation.close(close.code, close.reason, 'local');
    return close !== undefined;
  }

  /** The caller may read the rest: it then hears of the end behind it. */
  #socketEnded(): void {
    const { queue } = this.#conversation;
    if (queue.isOver && this.#lent === undefined) return this.#tellEnd();
    const restMs = this.#hasRead ? REST_MS : FIRST_READ_MS;
    this.#restTimer = this.#link.clock.setTimeout(() => this.#tellEnd(), restMs, IDLE_TIMER);
    return undefined;
  }

  #tellEnd(): void {
    if (this.#isOver) return;
    this.#tell(FROM_SOCKET.end, endFields(this.#conversation.queue.end as CloseInfo));
    this.release();
  }

  #lose(): void {
    this.#tell(FROM_SOCKET.lost);
    this.release();
  }

  #tell(type: number, fields: Uint8Array = NO_FIELDS): void {
    void this.#send(type, fields);
  }

  async #send(type: number, fields: Uint8Array): Promise<void> {
    if (this.#isOver) return;
    this.#sent += 1;
    await this.#link.send(type, this.#sent, fields);
  }
}
