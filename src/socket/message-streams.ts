// A conversation as Web Streams of messages: what is read comes from the same queue,
// what is written goes to the same line, and nothing is kept in between. How a stream
// ends is said in the words of the socket: its end, its close codes.

import type { Conversation } from '../conversation/conversation.ts';
import { MessageIterator } from './message-iterator.ts';
import type { ReadView } from '../conversation/pending-read.ts';
import type { Socket } from './socket.ts';
import { isSendableCloseCode } from '../core/arguments.ts';
import type { Data } from '../core/data.ts';
import { ConnectionLostError } from '../core/errors.ts';
import { isObjectLike } from '../core/object-like.ts';

/** Every Node has the signal; @types/node 20 does not know of it. */
type AbortingController = WritableStreamDefaultController & { readonly signal: AbortSignal };

/** Makes the stream of what is received: a message is taken when somebody pulls. */
export function readableOf(conversation: Conversation, view: ReadView): ReadableStream<Data> {
  // Nothing is taken in advance.
  return new ReadableStream(new MessageSource(conversation, view), { highWaterMark: 0 });
}

class MessageSource {
  readonly #conversation: Conversation;
  readonly #iterator: MessageIterator;
  #isPulling = false;
  /** Whether the stream knows its end. */
  #isOver = false;

  constructor(conversation: Conversation, view: ReadView) {
    this.#conversation = conversation;
    this.#iterator = new MessageIterator(conversation, view);
  }

  start(controller: ReadableStreamDefaultController<Data>): void {
    void this.#conversation.closed.then(() => this.#endIfEmpty(controller));
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

  /** What was received comes first: where there is some, also on its way to a pull or left by who has pulled it, a later pull finds the end. */
  #endIfEmpty(controller: ReadableStreamDefaultController<Data>): void {
    const { end, isOver } = this.#conversation.queue;
    if (this.#isOver || this.#isPulling || end === undefined || !isOver) return;
    if (controller.desiredSize !== 0) return;
    this.#isOver = true;
    if (end.clean) controller.close();
    else controller.error(new ConnectionLostError(end));
  }
}

/** Makes the stream of what is sent: a chunk is a message, and waits as its `write` does. */
export function writableOf(conversation: Conversation, ws: Pick<Socket, 'write'>): WritableStream<Data> {
  return new WritableStream<Data>({
    start: (controller) =>
      void conversation.closed.then((end) => {
        if (!end.clean) controller.error(new ConnectionLostError(end));
      }),
    write: async (data, controller) => {
      const { signal } = controller as AbortingController;
      if ((await ws.write(data, { signal })) !== 'ok') throw await endOf(conversation);
    },
    close: async () => {
      conversation.close(1000, '', 'local');
      const end = await conversation.closed;
      if (!end.clean) throw new ConnectionLostError(end);
    },
    abort: (reason) => conversation.close(closeCodeOf(reason), '', 'local'),
  });
}

/** The error of a write that came too late. */
async function endOf(conversation: Conversation): Promise<unknown> {
  const end = await conversation.closed;
  return end.clean ? conversation.over.reason : new ConnectionLostError(end);
}

/** What a stream that is given up closes with: the reason's own `closeCode`, 1011 for another reason, 1000 without one. */
function closeCodeOf(reason: unknown): number {
  if (reason === undefined || reason === null) return 1000;
  try {
    const has = isObjectLike(reason) && 'closeCode' in reason && isSendableCloseCode(reason.closeCode);
    return has ? (reason.closeCode as number) : 1011;
  } catch {
    // Anything can be a reason, also what throws when it is looked at.
    return 1011;
  }
}
