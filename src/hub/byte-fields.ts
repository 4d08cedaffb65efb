// Reads and writes the fields of an envelope: integers of the network's byte order, and texts of
// UTF-8 with their length in front. Envelopes come from other programs, so that a reader never
// reads beyond the end and never throws: it remembers that a field was not there.

import { isUtf8 } from 'node:buffer';

const VISIBLE = /^[!-~]+$/;

const HALF = 0x1_0000_0000;

/** Bytes of the entries in one part: well below the largest envelope. */
const LIST_PART_BYTES = 200_000;

/** Entries of a list that go in one envelope. */
export interface ListPart<Entry> {
  readonly entries: readonly Entry[];
  /** Of all entries. */
  readonly bytes: number;
}

/**
 * Cuts a list into parts of at most {@link LIST_PART_BYTES}. A list without entries is one part; an
 * entry that is longer is a part by itself.
 */
export function cutIntoParts<Entry>(
  list: Iterable<Entry>,
  bytesOf: (entry: Entry) => number,
): ReadonlyArray<ListPart<Entry>> {
  let part = { entries: [] as Entry[], bytes: 0 };
  const parts = [part];
  for (const entry of list) {
    const bytes = bytesOf(entry);
    if (part.bytes + bytes > LIST_PART_BYTES && part.entries.length > 0) {
      part = { entries: [], bytes: 0 };
      parts.push(part);
    }
    part.entries.push(entry);
    part.bytes += bytes;
  }
  return parts;
}

/** Reads fields one after another. What is read after a fault is empty or 0. */
export class FieldReader {
  readonly #bytes: Buffer;
  #at: number;
  #isBroken = false;

  /** @param at - Where the first field begins. */
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  /** Whether a field was missing, or was not what it has to be. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** How many bytes are left to read. */
  get left(): number {
    return this.#isBroken ? 0 : this.#bytes.length - this.#at;
  }

  /** Whether there is more to read. */
  get hasMore(): boolean {
    return this.left > 0;
  }

  /** One byte. */
  u8(): number {
    return this.#has(1) ? this.#bytes.readUInt8(this.#skip(1)) : 0;
  }

  /** Two bytes. */
  u16(): number {
    return this.#has(2) ? this.#bytes.readUInt16BE(this.#skip(2)) : 0;
  }

  /** Four bytes. */
  u32(): number {
    return this.#has(4) ? this.#bytes.readUInt32BE(this.#skip(4)) : 0;
  }

  /** Eight bytes: an integer up to 2⁵³−1. */
  u64(): number {
    const value = this.u32() * HALF + this.u32();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    this.#isBroken = true;
    return 0;
  }

  /** Eight bytes: a number of IEEE 754 that is at least 0; Infinity is one. */
  duration(): number {
    const value = this.#has(8) ? this.#bytes.readDoubleBE(this.#skip(8)) : 0;
    if (value >= 0) return value;
    this.#isBroken = true;
    return 0;
  }

  /** Text of a length in bytes. Bytes that are no UTF-8 are a fault. */
  text(bytes: number): string {
    const part = this.bytes(bytes);
    if (isUtf8(part)) return part.toString('utf8');
    this.#isBroken = true;
    return '';
  }

  /** Text with its length in front, of 1 byte to a most. */
  name(most: number): string {
    const bytes = this.u16();
    if (bytes === 0 || bytes > most) this.#isBroken = true;
    return this.text(bytes);
  }

  /** As {@link name}, of visible ASCII alone: the id of a node. */
  nodeId(most: number): string {
    const text = this.name(most);
    if (!this.#isBroken && !VISIBLE.test(text)) this.#isBroken = true;
    return this.#isBroken ? '' : text;
  }

  /** A view on the next bytes. */
  bytes(count: number): Buffer {
    if (!this.#has(count)) return Buffer.alloc(0);
    const from = this.#skip(count);
    return this.#bytes.subarray(from, from + count);
  }

  /** A view on all bytes that follow. */
  rest(): Buffer {
    return this.bytes(this.left);
  }

  #has(count: number): boolean {
    if (this.#at + count > this.#bytes.length) this.#isBroken = true;
    return !this.#isBroken;
  }

  #skip(count: number): number {
    const from = this.#at;
    this.#at += count;
    return from;
  }
}

/** Writes fields one after another into bytes that have room for them. */
export class FieldWriter {
  /** What is written. */
  readonly bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  u8(value: number): this {
    this.#at = this.bytes.writeUInt8(value, this.#at);
    return this;
  }

  u16(value: number): this {
    this.#at = this.bytes.writeUInt16BE(value, this.#at);
    return this;
  }

  u32(value: number): this {
    this.#at = this.bytes.writeUInt32BE(value, this.#at);
    return this;
  }

  /** @param value - An integer from 0 to 2⁵³−1. */
  u64(value: number): this {
    return this.u32(Math.floor(value / HALF)).u32(value % HALF);
  }

  /** @param value - At least 0; Infinity is allowed. */
  duration(value: number): this {
    this.#at = this.bytes.writeDoubleBE(value, this.#at);
    return this;
  }

  /** Text as UTF-8, without its length. */
  text(value: string): this {
    this.#at += this.bytes.write(value, this.#at);
    return this;
  }

  put(value: Uint8Array): this {
    this.bytes.set(value, this.#at);
    this.#at += value.byteLength;
    return this;
  }
}
