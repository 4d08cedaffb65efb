// The frames of one socket that wait until its stream has taken what it was given: packed into
// memory of their own, so that a message of one byte costs three bytes and not an entry of the
// stream's buffer with a slab behind it. FrameBatch makes it while something waits.

import { frameHeader, LONGEST_COPIED_BYTES, maxFrameBytes, writeFrame } from './server-frame.ts';
import type { Data } from '../../core/data.ts';
import { bytesToSend } from '../../core/data.ts';

/** Size of a piece of memory: at most so much is unused. */
const PIECE_BYTES = 4096;

/** Keeps frames in order. Frames are cut where a piece is full: a stream has no borders. */
export class HeldFrames {
  /** What is complete: pieces, and long payloads as they were passed. */
  #chunks: Uint8Array[] = [];
  /** The piece that is being filled: its frames are from `#start` to `#end`. */
  #piece: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #start = 0;
  #end = 0;

  /**
   * Adds the frame of a message or fragment. Long bytes are not copied.
   *
   * @returns The size of the frame.
   */
  add(data: Data, firstByte: number): number {
    if (maxFrameBytes(data) <= PIECE_BYTES - this.#end) {
      const start = this.#end;
      this.#end = writeFrame(this.#piece, start, data, firstByte);
      return this.#end - start;
    }
    const payload = bytesToSend(data);
    const header = frameHeader(firstByte, payload.byteLength);
    this.#copy(header);
    if (payload.byteLength > LONGEST_COPIED_BYTES) {
      this.#cut();
      this.#chunks.push(payload);
    } else {
      this.#copy(payload);
    }
    return header.byteLength + payload.byteLength;
  }

  /** Adds a whole frame. A long one is not copied. */
  addFrame(frame: Uint8Array): void {
    if (frame.byteLength <= LONGEST_COPIED_BYTES) return this.#copy(frame);
    this.#cut();
    this.#chunks.push(frame);
  }

  /** Takes all frames, in order. */
  take(): readonly Uint8Array[] {
    this.#cut();
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  #copy(bytes: Uint8Array): void {
    for (let rest = bytes; rest.byteLength > 0;) {
      if (this.#end === PIECE_BYTES) this.#nextPiece();
      const part = rest.subarray(0, PIECE_BYTES - this.#end);
      this.#piece.set(part, this.#end);
      this.#end += part.byteLength;
      rest = rest.subarray(part.byteLength);
    }
  }

  #nextPiece(): void {
    this.#cut();
    this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    this.#start = 0;
    this.#end = 0;
  }

  /** Completes what is written of the piece. The rest of it is used later. */
  #cut(): void {
    if (this.#end > this.#start) this.#chunks.push(this.#piece.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
