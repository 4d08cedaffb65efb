// The frame headers of what a peer sends, on the way from the stream to `ws`: says whether a
// message has begun and is not whole yet, and gives `ws` small pieces of it side by side. `ws`
// keeps each piece until the message is whole, and with it the chunk of up to 64 KiB that the piece
// is a view on. Rules are not checked here: `ws` does that. receive-lane.ts passes bytes to it.

import {
  CLOSE,
  CONTINUATION,
  FIN,
  headerBytes,
  MASK_BYTES,
  MASKED,
  MAX_HEADER_BYTES,
  OPCODE,
  payloadBytes,
} from './frame-header.ts';
import { PieceMask, WORDWISE_BYTES } from './unmask.ts';

/** A smaller piece of a frame is kept until more has come: `ws` would keep its chunk. */
const SMALL_PIECE_BYTES = 16_384;
/** A smaller fragment is copied and given to `ws` whole. A larger one fills half of its chunk. */
const SMALL_FRAGMENT_BYTES = 32_768;
/** Slab for the fragments of one message: of fragments with one byte it takes 585. */
const FRAGMENT_SLAB_BYTES = 4096;

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Takes bytes on to `ws`. */
export type Deliver = (bytes: Buffer) => void;

/** Tells whether a chunk consists of whole frames, none of which is a fragment. */
export function isWhole(chunk: Buffer): boolean {
  let at = 0;
  while (at + 2 <= chunk.length) {
    const first = chunk[at] as number;
    if (first < FIN || (first & OPCODE) === CONTINUATION) return false;
    const header = headerBytes(chunk[at + 1] as number);
    if (at + header > chunk.length) return false;
    at += header + payloadBytes(chunk, at);
  }
  return at === chunk.length;
}

/** Follows the frames of one peer, from the end of a message on. */
export class InboundFrames {
  readonly #deliver: Deliver;
  /** Unmasks the payload of the current frame; undefined where `ws` does. */
  #mask: PieceMask | undefined;
  /** Bytes of the current frame that are still to come; 0 between frames. */
  #left = 0;
  /** A header that a chunk has cut, as far as it has come. */
  #head: Buffer = NO_BYTES;
  #headBytes = 0;
  #isHeaderCut = false;
  /** Whether the current frame ends a message; a control frame ends none. */
  #isLast = false;
  #opcode = 0;
  /** Whether the current frame is a small fragment: it is given to `ws` whole. */
  #isKept = false;
  /** Whether a fragment has come, and the last one of its message has not. */
  #isFragmented = false;
  /** Whether the end of a message is to end the pass, and whether it has. */
  #endsAtMessage = false;
  #hasEnded = false;
  #isClosed = false;
  /** The number of which `hasBegun` has told. */
  #begun = 0;
  /** Grows with each end of a message. */
  #number = 1;

  /** What is kept: from `#start` to `#end` of `#slab`, whole frames up to `#whole`. */
  #slab: Buffer = NO_BYTES;
  #start = 0;
  #whole = 0;
  #end = 0;

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  /**
   * The number of the message that has come in part; 0 where there is none. A control frame that
   * has come in part counts as one, if it stands between two messages.
   */
  get unfinished(): number {
    return this.#isFragmented || this.#left > 0 || this.#isHeaderCut ? this.#number : 0;
  }

  /** Tells once of each message that `unfinished` gives a number. */
  hasBegun(): boolean {
    const { unfinished } = this;
    const isNew = unfinished > this.#begun;
    if (isNew) this.#begun = unfinished;
    return isNew;
  }

  /**
   * Gives `ws` what a chunk brings up to the end of a message, but for what is kept. Nothing behind
   * a close frame counts.
   *
   * @returns Where the message ends; else the length of the chunk.
   */
  pass(chunk: Buffer, begin: number): number {
    this.#endsAtMessage = true;
    return this.#pass(chunk, begin);
  }

  /** The same, up to the end of the chunk. */
  passAll(chunk: Buffer): void {
    this.#endsAtMessage = false;
    this.#pass(chunk, 0);
  }

  /** The chunk is done. A socket that sends nothing more must not pin the slab. */
  settle(): void {
    if (this.unfinished === 0) this.#dropSlab();
  }

