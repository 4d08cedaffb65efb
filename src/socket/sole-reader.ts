// The right to read a socket alone, for a call that takes all of its messages from now on:
// requests/ and server/as-ws.ts. Any other read of the conversation is then a mistake, which the
// reader of the conversation finds (conversation/reader.ts).

import { MessageSocket } from './message-socket.ts';
import { SocketPort } from './socket-port.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { InHand, ReadView } from '../conversation/pending-read.ts';
import { badArgument } from '../core/arguments.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { UsageError } from '../core/errors.ts';

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

/** What a socket closes with when its handler has returned. */
const RETURNED = 1000;

/** Hosts of which a handler was reported, by the deadlines that its sockets share. Held weakly. */
const reported = new WeakSet<object>();

/**
 * Reports, once for a host, a handler that returns in the turn in which it has made the call: its
 * socket closes, and nothing is read. A client has no handler.
 *
 * @param goOn - What the handler should await.
 */
export function reportEarlyReturn(conversation: Conversation, call: string, goOn: string): void {
  const { listener, reader } = conversation;
  const { clock, deadlines } = reader.scheduling;
  if (listener === undefined || reported.has(deadlines)) return;
  // Made now: its stack has the line of the call.
  const error = new UsageError(
    'COROSOCK_FORGOTTEN_AWAIT',
    `${call}: expected the handler to go on with \`await ${goOn}\`, but it returned at once`,
  );
  const tell = ({ by, code }: CloseInfo): void => {
    // The peer may have closed with the same code while a listener failed.
    if (by !== 'handler' || code !== RETURNED || reported.has(deadlines)) return;
    reported.add(deadlines);
    listener.report(error, 'server');
  };
  clock.setImmediate(() => {
    if (conversation.closer === 'handler') void conversation.closed.then(tell);
  });
}
