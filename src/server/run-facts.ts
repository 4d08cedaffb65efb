// What a run knows from its handshake on: the parts that the host makes it of, as its socket, its
// hooks and `host.waits` see them. handler-run.ts extends it with what the run does.

import type { AcceptedHandshake, PendingHandshake } from './admission.ts';
import type { Host } from './host.ts';
import type { SocketId } from './socket-id.ts';
import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import type { Session } from '../session/session.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Clock } from '../time/clock.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';

/** What a run is made of. */
export interface RunParts {
  readonly host: Host;
  readonly conversation: Conversation;
  readonly pending: PendingHandshake;
  readonly accepted: AcceptedHandshake;
}

/** The facts of one run. */
export abstract class RunFacts {
  readonly socketId: SocketId;
  readonly conversation: Conversation;
  readonly host: Host;
  /** The pattern of its route. */
  readonly route: string;
  readonly request: HandshakeRequest;
  context: unknown;
  readonly session: Session | undefined;
  readonly isShared: boolean;
  /** When it began. In whole milliseconds: a small integer costs no object of its own. */
  readonly sinceMs: number;
  /** Aborts when the host asks the handler to finish. */
  readonly draining: LazySignal = new LazySignal();

  constructor({ host, conversation, pending, accepted }: RunParts, clock: Clock) {
    this.conversation = conversation;
    this.socketId = pending.socketId;
    this.host = host;
    this.route = pending.route;
    this.request = pending.request;
    this.sinceMs = Math.floor(clock.now());
    this.context = accepted.context;
    this.session = accepted.session;
    this.isShared = accepted.answer.sharedConnection;
  }

  get id(): string {
    return this.socketId.value;
  }
}
