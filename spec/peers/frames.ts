// Frames by hand (RFC 6455 §5.2): built from whatever a spec asks for, whether
// the rules allow it or not, and read from a server's bytes. Who sends them is
// raw-client.ts.

export const OPCODE: Readonly<
  Record<'continuation' | 'text' | 'binary' | 'close' | 'ping' | 'pong', number>
> = Object.freeze({
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
});

/** Bits of `rsv`. */
export const RSV1 = 0b100;
export const RSV2 = 0b010;
export const RSV3 = 0b001;

export interface FrameParts {
  /** 0 to 15. */
  readonly opcode: number;
  /** Text is sent in UTF-8. Default empty. */
  readonly payload?: string | Uint8Array;
  /** Default true. */
  readonly fin?: boolean;
  /** {@link RSV1}, {@link RSV2}, {@link RSV3} or their sum. Default 0. */
  readonly rsv?: number;
  /** Four bytes, or false for none, as a server sends. Default some fixed ones. */
  readonly mask?: Uint8Array | false;
  /** How the length is written, in bits. Default the shortest that holds it. */
  readonly lengthBits?: 7 | 16 | 64;
  /** The length that the header announces. Default the payload's. */
  readonly announcedBytes?: number | bigint;
}

const MASK = Buffer.from([0x5a, 0xc3, 0x0f, 0x96]);

/** Builds one frame, masked as a client's unless told otherwise. */
export function frame({
  opcode,
  payload = '',
  fin = true,
  rsv = 0,
  mask = MASK,
  lengthBits,
  announcedBytes,
}: FrameParts): Buffer {
  const data = Buffer.from(payload);
  const length = BigInt(announcedBytes ?? data.length);
  const head = Buffer.of((fin ? 0x80 : 0) | (rsv << 4) | opcode);
  const lengthField = encodeLength(length, lengthBits ?? shortest(length), mask === false ? 0 : 0x80);
  if (mask === false) return Buffer.concat([head, lengthField, data]);
  return Buffer.concat([head, lengthField, mask, data.map((byte, i) => byte ^ (mask[i & 3] as number))]);
}

/** Builds a whole text message in one frame. */
export function textFrame(text: string): Buffer {
  return frame({ opcode: OPCODE.text, payload: text });
}

/** Builds a whole binary message in one frame. */
export function binaryFrame(bytes: Uint8Array): Buffer {
  return frame({ opcode: OPCODE.binary, payload: bytes });
}

/** Builds a close frame; any number of 16 bits passes for a code, any bytes for a reason. */
export function closeFrame(code: number, reason: string | Uint8Array = ''): Buffer {
  const payload = Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
  return frame({ opcode: OPCODE.close, payload });
}

function shortest(length: bigint): 7 | 16 | 64 {
  if (length <= 125n) return 7;
  return length <= 0xffffn ? 16 : 64;
}

function encodeLength(length: bigint, bits: 7 | 16 | 64, maskBit: number): Buffer {
  if (bits === 7) return Buffer.of(maskBit | Number(length));
  const field = Buffer.alloc(1 + bits / 8);
  field[0] = maskBit | (bits === 16 ? 126 : 127);
  if (bits === 16) field.writeUInt16BE(Number(length), 1);
  else field.writeBigUInt64BE(length, 1);
  return field;
}

/** A frame as a server has sent it. */
export interface ServerFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly payload: Buffer;
}

/**
 * Reads the frame that the bytes begin with.
 *
 * @returns undefined while it is not whole; else the frame, and its size on the wire.
 * @throws Error for a masked frame, which no server may send.
 */
export function parseFrame(
  bytes: Buffer,
): { readonly frame: ServerFrame; readonly size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const [first, second] = bytes as unknown as readonly [number, number];
  if ((second & 0x80) !== 0) throw new Error('The server has masked a frame');
  const headerSize = { 126: 4, 127: 10 }[second] ?? 2;
  if (bytes.length < headerSize) return undefined;
  const size = headerSize + payloadLength(bytes, headerSize);
  if (bytes.length < size) return undefined;
  const payload = bytes.subarray(headerSize, size);
  return {
    frame: { opcode: first & 0x0f, fin: (first & 0x80) !== 0, rsv: (first >> 4) & 0b111, payload },
    size,
  };
}

function payloadLength(bytes: Buffer, headerSize: number): number {
  if (headerSize === 2) return bytes.readUInt8(1);
  return headerSize === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
}
