// Iteration over whole messages, written by hand: an async generator's
// `return()` would wait for a pending `next()`, and `break` would hang.

import type { Conversation } from '../conversation/conversation.ts';
import { pendingRead } from '../conversation/pending-read.ts';
import type { PendingRead, ReadMethod, ReadView } from '../conversation/pending-read.ts';
import { unattended } from '../waiting/abortable.ts';
import type { Data } from '../core/data.ts';
import { ConnectionLostError } from '../core/errors.ts';

/** Iterates over the messages of a conversation until its end; throws ConnectionLostError when that was not clean. */
export class MessageIterator implements AsyncIterableIterator<Data> {
  readonly #conversation: Conversation;
  readonly #view: ReadView;
  /** Those that wait: of a shared socket there may be several. */
  readonly #reads: PendingRead[] = [];
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
    const read = pendingRead(this.#view, Infinity, NO_LIMIT, NEXT);
    this.#reads.push(read);
    const [data, status] = await this.#conversation.reader.read(read);
    this.#reads.splice(this.#reads.indexOf(read), 1);
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
    for (const read of this.#reads) this.#conversation.reader.giveUp(read);
    return DONE;
  }
}

const DONE: IteratorResult<Data, undefined> = Object.freeze({ done: true, value: undefined });

const NO_LIMIT = Object.freeze({ timeoutMs: Infinity, signal: undefined });
// oxlint-disable-next-line typescript/unbound-method -- marks a stack frame, is never called
const NEXT: ReadMethod = MessageIterator.prototype.next;
