// What a person sees of a socket in a log: no private parts, no text of messages, no query of a URL
// (it may carry a token). Node's clients and the test kit make these sockets; server/ shows its own
// with the same facts. No browser loads this file.

import { ConnectedSocket } from './client-socket.ts';
import { MessageSocket } from './message-socket.ts';
import { showAs } from '../platform/inspection.ts';

/** Gives what is shown of every socket. */
export function factsOf(ws: MessageSocket): object {
  const { protocol, closeInfo, queued, bufferedBytes } = ws;
  const isEnding = MessageSocket.conversationOf(ws).isEnding;
  const state = isEnding ? 'closing' : 'open';
  return {
    state: closeInfo === undefined ? state : 'closed',
    ...(protocol !== '' && { protocol }),
    queued,
    bufferedBytes,
    ...(closeInfo !== undefined && { closeInfo }),
  };
}

/** A client's socket in Node. */
export class ShownSocket extends ConnectedSocket {
  static {
    showAs(ShownSocket.prototype, 'ClientSocket', (ws) => {
      const { origin, pathname } = new URL(ws.url);
      return { url: origin + pathname, ...factsOf(ws) };
    });
  }
}
