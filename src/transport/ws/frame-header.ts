// The header of a frame (RFC 6455 §5.2), as far as what comes in is followed: receive-lane.ts takes
// whole messages by it, inbound-frames.ts finds the ends of the other frames, inbound-chunks.ts
// looks for control frames. Rules are checked by `ws`.

/** The bit of a frame that ends its message. */
export const FIN = 0x80;
export const OPCODE = 0x0f;
export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
/** Opcodes from here on are those of control frames. */
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;
/** RFC 6455 §5.5. */
export const MAX_CONTROL_BYTES = 125;
/** The bit in the second byte of a frame whose payload is masked. */
export const MASKED = 0x80;
export const MASK_BYTES = 4;
/** The longest header: two bytes, eight for the length, and the mask. */
export const MAX_HEADER_BYTES = 14;

/** Gives the bytes of a header by its second byte. */
export function headerBytes(second: number): number {
  const length = second & 0x7f;
  const maskBytes = second < MASKED ? 0 : MASK_BYTES;
  if (length < 126) return 2 + maskBytes;
  return length === 126 ? 4 + maskBytes : 10 + maskBytes;
}

/** Gives the length that the whole header at `at` announces. */
export function payloadBytes(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] as number) & 0x7f;
  if (length < 126) return length;
  if (length === 126) return bytes.readUInt16BE(at + 2);
  return bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
}

/** Where a ping lies among frames that wait. */
export interface WaitingPing {
  readonly at: number;
  readonly end: number;
}

/** The control frames among frames that wait. */
export interface WaitingControls {
  readonly hasClose: boolean;
  /** The last ping that keeps the rules; undefined without one. */
  readonly ping: WaitingPing | undefined;
}

/** Follows the headers of frames, up to a close frame. A frame that is not whole does not count. */
export function findControls(bytes: Buffer): WaitingControls {
  let ping: WaitingPing | undefined;
  for (let at = 0; at + 2 <= bytes.length;) {
    const end = frameEnd(bytes, at);
    if (end > bytes.length) break;
    const opcode = (bytes[at] as number) & OPCODE;
    if (opcode === CLOSE) return { hasClose: true, ping };
    if (isPing(bytes, at)) ping = { at, end };
    at = end;
  }
  return { hasClose: false, ping };
}

/** Whether the frame is a ping in one piece, masked, and of at most 125 bytes (RFC 6455 §5.5). */
function isPing(bytes: Buffer, at: number): boolean {
  const second = bytes[at + 1] as number;
  return bytes[at] === (FIN | PING) && second >= MASKED && second <= MASKED + MAX_CONTROL_BYTES;
}

/** Gives the end of the frame at `at`; Infinity where its header is cut. */
function frameEnd(bytes: Buffer, at: number): number {
  const payload = at + headerBytes(bytes[at + 1] as number);
  return payload > bytes.length ? Infinity : payload + payloadBytes(bytes, at);
}
