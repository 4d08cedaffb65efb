// Iteration over whole messages, written by hand: an async generator's
// `return()` would wait for a pending `next()`, and `break` would hang.

import type { Conversation } from './conversation.ts';
import type { ReadRequest, ReadView } from './read-request.ts';
import { unattended } from '../time/abortable.ts';
import type { Data } from '../words/data.ts';
import { ConnectionLostError } from '../words/errors.ts';

/** Iterates over the messages of a conversation until its end; throws ConnectionLostError when that was not clean. */
export class MessageIterator implements AsyncIterableIterator<Data> {
  readonly #conversation: Conversation;
  readonly #view: ReadView;
  /** A copy, by which the reader knows this iterator's read. */
  readonly #request: ReadRequest = { ...NEXT_MESSAGE };
  #done = false;

  constructor(conversation: Conversation, view: ReadView) {
    this.#conversation = conversation;
    this.#view = view;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Data, undefined>> {
    return unattended(this.#next());
  }

  async #next(): Promise<IteratorResult<Data, undefined>> {
    if (this.#done) return DONE;
    const [data, status] = await this.#conversation.reader.read(this.#request, this.#view);
    if (status === 'ok') return { done: false, value: data };
    this.#done = true;
    // `timeout` stands for given up: the iterator was returned meanwhile.
    const end = this.#conversation.queue.end;
    if (status === 'closed' && end?.clean === false) throw new ConnectionLostError(end);
    return DONE;
  }

  /** `break` leaves the socket open and takes nothing; a `next` that waits is given up. */
  async return(): Promise<IteratorResult<Data, undefined>> {
    this.#done = true;
    this.#conversation.reader.giveUp(this.#request);
    return DONE;
  }
}

const DONE: IteratorResult<Data, undefined> = Object.freeze({ done: true, value: undefined });

const NEXT_MESSAGE: ReadRequest = Object.freeze({
  len: Infinity,
  timeoutMs: Infinity,
  signal: undefined,
  // oxlint-disable-next-line typescript/unbound-method -- marks a stack frame, is never called
  method: MessageIterator.prototype.next,
});