  #pass(chunk: Buffer, begin: number): number {
    this.#hasEnded = false;
    let at = this.#isHeaderCut ? this.#readCutHeader(chunk) : begin;
    let from = at;
    while (at < chunk.length && !this.#isClosed && !this.#hasEnded) {
      const header = this.#left === 0 ? this.#readHeader(chunk, at) : NaN;
      if (header === 0) {
        this.#deliverBehind(chunk, from, at);
        this.#cutHeader(chunk, at);
        return chunk.length;
      }
      if (header > 0 && at + this.#left > chunk.length) {
        // The header of a frame that is not whole goes to `ws` at once: it may break a rule.
        this.#left -= header;
        at += header;
        this.#deliverBehind(chunk, from, at);
        from = at;
        continue;
      }
      const end = Math.min(at + this.#left, chunk.length);
      this.#mask?.unmask(chunk, header > 0 ? at + header : at, end);
      this.#left -= end - at;
      if (this.#isKept || (this.#left > 0 && end - at < SMALL_PIECE_BYTES)) {
        this.#deliverBehind(chunk, from, at);
        this.#keep(chunk, at, end);
        from = end;
      }
      if (this.#left === 0) this.#endFrame();
      at = end;
    }
    this.#deliverBehind(chunk, from, at);
    this.#deliverWhole();
    return this.#isClosed ? chunk.length : at;
  }

  /** Whether the last pass has ended with a message. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Gives the stream from its next header on, where these bytes come next. */
  fromNextHeader(bytes: Buffer): Buffer {
    if (!this.#isHeaderCut) return bytes.subarray(this.#left);
    return Buffer.concat([this.#head.subarray(0, this.#headBytes), bytes]);
  }

  /** Gives `ws` all that is kept: nothing more comes this way. */
  flush(): void {
    this.#whole = this.#end;
    this.#deliverWhole();
  }

  /** @returns The bytes of the header that begins there; 0 where the chunk cuts it. */
  #readHeader(chunk: Buffer, at: number): number {
    const header = at + 2 > chunk.length ? Infinity : headerBytes(chunk[at + 1] as number);
    if (at + header > chunk.length) return 0;
    this.#beginFrame(chunk, at);
    // `ws` unmasks byte by byte (row: 8 sockets × 4 in flight × 64 KiB).
    const isLong = this.#left - header >= WORDWISE_BYTES && (chunk[at + 1] as number) >= MASKED;
    this.#mask = isLong ? new PieceMask(chunk, at + header - MASK_BYTES) : undefined;
    return header;
  }

  /** Goes on with the header that the chunk before has cut. @returns Where this chunk goes on. */
  #readCutHeader(chunk: Buffer): number {
    const from = this.#headBytes;
    let at = 0;
    while (this.#isHeaderCut && at < chunk.length) {
      this.#head[this.#headBytes] = chunk[at] as number;
      this.#headBytes += 1;
      at += 1;
      this.#isHeaderCut = this.#headBytes < 2 || this.#headBytes < headerBytes(this.#head[1] as number);
    }
    this.#deliver(this.#head.subarray(from, this.#headBytes));
    if (this.#isHeaderCut) return chunk.length;
    // Its mask is with `ws` already.
    this.#mask = undefined;
    this.#beginFrame(this.#head, 0);
    this.#left -= this.#headBytes;
    if (this.#left === 0) this.#endFrame();
    return at;
  }

  #beginFrame(bytes: Buffer, at: number): void {
    const first = bytes[at] as number;
    this.#opcode = first & OPCODE;
    this.#isLast = first >= FIN;
    this.#left = headerBytes(bytes[at + 1] as number) + payloadBytes(bytes, at);
    this.#isKept = !this.#isLast && this.#left < SMALL_FRAGMENT_BYTES;
    if (this.#isKept) this.#reserve(this.#left, Math.max(FRAGMENT_SLAB_BYTES, this.#left));
  }

  #endFrame(): void {
    this.#whole = this.#end;
    this.#isClosed = this.#opcode === CLOSE;
    if (this.#opcode < CLOSE) this.#isFragmented = !this.#isLast;
    this.#hasEnded = this.#endsAtMessage && this.#opcode < CLOSE && this.#isLast;
    if (!this.#isFragmented) this.#number += 1;
  }

  /** Gives `ws` the first bytes of a header, which may break a rule, and keeps them to go on. */
  #cutHeader(chunk: Buffer, at: number): void {
    this.#isHeaderCut = true;
    this.#head = Buffer.allocUnsafeSlow(MAX_HEADER_BYTES);
    this.#headBytes = chunk.copy(this.#head, 0, at);
    this.flush();
    this.#deliver(this.#head.subarray(0, this.#headBytes));
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    // A kept frame has its room. Of another one, what was kept may go to `ws` before the rest.
    if (!this.#isKept && this.#end + to - from > this.#slab.length) {
      this.flush();
      this.#reserve(to - from, Math.min(SMALL_PIECE_BYTES, to - from + this.#left));
    }
    this.#copy(chunk, from, to);
  }

  /** Makes room behind whole frames. */
  #reserve(bytes: number, slabBytes: number): void {
    if (this.#whole + bytes <= this.#slab.length) return;
    this.#deliverWhole();
    this.#slab = Buffer.allocUnsafeSlow(slabBytes);
    this.#start = 0;
    this.#whole = 0;
    this.#end = 0;
  }

  #copy(chunk: Buffer, from: number, to: number): void {
    chunk.copy(this.#slab, this.#end, from, to);
    this.#end += to - from;
  }

  /** Gives `ws` a part of a chunk, behind what is kept. */
  #deliverBehind(chunk: Buffer, from: number, to: number): void {
    if (from === to) return;
    this.flush();
    this.#deliver(to - from === chunk.length ? chunk : chunk.subarray(from, to));
  }

  /** Gives `ws` the whole frames that are kept. */
  #deliverWhole(): void {
    if (this.#start === this.#whole) return;
    const bytes = this.#slab.subarray(this.#start, this.#whole);
    this.#start = this.#whole;
    this.#deliver(bytes);
  }

  #dropSlab(): void {
    this.#head = NO_BYTES;
    this.#slab = NO_BYTES;
    this.#start = 0;
    this.#whole = 0;
    this.#end = 0;
  }
}
