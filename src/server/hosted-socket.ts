// What holds a hosted conversation: the handler's `ws`, which knows where it
// comes from, and the handles that other code opens by id. The life of a
// conversation is handler-run.ts's.

import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import { tooLate } from '../handshake/handshake.ts';
import type { Host, ServerSocket, SharedSocket } from './host.ts';
import type { Named } from '../handshake/handshake.ts';
import { lateTask } from './run-tasks.ts';
import type { Spawner } from './run-tasks.ts';
import type { Session } from '../session/session.ts';
import { closeByUser } from '../socket/close-by-user.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { MessageSocket } from '../socket/message-socket.ts';
import type { ChildFunction } from '../tasks/task-scope.ts';
import type { Task } from '../tasks/task.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import { schedulingOf } from '../time/scheduling.ts';
import { realClock } from '../time/real-clock.ts';
import type { CloseInfo } from '../core/close-info.ts';

/** A {@link SharedSocket} over one conversation. */
export class SocketHandle extends MessageSocket implements SharedSocket {
  readonly #place: Named;
  readonly #conversation: Conversation;

  constructor(conversation: Conversation, place: Named) {
    super(conversation);
    this.#conversation = conversation;
    this.#place = place;
  }

  get id(): string {
    return this.#place.id;
  }

  endServer(code = 1000, reason = ''): Promise<CloseInfo> {
    return closeByUser('ws.endServer()', this.#conversation, code, reason);
  }
}

/** Where a socket comes from. */
export interface Origin {
  readonly request: HandshakeRequest;
  readonly context: unknown;
  readonly sharedConnection: boolean;
  readonly session: Session | undefined;
  readonly host: Host;
  readonly draining: LazySignal;
}

/** Where a socket is, and what runs there. */
export interface RunningPlace extends Named {
  readonly run: Spawner | undefined;
}

/** A {@link ServerSocket} over one conversation. */
export class HostedSocket extends SocketHandle implements ServerSocket {
  readonly #place: RunningPlace;
  readonly #origin: Origin;

  constructor(conversation: Conversation, place: RunningPlace, origin: Origin) {
    super(conversation, place);
    this.#place = place;
    this.#origin = origin;
  }

  get request(): HandshakeRequest {
    return this.#origin.request;
  }

  get context(): unknown {
    return this.#origin.context;
  }

  get sharedConnection(): boolean {
    return this.#origin.sharedConnection;
  }

  set sharedConnection(_: boolean) {
    throw tooLate('ws.sharedConnection');
  }

  get sessionId(): string | undefined {
    return this.#origin.session?.id;
  }

  get session(): Session | undefined {
    return this.#origin.session;
  }

  get host(): Host {
    return this.#origin.host;
  }

  get draining(): AbortSignal {
    return this.#origin.draining.signal;
  }

  spawn<T>(task: ChildFunction<T>): Task<T> {
    return this.#place.run?.spawn(task) ?? lateTask(schedulingOf(realClock));
  }
}
