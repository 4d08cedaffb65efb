// The words that a handler has beyond those of every socket, and what holds
// them. The life of a conversation is handler-run.ts's.

import type { Host } from './host.ts';
import type { HandshakeRequest } from './handshake-request.ts';
import { closeByUser } from '../socket/close-by-user.ts';
import type { Conversation } from '../socket/conversation.ts';
import { MessageSocket } from '../socket/message-socket.ts';
import type { Socket } from '../socket/socket.ts';
import type { LazySignal } from '../time/lazy-signal.ts';
import type { CloseInfo } from '../words/close-info.ts';

/** What a server handler holds as `ws`. */
export interface ServerSocket extends Socket {
  /** The seed's WebSocketID: unguessable, unique across nodes. */
  readonly id: string;
  readonly request: HandshakeRequest;
  readonly host: Host;
  /** Aborts when the host asks its handlers to finish. */
  readonly draining: AbortSignal;

  /**
   * Ends the conversation with the closing handshake.
   *
   * What was accepted goes first, and so do writes that wait for room. What the
   * peer still sends is dropped, and counted in `unread`. Terminates when it takes
   * longer than `closeTimeoutMs`. Only the first call counts; each resolves at the end.
   *
   * @param code - 1000–1003, 1007–1014 or 3000–4999. Default 1000.
   * @param reason - At most 123 bytes of UTF-8. Default ''.
   * @returns How it really ended.
   * @throws UsageError `COROSOCK_CLOSE_CODE`, `COROSOCK_CLOSE_REASON`; the socket stays open.
   *
   * Invariants: I2, I9.
   */
  endServer(code?: number, reason?: string): Promise<CloseInfo>;
}

/** Where a socket comes from. */
export interface Origin {
  readonly id: string;
  readonly request: HandshakeRequest;
  readonly host: Host;
  readonly draining: LazySignal;
}

/** A {@link ServerSocket} over one conversation. */
export class HostedSocket extends MessageSocket implements ServerSocket {
  readonly #conversation: Conversation;
  readonly #origin: Origin;

  constructor(conversation: Conversation, origin: Origin) {
    super(conversation);
    this.#conversation = conversation;
    this.#origin = origin;
  }

  get id(): string {
    return this.#origin.id;
  }

  get request(): HandshakeRequest {
    return this.#origin.request;
  }

  get host(): Host {
    return this.#origin.host;
  }

  get draining(): AbortSignal {
    return this.#origin.draining.signal;
  }

  endServer(code = 1000, reason = ''): Promise<CloseInfo> {
    return closeByUser('ws.endServer()', this.#conversation, code, reason);
  }
}
