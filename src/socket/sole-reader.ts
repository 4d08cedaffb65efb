// The right to read a socket alone, for a call that takes all of its messages from now on:
// requests/ and server/as-ws.ts. Any other read of the conversation is then a mistake, which the
// reader of the conversation finds (conversation/reader.ts).

import { MessageSocket } from './message-socket.ts';
import { SocketPort } from './socket-port.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { InHand, ReadView } from '../conversation/pending-read.ts';
import { TRACED_FRAMES } from '../conversation/read-mistakes.ts';
import type { ReadOwner } from '../conversation/read-mistakes.ts';
import { badArgument } from '../core/arguments.ts';
import { traceOf } from '../core/stack-trace.ts';

/** What the one reader of a socket works with. */
export interface SoleReader {
  readonly ws: MessageSocket;
  readonly conversation: Conversation;
  /** Tells whether a whole message is there, takes it, and wakes when one comes. */
  readonly port: SocketPort;
  /** Says whether a message is being worked on: the answer to the peer's close frame waits then. */
  setInHand(inHand: InHand): void;
}

/**
 * Lets one call read the socket from now on, and for good.
 *
 * @param call - Named in errors: its own, and those of other reads.
 * @param goOn - What a handler has to await, since it would end the socket with its return;
 *   undefined where it may return. server/early-returns.ts reports the mistake.
 * @throws UsageError `COROSOCK_ARGUMENT` for what is no socket; `COROSOCK_CONCURRENT_READ` where a
 *   read waits, or another call reads the socket alone.
 */
export function readAlone(ws: unknown, call: string, goOn?: string): SoleReader {
  if (!MessageSocket.isOne(ws)) throw badArgument(call, 'a socket', ws);
  const conversation = MessageSocket.conversationOf(ws);
  const view: ReadView = { binaryData: false, atEnd: true, closedReads: 0, inHand: undefined };
  const owner = conversation.reader.own(call, view);
  // A client has no handler.
  if (goOn !== undefined && conversation.listener !== undefined) holdTurn(owner, goOn, conversation);
  const setInHand = (inHand: InHand): void => MessageSocket.setInHand(ws, inHand);
  setInHand('nothing');
  return { ws, conversation, port: new SocketPort(conversation, view), setInHand };
}

/** Remembers for a turn of the event loop what the handler has to await, and where it called. */
function holdTurn(owner: ReadOwner, goOn: string, { reader }: Conversation): void {
  owner.expected = { goOn, trace: traceOf(TRACED_FRAMES) };
  reader.scheduling.clock.setImmediate(() => {
    owner.expected = undefined;
  });
}
