// Ring buffer: values in FIFO order, O(1) at both ends. It grows with its values and gives a
// large table back when it is empty. Its owner bounds it. For nodes that leave from anywhere,
// see linked-list.ts.

const FIRST_CAPACITY = 8;
/** An empty ring gives a larger table back: a burst must not hold memory. */
const KEPT_CAPACITY = 128;

/** A queue of values. */
export class Ring<T> {
  /** Its length is a power of two; 0 until the first value. */
  #slots: Array<T | undefined> = [];
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The oldest value. The ring must not be empty. */
  get first(): T {
    return this.#slots[this.#first] as T;
  }

  /** The youngest value. The ring must not be empty. */
  get last(): T {
    return this.#slots[(this.#first + this.#length - 1) & (this.#slots.length - 1)] as T;
  }

  push(value: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#first + this.#length) & (this.#slots.length - 1)] = value;
    this.#length += 1;
  }

  /** Puts a value before the oldest. */
  unshift(value: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#first = (this.#first - 1) & (this.#slots.length - 1);
    this.#slots[this.#first] = value;
    this.#length += 1;
  }

  /** Takes the oldest value. The ring must not be empty. */
  shift(): T {
    const value = this.#slots[this.#first] as T;
    this.#slots[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    if (this.#length === 0 && this.#slots.length > KEPT_CAPACITY) this.#reset([]);
    return value;
  }

  /** Doubles the table; the oldest value moves to its beginning. */
  #grow(): void {
    const room = Math.max(FIRST_CAPACITY, this.#slots.length);
    this.#reset([
      ...this.#slots.slice(this.#first),
      ...this.#slots.slice(0, this.#first),
      ...Array<undefined>(room).fill(undefined),
    ]);
  }

  #reset(slots: Array<T | undefined>): void {
    this.#slots = slots;
    this.#first = 0;
  }
}
