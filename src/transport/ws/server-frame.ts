// A server's data frames, as RFC 6455 §5.2 has them: whole messages, neither masked nor
// compressed. FrameBatch puts them side by side. `ws` makes all other frames.

import type { Data } from '../../core/data.ts';

/** FIN, and the opcode of text and binary. */
const WHOLE_TEXT = 0x81;
const WHOLE_BINARY = 0x82;

/** Two bytes, and eight more for the length of a long payload. */
const MAX_HEADER_BYTES = 10;
/** Bytes of UTF-8 that one UTF-16 code unit takes at most. */
const MAX_UNIT_BYTES = 3;

/** Gives the bytes that the frame of a message takes at most. */
export function maxFrameBytes(data: Data): number {
  return MAX_HEADER_BYTES + (typeof data === 'string' ? data.length * MAX_UNIT_BYTES : data.byteLength);
}

/**
 * Writes the frame of one message.
 *
 * @param target - Has room for {@link maxFrameBytes} behind `at`.
 * @param isBinary - Text goes out in a binary frame; bytes always do.
 * @returns Where the frame ends.
 */
export function writeFrame(target: Buffer, at: number, data: Data, isBinary: boolean): number {
  if (typeof data !== 'string') {
    const header = headerBytes(data.byteLength);
    target.set(data, at + header);
    writeHeader(target, at, WHOLE_BINARY, header, data.byteLength);
    return at + header + data.byteLength;
  }
  // Most text is ASCII: its length gives the size of the header. Other text is longer in bytes,
  // and is moved behind its header where that is longer, too.
  const guess = headerBytes(data.length);
  const bytes = target.write(data, at + guess);
  const header = bytes === data.length ? guess : headerBytes(bytes);
  const end = at + header + bytes;
  if (header !== guess) target.copyWithin(at + header, at + guess, at + guess + bytes);
  writeHeader(target, at, isBinary ? WHOLE_BINARY : WHOLE_TEXT, header, bytes);
  return end;
}

function headerBytes(payloadBytes: number): number {
  if (payloadBytes < 126) return 2;
  return payloadBytes < 65_536 ? 4 : MAX_HEADER_BYTES;
}

/** @param header - The size of the header, {@link headerBytes} of the payload's. */
function writeHeader(target: Buffer, at: number, opcode: number, header: number, bytes: number): void {
  target[at] = opcode;
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
