// Fragments of a message that is made while it is sent: what an iterable gives, checked, one at a
// time. fragmented-write.ts asks for them, and decides when each is sent.

import { badArgument } from '../core/arguments.ts';
import { halfPairAtEnd, isData } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { isObjectLike } from '../core/object-like.ts';

/** A message in fragments. */
export type Fragmented = AsyncIterable<Data> | Iterable<Data>;

interface Iteration {
  readonly [Symbol.asyncIterator]: unknown;
  readonly [Symbol.iterator]: unknown;
}

/** Tells whether a value can be iterated over. Its fragments are checked when each is asked for. */
export function isFragmented(value: unknown): value is Fragmented {
  if (!isObjectLike(value)) return false;
  const { [Symbol.asyncIterator]: inTime, [Symbol.iterator]: atOnce } = value as Partial<Iteration>;
  return typeof inTime === 'function' || typeof atOnce === 'function';
}

const CALL = 'ws.write()';
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Asks an iterable for the fragments of one message. */
export class Fragments {
  readonly #iterable: Fragmented;
  /** Made with the first fragment: another write may use an iterable that was never asked. */
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  /** Whether it has ended, or was released. */
  #isDone = false;
  /** Kind of the first fragment; undefined before. */
  #kind: 'text' | 'binary' | undefined;
  /** First half of a surrogate pair, whose second half begins the next fragment of text. */
  #half = '';

  constructor(iterable: Fragmented) {
    this.#iterable = iterable;
  }

  /**
   * Asks for the next fragment, which may be empty.
   *
   * @returns undefined at the end; `rest` is still to be sent.
   * @throws UsageError `COROSOCK_ARGUMENT` for a fragment that is no data, or of another kind than
   *   the first; what the iterable throws.
   */
  async next(): Promise<Data | undefined> {
    if (this.#isDone) return undefined;
    this.#iterator ??= iteratorOf(this.#iterable);
    const result = await this.#ask(this.#iterator);
    this.#isDone ||= result.done === true;
    return this.#isDone ? undefined : this.#checked(result.value);
  }

  /** The last fragment: empty, or half of a surrogate pair whose other half never came. */
  get rest(): Data {
    return this.#kind === 'binary' ? NO_BYTES : this.#half;
  }

  /** Calls `return` of the iterator, unless it has ended. Never rejects; no write waits for it. */
  async release(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    try {
      await this.#iterator?.return?.();
    } catch {
      // The write has ended: an error of `return` has no caller.
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

  #checked(fragment: unknown): Data {
    if (!isData(fragment)) throw badArgument(CALL, 'each part to be a string or a Uint8Array', fragment);
    const kind = typeof fragment === 'string' ? 'text' : 'binary';
    this.#kind ??= kind;
    if (kind !== this.#kind)
      throw badArgument(CALL, `all parts to be ${this.#kind} as the first one is`, fragment);
    return typeof fragment === 'string' ? this.#wholePairs(fragment) : fragment;
  }

  /** A surrogate pair that two fragments share goes with the second one. */
  #wholePairs(fragment: string): string {
    const text = this.#half + fragment;
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
