// A conversation as Web Streams of messages: what is read comes from the same queue,
// what is written goes to the same line, and nothing is kept in between. How a stream
// ends is said in the words of the socket: its end, its close codes.

import type { Conversation } from './conversation.ts';
import { MessageIterator } from './message-iterator.ts';
import type { ReadView } from './pending-read.ts';
import type { Socket } from './socket.ts';
import { isSendableCloseCode } from '../words/arguments.ts';
import type { Data } from '../words/data.ts';
import { ConnectionLostError } from '../words/errors.ts';

/** Every Node has the signal; @types/node 20 does not know of it. */
type AbortingController = WritableStreamDefaultController & { readonly signal: AbortSignal };

/** Makes the stream of what is received: a message is taken when somebody pulls. */
export function readableOf(conversation: Conversation, view: ReadView): ReadableStream<Data> {
  const iterator = new MessageIterator(conversation, view);
  let isOver = false;
  const close = (controller: Pick<ReadableStreamDefaultController, 'close'>): void => {
    if (!isOver) controller.close();
    isOver = true;
  };
  return new ReadableStream<Data>(
    {
      start: (controller) =>
        void conversation.closed.then((end) => {
          // What was received comes first; then a pull finds the end.
          if (!conversation.queue.isOver) return;
          if (end.clean) close(controller);
          else controller.error(new ConnectionLostError(end));
        }),
      pull: async (controller) => {
        const { done, value } = await iterator.next();
        if (done === true) close(controller);
        else controller.enqueue(value);
      },
      cancel: (reason) => {
        isOver = true;
        void iterator.return();
        conversation.close(closeCodeOf(reason), '', 'local');
      },
    },
    // Nothing is taken in advance.
    { highWaterMark: 0 },
  );
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
    const has = reason instanceof Object && 'closeCode' in reason && isSendableCloseCode(reason.closeCode);
    return has ? (reason.closeCode as number) : 1011;
  } catch {
    // Anything can be a reason, also what throws when it is looked at.
    return 1011;
  }
}
