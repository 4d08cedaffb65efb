// What a message is made of, and the pure functions over it. Transports hand
// data in, the reader cuts it, the writer sends it on. How long a message may
// be is decided elsewhere (limits.ts).

import { copyBytes, encodeText, textBytes } from '#platform';

/** Queued binary of at most this size is copied, so that it does not pin its chunk of 64 KiB. */
const SMALL_MESSAGE_BYTES = 4096;

/** A message or a part of one: `string` is text, `Uint8Array` is binary. */
export type Data = string | Uint8Array;

/** Tells whether a value is text or binary; nothing else can be a message (`ArrayBuffer`, `DataView` and numbers are not). */
export function isData(value: unknown): value is Data {
  return typeof value === 'string' || value instanceof Uint8Array;
}

/** Counts the bytes that data has on the wire: UTF-8 for text. */
export function bytesOf(data: Data): number {
  return typeof data === 'string' ? textBytes(data) : data.byteLength;
}

/** Gives data as bytes: text in UTF-8, where a lone surrogate becomes U+FFFD; binary as it is. */
export function toBytes(data: Data): Uint8Array {
  return typeof data === 'string' ? encodeText(data) : data;
}

/** Puts the parts of one message together; all are of one kind. */
export function joined(parts: readonly Data[]): Data {
  if (typeof parts[0] === 'string') return parts.join('');
  const chunks = parts as readonly Uint8Array[];
  const whole = new Uint8Array(chunks.reduce((bytes, chunk) => bytes + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/**
 * Frees small binary data from the chunk that it is a view on: while it waits,
 * it would pin all 64 KiB of it. Text and larger data are given back as they are.
 */
export function detached(data: Data): Data {
  if (typeof data === 'string' || data.byteLength > SMALL_MESSAGE_BYTES) return data;
  if (data.byteLength === data.buffer.byteLength) return data;
  return copyBytes(data);
}

/**
 * Finds where to cut data so that the first part has at most `len` units.
 *
 * A surrogate pair is never cut: the answer is one less, and a pair that stands
 * first and does not fit comes whole, so that a reader always gets on.
 *
 * @param len - UTF-16 code units of text or bytes of binary, ≥ 1; may be Infinity.
 * @returns The length of the first part; `data.length` when nothing has to be cut.
 */
export function cutLength(data: Data, len: number): number {
  if (data.length <= len) return data.length;
  if (typeof data !== 'string' || !splitsPair(data, len)) return len;
  return len === 1 ? 2 : len - 1;
}

/** Gives the first half of a surrogate pair that text ends with, or ''. */
export function halfPairAtEnd(text: string): string {
  return text.length > 0 && isSurrogate(text.charCodeAt(text.length - 1), 0xd8_00) ? text.slice(-1) : '';
}

function splitsPair(text: string, at: number): boolean {
  return isSurrogate(text.charCodeAt(at - 1), 0xd8_00) && isSurrogate(text.charCodeAt(at), 0xdc_00);
}

/** High surrogates start at 0xD800, low ones at 0xDC00; each range has 1024 units. */
function isSurrogate(unit: number, start: number): boolean {
  return (unit & 0xfc_00) === start;
}
