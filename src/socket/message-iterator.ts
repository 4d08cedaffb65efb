// Iterates over whole messages, for `for await` over a socket (message-socket.ts) and for its
// readable stream (message-streams.ts). Not an async generator: its `return()` would wait for a
// pending `next()`, and `break` would hang.

import { reject } from './attended-call.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { given, pendingRead } from '../conversation/pending-read.ts';
import type { PendingRead, ReadMethod, ReadView } from '../conversation/pending-read.ts';
import { unattendedThen } from '../waiting/abortable.ts';
import type { CloseInfo } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';
import { ConnectionLostError } from '../core/errors.ts';
import type { ReadResult } from '../core/status.ts';

/**
 * Iterates over the messages of a conversation until its end. `next()` throws ConnectionLostError
 * when the end was not clean.
 */
export class MessageIterator implements AsyncIterableIterator<Data> {
  readonly #conversation: Conversation;
  readonly #view: ReadView;
  readonly #isFailure: (end: CloseInfo) => boolean;
  /** Reads that wait: several on a shared socket, when `next()` is called again meanwhile. */
  readonly #reads: PendingRead[] = [];
  #done = false;

  /** @param isFailure - Which ends are thrown. Default: each that is not clean. */
  constructor(
    conversation: Conversation,
    view: ReadView,
    isFailure: (end: CloseInfo) => boolean = ({ clean }) => !clean,
  ) {
    this.#conversation = conversation;
    this.#view = view;
    this.#isFailure = isFailure;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Data, undefined>> {
    if (this.#done) return Promise.resolve(DONE);
    const { reader } = this.#conversation;
    const value = reader.takeAtOnce(this.#view, Infinity);
    if (value !== undefined) return Promise.resolve({ done: false, value });
    const read = pendingRead(this.#view, Infinity, NO_LIMIT, NEXT);
    try {
      const answer = reader.read(read);
      this.#reads.push(read);
      return given(
        read,
        unattendedThen(answer, (result) => this.#resultOf(read, result)),
      );
    } catch (error) {
      return reject(this.#conversation, error);
    }
  }

  #resultOf(read: PendingRead, [data, status]: ReadResult): IteratorResult<Data, undefined> {
    this.#reads.splice(this.#reads.indexOf(read), 1);
    if (status === 'ok') return { done: false, value: data };
    this.#done = true;
    // `timeout` means cancelled: `return()` was called during the wait.
    const end = this.#conversation.queue.end;
    if (status === 'closed' && end !== undefined && this.#isFailure(end)) throw new ConnectionLostError(end);
    return DONE;
  }

  /** Called by `break`: leaves the socket open, and cancels each `next()` that waits. */
  async return(): Promise<IteratorResult<Data, undefined>> {
    this.#done = true;
    for (const read of this.#reads) this.#conversation.reader.cancel(read);
    return DONE;
  }
}

const DONE: IteratorResult<Data, undefined> = Object.freeze({ done: true, value: undefined });

const NO_LIMIT = Object.freeze({ timeoutMs: Infinity, signal: undefined });
// oxlint-disable-next-line typescript/unbound-method -- marks a stack frame, is never called
const NEXT: ReadMethod = MessageIterator.prototype.next;
