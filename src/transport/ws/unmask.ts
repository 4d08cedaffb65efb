// Takes the mask off payloads, in place (RFC 6455 §5.3): receive-lane.ts has whole ones unmasked,
// inbound-frames.ts the pieces of long ones. The bits that were seen say whether text is ASCII,
// which then needs neither a check nor a decoder.

import { MASK_BYTES } from './frame-header.ts';

/** Shorter payloads are unmasked by bytes: a view for words costs as much as it saves. */
export const WORDWISE_BYTES = 128;

/** The mask as the next byte sees it first. */
const key: Uint8Array = new Uint8Array(MASK_BYTES);
/** The same as the next word sees it, whatever the order of bytes in a word is. */
const wordKey: Uint8Array = new Uint8Array(MASK_BYTES);
const word: Int32Array = new Int32Array(wordKey.buffer);
/** The bits of a word that are set in no ASCII character. */
const BEYOND_ASCII = 0x80_80_80_80;

/**
 * Unmasks the payload that begins behind its mask. Called again, it masks it again.
 *
 * @param mask - Where the mask begins.
 * @param to - Where the payload ends.
 * @returns Bits of which the highest, 0x80, is set if a byte is beyond ASCII.
 */
export function unmask(bytes: Uint8Array, mask: number, to: number): number {
  const from = mask + MASK_BYTES;
  if (to - from < WORDWISE_BYTES) return unmaskBytes(bytes, mask, to);
  for (let i = 0; i < MASK_BYTES; i += 1) key[i] = bytes[mask + i] as number;
  return unmaskWords(bytes, from, to);
}

/** The mask of a payload that comes in pieces. */
export class PieceMask {
  readonly #mask: Uint8Array;
  /** Bytes of the payload that were unmasked, as far as they turn the mask. */
  #turn = 0;

  /**
   * Takes the mask out of a header, and leaves one of zeros: `ws` unmasks nothing then.
   *
   * @param at - Where the mask begins.
   */
  constructor(header: Uint8Array, at: number) {
    this.#mask = new Uint8Array(header.subarray(at, at + MASK_BYTES));
    header.fill(0, at, at + MASK_BYTES);
  }

  /** Unmasks the next piece. */
  unmask(bytes: Uint8Array, from: number, to: number): void {
    for (let i = 0; i < MASK_BYTES; i += 1) key[i] = this.#mask[(this.#turn + i) & 3] as number;
    if (to - from < MASK_BYTES) unmaskSome(bytes, from, to, key);
    else unmaskWords(bytes, from, to);
    this.#turn = (this.#turn + to - from) & 3;
  }
}

/** Four at a time: the mask is read once. */
function unmaskBytes(bytes: Uint8Array, mask: number, to: number): number {
  const first = bytes[mask] as number;
  const second = bytes[mask + 1] as number;
  const third = bytes[mask + 2] as number;
  const fourth = bytes[mask + 3] as number;
  let bits = 0;
  let at = mask + MASK_BYTES;
  for (; at + 3 < to; at += 4) {
    bits |= bytes[at] = (bytes[at] as number) ^ first;
    bits |= bytes[at + 1] = (bytes[at + 1] as number) ^ second;
    bits |= bytes[at + 2] = (bytes[at + 2] as number) ^ third;
    bits |= bytes[at + 3] = (bytes[at + 3] as number) ^ fourth;
  }
  if (at < to) bits |= bytes[at] = (bytes[at] as number) ^ first;
  if (at + 1 < to) bits |= bytes[at + 1] = (bytes[at + 1] as number) ^ second;
  if (at + 2 < to) bits |= bytes[at + 2] = (bytes[at + 2] as number) ^ third;
  return bits;
}

/**
 * Unmasks at least one word by {@link key}: in words as they lie in the memory, and what is around
 * them by bytes.
 */
function unmaskWords(bytes: Uint8Array, from: number, to: number): number {
  const first = from + (-(bytes.byteOffset + from) & 3);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + first, (to - first) >> 2);
  for (let i = 0; i < MASK_BYTES; i += 1) wordKey[i] = key[(first - from + i) & 3] as number;
  const ofMask = word[0] as number;
  let bits = 0;
  for (let i = 0; i < words.length; i += 1) bits |= words[i] = (words[i] as number) ^ ofMask;
  const high = (bits & BEYOND_ASCII) === 0 ? 0 : 0x80;
  const tail = first + words.byteLength;
  return high | unmaskSome(bytes, from, first, key) | unmaskSome(bytes, tail, to, wordKey);
}

/** Unmasks at most three bytes. */
function unmaskSome(bytes: Uint8Array, from: number, to: number, mask: Uint8Array): number {
  let bits = 0;
  for (let at = from; at < to; at += 1)
    bits |= bytes[at] = (bytes[at] as number) ^ (mask[at - from] as number);
  return bits;
}
