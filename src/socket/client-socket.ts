// The socket of a client: `Socket` with the client's `url` and `close`. client/ makes one for each
// connection that it opens, testing/ one beside each fake handler.

/// <reference lib="esnext.disposable" preserve="true" />

import { closeByUser } from './close-by-user.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { MessageSocket } from './message-socket.ts';
import type { Socket } from './socket.ts';
import type { CloseInfo } from '../core/close-info.ts';

/** The client's end of a conversation. `await using` closes it at the end of the scope. */
export interface ClientSocket extends Socket, AsyncDisposable {
  /** The URL that the client is connected to. */
  readonly url: string;
  /**
   * Closes the socket with the closing handshake. Only the first call counts; every call resolves
   * at the end.
   *
   * @param code - 1000–1003, 1007–1014 or 3000–4999. Default 1000.
   * @param reason - At most 123 bytes of UTF-8. Default ''.
   * @returns How the conversation really ended, which may be otherwise: the peer may close first.
   * @throws UsageError `COROSOCK_CLOSE_CODE`, `COROSOCK_CLOSE_REASON`; the socket stays open.
   */
  close(code?: number, reason?: string): Promise<CloseInfo>;
}

/** A {@link ClientSocket} over one conversation. */
export class ConnectedSocket extends MessageSocket implements ClientSocket {
  readonly url: string;
  readonly #conversation: Conversation;

  constructor(conversation: Conversation, url: string) {
    super(conversation);
    this.#conversation = conversation;
    this.url = url;
  }

  close(code = 1000, reason = ''): Promise<CloseInfo> {
    return closeByUser('ws.close()', this.#conversation, code, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
