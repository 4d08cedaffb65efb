// The parts of a message that is made while it is sent: what an iterable gives,
// checked, one at a time. A parted write asks for them when there is room; what is
// sent of them, and when, is its business.

import { badArgument } from '../core/arguments.ts';
import { halfPairAtEnd, isData } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { isObjectLike } from '../core/object-like.ts';

/** A message in parts. */
export type Fragmented = AsyncIterable<Data> | Iterable<Data>;

interface Iteration {
  readonly [Symbol.asyncIterator]: unknown;
  readonly [Symbol.iterator]: unknown;
}

/** Whether something can be iterated over; what it gives is seen when it is asked. */
export function isFragmented(value: unknown): value is Fragmented {
  if (!isObjectLike(value)) return false;
  const { [Symbol.asyncIterator]: inTime, [Symbol.iterator]: atOnce } = value as Partial<Iteration>;
  return typeof inTime === 'function' || typeof atOnce === 'function';
}

const CALL = 'ws.write()';
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Asks an iterable for the parts of one message. */
export class Fragments {
  readonly #iterable: Fragmented;
  /** Made with the first part: an iterable that was never asked can be given to another write. */
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  /** Whether it has ended, or was let go. */
  #isDone = false;
  /** What the first part was; undefined before. */
  #kind: 'text' | 'binary' | undefined;
  /** The first half of a pair, whose second half the next part of text begins with. */
  #half = '';

  constructor(iterable: Fragmented) {
    this.#iterable = iterable;
  }

  /**
   * Asks for the next part; it may be empty.
   *
   * @returns undefined at the end; `rest` is still to be sent.
   * @throws UsageError `COROSOCK_ARGUMENT` for what is no data, or of another kind than the first part; what the iterable throws.
   */
  async next(): Promise<Data | undefined> {
    if (this.#isDone) return undefined;
    this.#iterator ??= iteratorOf(this.#iterable);
    const result = await this.#ask(this.#iterator);
    this.#isDone ||= result.done === true;
    return this.#isDone ? undefined : this.#checked(result.value);
  }

  /** What the message ends with: nothing, or half a pair that has stayed alone. */
  get rest(): Data {
    return this.#kind === 'binary' ? NO_BYTES : this.#half;
  }

  /** Tells the iterable that nobody asks any more, and does not wait for it. Never rejects. */
  async letGo(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    try {
      await this.#iterator?.return?.();
    } catch {
      // The write has its end already; how the iterable takes it is its own affair.
    }
  }

  /** An iterator that throws has ended. */
  async #ask(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<IteratorResult<unknown>> {
    try {
      return await iterator.next();
    } catch (error) {
      this.#isDone = true;
      throw error;
    }
  }

  #checked(part: unknown): Data {
    if (!isData(part)) throw badArgument(CALL, 'each part to be a string or a Uint8Array', part);
    const kind = typeof part === 'string' ? 'text' : 'binary';
    this.#kind ??= kind;
    if (kind !== this.#kind)
      throw badArgument(CALL, `all parts to be ${this.#kind} as the first one is`, part);
    return typeof part === 'string' ? this.#wholePairs(part) : part;
  }

  /** A pair that two parts share goes with the second one. */
  #wholePairs(part: string): string {
    const text = this.#half + part;
    this.#half = halfPairAtEnd(text);
    return this.#half === '' ? text : text.slice(0, -1);
  }
}

function iteratorOf(iterable: Fragmented): AsyncIterator<unknown> | Iterator<unknown> {
  const inTime = (iterable as Partial<AsyncIterable<Data>>)[Symbol.asyncIterator];
  return typeof inTime === 'function'
    ? inTime.call(iterable)
    : (iterable as Iterable<Data>)[Symbol.iterator]();
}
