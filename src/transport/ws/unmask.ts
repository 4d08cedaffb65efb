// Takes the mask off payloads, in place (RFC 6455 §5.3): receive-lane.ts has whole ones unmasked,
// inbound-frames.ts the pieces of long ones. The bits that were seen say whether text is ASCII,
// which then needs neither a check nor a decoder.

import { MASK_BYTES } from './frame-header.ts';

/** From this length on a view of words pays: to make one costs as much as 100 bytes one by one. */
export const WORDWISE_BYTES = 128;
/** Shorter payloads are unmasked by bytes, also where there is a view. */
const SHORT_BYTES = 16;

/** The mask of a piece, as its first byte sees it. */
const pieceKey: Uint8Array = new Uint8Array(MASK_BYTES);
/** By how many bits each byte of a word is shifted: processors differ in the order of bytes. */
const [UP_0, UP_1, UP_2, UP_3] = [...new Uint8Array(Int32Array.of(0x18_10_08_00).buffer)] as [
  number,
  number,
  number,
  number,
];
/** By how many bits the mask turns in a word for each byte that was unmasked before it. */
const TURN: number = UP_1 - UP_0;
/** The bits of a word that are set in no ASCII character. */
const BEYOND_ASCII = 0x80_80_80_80;

/** Bytes as the words in which they lie in the memory. */
export interface Words {
  /** The whole ones. */
  readonly all: Int32Array;
  /** How many bytes lie before the first whole word. Kept: to ask for `byteOffset` takes 7 ns. */
  readonly lead: number;
}

/** Gives the words of bytes, for {@link unmask}. */
export function wordsOf(bytes: Uint8Array): Words {
  const lead = -bytes.byteOffset & 3;
  return { all: new Int32Array(bytes.buffer, bytes.byteOffset + lead, (bytes.length - lead) >> 2), lead };
}

/**
 * Unmasks the payload that begins behind its mask. Called again, it masks it again.
 *
 * @param mask - Where the mask begins.
 * @param to - Where the payload ends.
 * @param words - {@link wordsOf} these bytes; undefined where no view is worth its cost.
 * @returns Bits of which the highest, 0x80, is set if a byte is beyond ASCII.
 */
export function unmask(bytes: Uint8Array, mask: number, to: number, words?: Words): number {
  const from = mask + MASK_BYTES;
  if (words === undefined || to - from < SHORT_BYTES) return unmaskBytes(bytes, mask, to);
  return unmaskWords(bytes, words, from, to, bytes, mask);
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
    for (let i = 0; i < MASK_BYTES; i += 1) pieceKey[i] = this.#mask[(this.#turn + i) & 3] as number;
    if (to - from < MASK_BYTES) unmaskSome(bytes, from, to);
    else unmaskWords(bytes, wordsOf(bytes), from, to, pieceKey, 0);
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
 * Unmasks at least four bytes: in words, and what is around them by bytes.
 *
 * @param key - Has the mask, as the first of these bytes sees it, from `at` on.
 */
function unmaskWords(
  bytes: Uint8Array,
  { all, lead }: Words,
  from: number,
  to: number,
  key: Uint8Array,
  at: number,
): number {
  const first = key[at] as number;
  const second = key[at + 1] as number;
  const third = key[at + 2] as number;
  const fourth = key[at + 3] as number;
  const head = (lead - from) & 3;
  let bits = 0;
  if (head > 0) bits |= bytes[from] = (bytes[from] as number) ^ first;
  if (head > 1) bits |= bytes[from + 1] = (bytes[from + 1] as number) ^ second;
  if (head > 2) bits |= bytes[from + 2] = (bytes[from + 2] as number) ^ third;
  const straight = (first << UP_0) | (second << UP_1) | (third << UP_2) | (fourth << UP_3);
  const mask = (straight >>> (head * TURN)) | (straight << (-head * TURN));
  const end = (to - lead) >> 2;
  let wordBits = 0;
  for (let i = (from + head - lead) >> 2; i < end; i += 1) wordBits |= all[i] = (all[i] as number) ^ mask;
  if ((wordBits & BEYOND_ASCII) !== 0) bits |= 0x80;
  const tail = lead + end * 4;
  if (tail < to) bits |= bytes[tail] = (bytes[tail] as number) ^ ((mask >>> UP_0) & 0xff);
  if (tail + 1 < to) bits |= bytes[tail + 1] = (bytes[tail + 1] as number) ^ ((mask >>> UP_1) & 0xff);
  if (tail + 2 < to) bits |= bytes[tail + 2] = (bytes[tail + 2] as number) ^ ((mask >>> UP_2) & 0xff);
  return bits;
}

/** Unmasks at most three bytes. */
function unmaskSome(bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at += 1) bytes[at] = (bytes[at] as number) ^ (pieceKey[at - from] as number);
}
