// What a message is made of, and pure functions over it: sizes, bytes, copies and cuts. Transports,
// the receive queue, the reader and the writer call them. How long a message may be is an option
// (conversation/conversation-options.ts).

import { copyBytes, encodeText, textBytes } from '#platform';

/** Queued binary of at most this size is copied, so that it does not pin its chunk of 64 KiB. */
export const SMALL_MESSAGE_BYTES = 32_768;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** A message or a fragment of one: `string` is text, `Uint8Array` is binary. */
export type Data = string | Uint8Array;

/**
 * The getters that all typed arrays share. What `byteLength` and its like say may be false: an own
 * property or a subclass can state another size, and a frame with that size would end in bytes of
 * another socket.
 */
const TYPED_ARRAY: object = Object.getPrototypeOf(Uint8Array.prototype) as object;
const kindOf = getterOf(Symbol.toStringTag) as Getter<string | undefined>;
const lengthOf = getterOf('byteLength') as Getter<number>;
const offsetOf = getterOf('byteOffset') as Getter<number>;
const bufferOf = getterOf('buffer') as Getter<ArrayBufferLike & { readonly resizable?: boolean }>;

type Getter<T> = (this: unknown) => T;

function getterOf(name: string | symbol): unknown {
  const { get } = Object.getOwnPropertyDescriptor(TYPED_ARRAY, name) as { readonly get: unknown };
  return get;
}

/**
 * Tells whether a value is text or binary. `ArrayBuffer`, `DataView` and numbers are neither, and
 * neither is an object that only inherits from `Uint8Array`, or one whose memory was transferred.
 */
export function isData(value: unknown): value is Data {
  if (typeof value === 'string') return true;
  return kindOf.call(value) === 'Uint8Array' && (lengthOf.call(value) > 0 || !isDetached(value));
}

/** Counts the bytes of data on the wire: text is UTF-8. */
export function bytesOf(data: Data): number {
  return typeof data === 'string' ? textBytes(data) : lengthOf.call(data);
}

/**
 * Gives data as plain bytes to send: text as UTF-8, binary as a view that states its true size.
 * Copies bytes whose buffer can be resized, which may be smaller when they leave.
 */
export function bytesToSend(data: Data): Uint8Array {
  if (typeof data === 'string') return encodeText(data);
  const length = lengthOf.call(data);
  if (length === 0) return NO_BYTES;
  const buffer = bufferOf.call(data);
  const view = new Uint8Array(buffer, offsetOf.call(data), length);
  return buffer.resizable === true ? copyBytes(view) : view;
}

/** Gives data as bytes: text as UTF-8, with U+FFFD for a lone surrogate; binary as it is. */
export function toBytes(data: Data): Uint8Array {
  return typeof data === 'string' ? encodeText(data) : data;
}

/** Joins the fragments of one message, which are all text or all binary. */
export function joined(parts: readonly Data[]): Data {
  if (typeof parts[0] === 'string') return parts.join('');
  const chunks = parts as readonly Uint8Array[];
  const whole = new Uint8Array(chunks.reduce((bytes, chunk) => bytes + lengthOf.call(chunk), 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(bytesToSend(chunk), at);
    at += lengthOf.call(chunk);
  }
  return whole;
}

/**
 * Copies small binary data that is a view on a chunk: while it waits, it would pin the whole chunk
 * of 64 KiB. Gives text and larger data back as they are.
 */
export function detached(data: Data): Data {
  if (typeof data === 'string' || data.byteLength > SMALL_MESSAGE_BYTES) return data;
  if (data.byteLength === data.buffer.byteLength) return data;
  return copyBytes(data);
}

/**
 * Gives bytes in memory of their own: their owner may transfer it, as to a worker. A view on a
 * chunk shares its memory with other messages. What `ws` has inflated shares it with the next
 * message of zlib: Node aborts where that memory is gone. And `ws` has one empty Buffer for all
 * purposes.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  const isAlone = bytes.byteLength === bytes.buffer.byteLength && bytes.byteLength > 0;
  return isAlone ? bytes : copyBytes(bytes);
}

/**
 * Finds where to cut data so that the first piece has at most `len` units.
 *
 * A surrogate pair is never cut: the piece is then one unit shorter. A pair at the start that does
 * not fit comes whole, so that a reader always makes progress.
 *
 * @param len - UTF-16 code units of text or bytes of binary, ≥ 1; may be Infinity.
 * @returns The length of the first piece; `data.length` when no cut is needed.
 */
export function cutLength(data: Data, len: number): number {
  if (data.length <= len) return data.length;
  if (typeof data !== 'string' || !splitsPair(data, len)) return len;
  return len === 1 ? 2 : len - 1;
}

/** Gives the high surrogate that text ends with, or ''. */
export function halfPairAtEnd(text: string): string {
  return text.length > 0 && isSurrogate(text.charCodeAt(text.length - 1), 0xd8_00) ? text.slice(-1) : '';
}

/** @param bytes - Of length 0. */
function isDetached(bytes: unknown): boolean {
  try {
    return new Uint8Array(bufferOf.call(bytes)).byteLength < 0;
  } catch {
    return true;
  }
}

function splitsPair(text: string, at: number): boolean {
  return isSurrogate(text.charCodeAt(at - 1), 0xd8_00) && isSurrogate(text.charCodeAt(at), 0xdc_00);
}

/** High surrogates start at 0xD800, low ones at 0xDC00; each range has 1024 units. */
function isSurrogate(unit: number, start: number): boolean {
  return (unit & 0xfc_00) === start;
}
