// A server's data frames, as RFC 6455 §5.2 has them: neither masked nor compressed. FrameBatch and
// HeldFrames put them side by side. `ws` makes all other frames.

import { bytesOf } from '../../core/data.ts';
import type { Data } from '../../core/data.ts';

/** A frame whose data may be longer is not copied: a write of its own costs less. */
export const LONGEST_COPIED_BYTES = 4096;

/** The opcodes of RFC 6455 §5.2, and the bit of a last frame. */
const FIN = 0x80;
const TEXT = 0x01;
const BINARY = 0x02;
const CONTINUATION = 0x00;

/** Two bytes, and eight more for the length of a long payload. */
const MAX_HEADER_BYTES = 10;
/** Bytes of UTF-8 that one UTF-16 code unit takes at most. */
const MAX_UNIT_BYTES = 3;

/** Gives the first byte of the frame of a whole message. Bytes are always binary. */
export function wholeByte(data: Data, isBinary: boolean): number {
  return isBinary || typeof data !== 'string' ? FIN | BINARY : FIN | TEXT;
}

/** Gives the first byte of the frame of a fragment. */
export function fragmentByte(
  data: Data,
  isBinary: boolean,
  { isFirst, isLast }: { readonly isFirst: boolean; readonly isLast: boolean },
): number {
  const opcode = isFirst ? wholeByte(data, isBinary) & ~FIN : CONTINUATION;
  return isLast ? opcode | FIN : opcode;
}

/** Gives the bytes that the frame of a message takes at most. */
export function maxFrameBytes(data: Data): number {
  return MAX_HEADER_BYTES + (typeof data === 'string' ? data.length * MAX_UNIT_BYTES : bytesOf(data));
}

/**
 * Writes one frame.
 *
 * @param target - Has room for {@link maxFrameBytes} behind `at`.
 * @param firstByte - {@link wholeByte} or {@link fragmentByte}.
 * @returns Where the frame ends.
 */
export function writeFrame(target: Buffer, at: number, data: Data, firstByte: number): number {
  if (typeof data !== 'string') {
    const bytes = bytesOf(data);
    const header = headerBytes(bytes);
    // Of bytes that were transferred while they waited, nothing is left: `set` would throw.
    if (bytes > 0) target.set(data, at + header);
    writeHeader(target, at, firstByte, header, bytes);
    return at + header + bytes;
  }
  // Most text is ASCII: its length gives the size of the header. Other text is longer in bytes,
  // and is moved behind its header where that is longer, too.
  const guess = headerBytes(data.length);
  const bytes = target.write(data, at + guess);
  const header = bytes === data.length ? guess : headerBytes(bytes);
  const end = at + header + bytes;
  if (header !== guess) target.copyWithin(at + header, at + guess, at + guess + bytes);
  writeHeader(target, at, firstByte, header, bytes);
  return end;
}

/** Makes one frame in memory of its own. */
export function makeFrame(data: Data, firstByte: number): Buffer {
  const memory = Buffer.allocUnsafe(MAX_HEADER_BYTES + bytesOf(data));
  return memory.subarray(0, writeFrame(memory, 0, data, firstByte));
}

/** Makes the header of a frame whose payload is written by itself. */
export function frameHeader(firstByte: number, payloadBytes: number): Buffer {
  const header = Buffer.allocUnsafe(headerBytes(payloadBytes));
  writeHeader(header, 0, firstByte, header.byteLength, payloadBytes);
  return header;
}

function headerBytes(payloadBytes: number): number {
  if (payloadBytes < 126) return 2;
  return payloadBytes < 65_536 ? 4 : MAX_HEADER_BYTES;
}

/** @param header - The size of the header, {@link headerBytes} of the payload's. */
function writeHeader(target: Buffer, at: number, firstByte: number, header: number, bytes: number): void {
  target[at] = firstByte;
  if (header === 2) {
    target[at + 1] = bytes;
  } else if (header === 4) {
    target[at + 1] = 126;
    target.writeUInt16BE(bytes, at + 2);
  } else {
    target[at + 1] = 127;
    target.writeUInt32BE(0, at + 2);
    target.writeUInt32BE(bytes, at + 6);
  }
}
