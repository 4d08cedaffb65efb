// What a handler holds as `ws`: a socket that knows where it comes from. The life
// of a conversation is handler-run.ts's.

import type { Host, ServerSocket } from './host.ts';
import type { HandshakeRequest } from './handshake-request.ts';
import { closeByUser } from '../socket/close-by-user.ts';
import type { Conversation } from '../socket/conversation.ts';
import { MessageSocket } from '../socket/message-socket.ts';
import type { LazySignal } from '../time/lazy-signal.ts';
import type { CloseInfo } from '../words/close-info.ts';

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
