// The right to read a socket alone, for a call that takes all of its messages from now on:
// requests/ and server/as-ws.ts. Any other read of the conversation is then a mistake, which the
// reader of the conversation finds (conversation/reader.ts).

import { MessageSocket } from './message-socket.ts';
import { SocketPort } from './socket-port.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { InHand, ReadView } from '../conversation/pending-read.ts';
import { badArgument } from '../core/arguments.ts';

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
 * @throws UsageError `COROSOCK_ARGUMENT` for what is no socket; `COROSOCK_CONCURRENT_READ` where a
 *   read waits, or another call reads the socket alone.
 */
export function readAlone(ws: unknown, call: string): SoleReader {
  if (!MessageSocket.isOne(ws)) throw badArgument(call, 'a socket', ws);
  const conversation = MessageSocket.conversationOf(ws);
  const view: ReadView = { binaryData: false, atEnd: true, closedReads: 0, inHand: undefined };
  conversation.reader.own(call, view);
  const setInHand = (inHand: InHand): void => MessageSocket.setInHand(ws, inHand);
  setInHand('nothing');
  return { ws, conversation, port: new SocketPort(conversation, view), setInHand };
}
