// A ring buffer of messages with their sizes: O(1) at both ends. The receive
// queue has one for what can be read, and a second one where messages are
// offered to a hook first.

import type { Data } from '../core/data.ts';

const FIRST_CAPACITY = 8;
/** An empty ring above this is given back: a burst is no reason to hold memory. */
const KEPT_CAPACITY = 128;

/** What an empty ring holds: most sockets are silent. */
const NO_SLOTS: Data[] = [];
const NO_SIZES: number[] = [];

/** Messages in the order in which they came. */
export class MessageRing {
  /** Its length is a power of two, or 0 until the first message. */
  #slots: Data[] = NO_SLOTS;
  /** Bytes on the wire of each slot's message, or of what is left of it. */
  #sizes: number[] = NO_SIZES;
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The oldest message; the ring must not be empty. */
  get first(): Data {
    return this.#slots[this.#first] as Data;
  }

  /** The bytes of the oldest message. */
  get firstBytes(): number {
    return this.#sizes[this.#first] as number;
  }

  push(data: Data, bytes: number): void {
    if (this.#length === this.#slots.length) this.#grow();
    const slot = (this.#first + this.#length) & (this.#slots.length - 1);
    this.#slots[slot] = data;
    this.#sizes[slot] = bytes;
    this.#length += 1;
  }

  /** Puts something in the place of the oldest message. */
  replaceFirst(data: Data, bytes: number): void {
    this.#slots[this.#first] = data;
    this.#sizes[this.#first] = bytes;
  }

  /** Drops the oldest message. */
  shift(): void {
    this.#slots[this.#first] = '';
    this.#first = (this.#first + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    if (this.#length === 0 && this.#slots.length > KEPT_CAPACITY) this.#reset(NO_SLOTS, NO_SIZES);
  }

  /** Doubles the ring; the oldest message comes to its beginning. */
  #grow(): void {
    const room = Math.max(FIRST_CAPACITY, this.#slots.length);
    this.#reset(
      [
        ...this.#slots.slice(this.#first),
        ...this.#slots.slice(0, this.#first),
        ...Array<Data>(room).fill(''),
      ],
      [
        ...this.#sizes.slice(this.#first),
        ...this.#sizes.slice(0, this.#first),
        ...Array<number>(room).fill(0),
      ],
    );
  }

  #reset(slots: Data[], sizes: number[]): void {
    this.#slots = slots;
    this.#sizes = sizes;
    this.#first = 0;
  }
}
