// What a server has to make of a client's bytes (RFC 6455 §5, RFC 6455 §7, without extensions): the
// messages that are whole, the pings, and the end. Written from the RFC alone, so that the server
// under test is compared with something that shares no line with it.

import { isUtf8 } from 'node:buffer';
import type { Data } from 'corosock';

/** How the bytes end: by a close frame, by a broken rule, or in the middle of things. */
export type DecodedEnd =
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  | { readonly kind: 'violation'; readonly code: 1002 | 1007 | 1009 }
  | { readonly kind: 'open' };

export interface Decoded {
  readonly messages: readonly Data[];
  readonly pings: readonly Buffer[];
  readonly end: DecodedEnd;
}

const CONTINUATION = 0x0;
const TEXT = 0x1;
const BINARY = 0x2;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

const OPEN: DecodedEnd = { kind: 'open' };

/** Decodes what a client has sent after its handshake. */
export function decodeClientBytes(bytes: Buffer, maxMessageBytes: number): Decoded {
  return new ReferenceDecoder(bytes, maxMessageBytes).decode();
}

interface Header {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly mask: Buffer;
  readonly payloadBytes: number;
}

class ReferenceDecoder {
  readonly #bytes: Buffer;
  readonly #maxMessageBytes: number;
  readonly #messages: Data[] = [];
  readonly #pings: Buffer[] = [];
  #at = 0;
  /** The opcode of the message that is under way; undefined between messages. */
  #opened: number | undefined;
  #fragments: Buffer[] = [];
  #messageBytes = 0;

  constructor(bytes: Buffer, maxMessageBytes: number) {
    this.#bytes = bytes;
    this.#maxMessageBytes = maxMessageBytes;
  }

  decode(): Decoded {
    let end: DecodedEnd | undefined;
    while (end === undefined) end = this.#decodeFrame();
    return { messages: this.#messages, pings: this.#pings, end };
  }

  /** @returns How the bytes end; undefined where the next frame may follow. */
  #decodeFrame(): DecodedEnd | undefined {
    const header = this.#decodeHeader();
    if ('kind' in header) return header;
    const payload = this.#take(header.payloadBytes);
    if (payload === undefined) return OPEN;
    const data = payload.map((byte, index) => byte ^ (header.mask[index & 3] as number));
    return header.opcode >= CLOSE
      ? this.#endControl(header.opcode, Buffer.from(data))
      : this.#endData(header, Buffer.from(data));
  }

  #decodeHeader(): Header | DecodedEnd {
    const start = this.#take(2);
    if (start === undefined) return OPEN;
    const [first, second] = [start.readUInt8(0), start.readUInt8(1)];
    const opcode = first & 0xf;
    const isFinal = (first & 0x80) !== 0;
    const shortLength = second & 0x7f;
    const isMasked = (second & 0x80) !== 0;
    const isBroken = (first & 0x70) !== 0 || !isMasked || this.#breaksARule(opcode, isFinal, shortLength);
    if (isBroken) return { kind: 'violation', code: 1002 };
    const payloadBytes = this.#decodeLength(shortLength);
    if (payloadBytes === undefined) return OPEN;
    if (opcode < CLOSE) this.#messageBytes += payloadBytes;
    if (this.#messageBytes > this.#maxMessageBytes) return { kind: 'violation', code: 1009 };
    const mask = this.#take(4);
    return mask === undefined ? OPEN : { opcode, isFinal, mask, payloadBytes };
  }

  #breaksARule(opcode: number, isFinal: boolean, shortLength: number): boolean {
    switch (opcode) {
      case CONTINUATION:
        return this.#opened === undefined;
      case TEXT:
      case BINARY:
        return this.#opened !== undefined;
      case CLOSE:
        return !isFinal || shortLength > 125 || shortLength === 1;
      case PING:
      case PONG:
        return !isFinal || shortLength > 125;
      default:
        return true;
    }
  }

  #decodeLength(shortLength: number): number | undefined {
    if (shortLength < 126) return shortLength;
    const field = this.#take(shortLength === 126 ? 2 : 8);
    if (field === undefined) return undefined;
    return shortLength === 126 ? field.readUInt16BE(0) : Number(field.readBigUInt64BE(0));
  }

  #endControl(opcode: number, payload: Buffer): DecodedEnd | undefined {
    if (opcode === PING) this.#pings.push(payload);
    if (opcode !== CLOSE) return undefined;
    if (payload.length === 0) return { kind: 'close', code: 1005, reason: '' };
    const code = payload.readUInt16BE(0);
    const reason = payload.subarray(2);
    if (!isSendable(code)) return { kind: 'violation', code: 1002 };
    if (!isUtf8(reason)) return { kind: 'violation', code: 1007 };
    return { kind: 'close', code, reason: reason.toString() };
  }

  #endData({ opcode, isFinal }: Header, payload: Buffer): DecodedEnd | undefined {
    this.#opened ??= opcode;
    this.#fragments.push(payload);
    if (!isFinal) return undefined;
    const message = Buffer.concat(this.#fragments);
    const isText = this.#opened === TEXT;
    if (isText && !isUtf8(message)) return { kind: 'violation', code: 1007 };
    this.#messages.push(isText ? message.toString() : message);
    this.#opened = undefined;
    this.#fragments = [];
    this.#messageBytes = 0;
    return undefined;
  }

  #take(count: number): Buffer | undefined {
    if (this.#at + count > this.#bytes.length) return undefined;
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}

/** Codes that may stand in a close frame (RFC 6455 §7.4, and IANA's register up to 1014). */
function isSendable(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}
