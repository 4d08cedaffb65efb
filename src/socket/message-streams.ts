// `readable` and `writable` of a socket: a conversation as Web Streams of messages. They read from
// the conversation's queue and write in its order; no message is kept in between. The end of a
// stream closes the socket, and the end of the conversation ends the streams. message-socket.ts
// makes them on first use.

import type { Conversation } from '../conversation/conversation.ts';
import { MessageIterator } from './message-iterator.ts';
import type { ReadView } from '../conversation/pending-read.ts';
import type { Socket } from './socket.ts';
import { isSendableCloseCode } from '../core/arguments.ts';
import type { CloseInfo } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';
import { ConnectionLostError } from '../core/errors.ts';
import { isObjectLike } from '../core/object-like.ts';

/** Every Node has this signal; @types/node 20 lacks it. */
type AbortingController = WritableStreamDefaultController & { readonly signal: AbortSignal };

/** Makes the stream of received messages. Takes a message only when the stream is pulled. */
export function readableOf(conversation: Conversation, view: ReadView): ReadableStream<Data> {
  // No message is taken ahead.
  return new ReadableStream(new MessageSource(conversation, view), { highWaterMark: 0 });
}

class MessageSource {
  readonly #conversation: Conversation;
  readonly #iterator: MessageIterator;
  #isPulling = false;
  /** Whether the stream has closed, errored or been cancelled. */
  #isOver = false;

  constructor(conversation: Conversation, view: ReadView) {
    this.#conversation = conversation;
    this.#iterator = new MessageIterator(conversation, view, (end) => isFailure(conversation, end));
  }

  start(controller: ReadableStreamDefaultController<Data>): void {
    // `closed` would have a second reaction: `host.waits` could not tell which line awaits it.
    this.#conversation.over.onAbort(() => this.#endIfEmpty(controller));
  }

  async pull(controller: ReadableStreamDefaultController<Data>): Promise<void> {
    this.#isPulling = true;
    const { done, value } = await this.#iterator.next();
    this.#isPulling = false;
    if (done !== true && !this.#isOver) controller.enqueue(value);
    this.#endIfEmpty(controller);
  }

  cancel(reason: unknown): void {
    this.#isOver = true;
    void this.#iterator.return();
    this.#conversation.close(closeCodeOf(reason), '', 'local');
  }

  /**
   * Ends the stream if no message comes before the end. A message may still be in the queue, on
   * its way to a pull, or in the stream (pulled for a reader that has released its lock). The next
   * pull then comes here again.
   */
  #endIfEmpty(controller: ReadableStreamDefaultController<Data>): void {
    const { end, isOver } = this.#conversation.queue;
    if (this.#isOver || this.#isPulling || end === undefined || !isOver) return;
    if (controller.desiredSize !== 0) return;
    this.#isOver = true;
    if (isFailure(this.#conversation, end)) controller.error(new ConnectionLostError(end));
    else controller.close();
  }
}

/** Makes the stream that sends each chunk as a message. A chunk waits as its `write` does. */
export function writableOf(conversation: Conversation, ws: Pick<Socket, 'write'>): WritableStream<Data> {
  return new WritableStream<Data>({
    start: (controller) =>
      void conversation.over.onAbort(() => {
        const { end } = conversation.queue;
        if (end !== undefined && isFailure(conversation, end)) controller.error(new ConnectionLostError(end));
      }),
    write: async (data, controller) => {
      const { signal } = controller as AbortingController;
      if ((await ws.write(data, { signal })) !== 'ok') throw await lateWriteError(conversation);
    },
    close: async () => {
      conversation.close(1000, '', 'local');
      const end = await conversation.closed;
      if (isFailure(conversation, end)) throw new ConnectionLostError(end);
    },
    abort: (reason) => conversation.close(closeCodeOf(reason), '', 'local'),
  });
}

/** Gives the error for a chunk that was not accepted, at the end of the conversation. */
async function lateWriteError(conversation: Conversation): Promise<unknown> {
  const end = await conversation.closed;
  return isFailure(conversation, end) ? new ConnectionLostError(end) : conversation.over.reason;
}

/**
 * Whether an end is an error of the streams. Not where we have closed and all that we sent was
 * taken: many peers drop the link in place of an answer to our close frame, and nothing is missing
 * then on either side. `closeInfo` says that the end was not clean.
 */
function isFailure({ transport }: Conversation, { clean, by, code }: CloseInfo): boolean {
  if (clean) return false;
  // 1006 by us is `terminate`.
  return by !== 'local' || code === 1006 || transport.hasLost === true;
}

/**
 * Gives the code to close with when a stream is cancelled or aborted: the `closeCode` of the
 * reason, 1011 for a reason without one, 1000 for no reason.
 */
function closeCodeOf(reason: unknown): number {
  if (reason === undefined || reason === null) return 1000;
  try {
    const has = isObjectLike(reason) && 'closeCode' in reason && isSendableCloseCode(reason.closeCode);
    return has ? (reason.closeCode as number) : 1011;
  } catch {
    // The reason may be any object, also a proxy that throws.
    return 1011;
  }
}
