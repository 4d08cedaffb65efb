// What holds a hosted conversation: the handler's `ws`, and the handles that `host.openServer`
// gives. Both read and write as every socket does (socket/message-socket.ts); here they get an
// id, `endServer` and what the handshake has decided. The run behind them is handler-run.ts's.

import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import { checkExpiry, tooLate } from '../handshake/handshake.ts';
import type { Host, Membership, ServerSocket, SharedSocket } from './host.ts';
import type { SocketInRooms } from '../rooms/member.ts';
import type { JoinOptions } from '../rooms/room.ts';
import type { RoomRegistry } from '../rooms/room-registry.ts';
import type { Session } from '../session/session.ts';
import { reject } from '../socket/attended-call.ts';
import { closeByUser } from '../socket/close-by-user.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { MessageSocket } from '../socket/message-socket.ts';
import { factsOf } from '../socket/shown-socket.ts';
import { socketClockOf } from '../socket/socket-clock.ts';
import type { SocketClock } from '../socket/socket-clock.ts';
import type { ChildFunction } from '../tasks/task-scope.ts';
import type { Task } from '../tasks/task.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import { showAs } from '../platform/inspection.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { isObjectLike } from '../core/object-like.ts';

/** A host, as its sockets see it. */
export interface RoomHost extends Host {
  readonly rooms: RoomRegistry<HostedSocket>;
}

/** What a handle needs of its socket, which may be one of another node. */
export interface HandledSocket {
  readonly id: string;
  readonly conversation: Conversation;
}

/** The run of a socket, as its socket sees it; an interface, because the run makes the socket. */
export interface SocketRun extends SocketInRooms<HostedSocket>, HandledSocket {
  readonly route: string;
  readonly socketId: { admit(): void };
  readonly conversation: Conversation;
  readonly host: RoomHost;
  readonly request: HandshakeRequest;
  readonly context: unknown;
  readonly session: Session | undefined;
  readonly isShared: boolean;
  readonly draining: LazySignal;
  renew(expiresAt: number, context: unknown): void;
  spawn<T>(task: ChildFunction<T>): Task<T>;
  /** Code that runs for the handler has failed: reports it, and closes as after the handler. */
  fail(error: unknown, phase: string): void;
}

/** A {@link SharedSocket} over the conversation of a run, or of a handle on another node. */
export class SocketHandle extends MessageSocket implements SharedSocket {
  static {
    showAs(SocketHandle.prototype, 'SharedSocket', (ws) => ({ id: ws.id, ...factsOf(ws) }));
  }

  readonly #socket: HandledSocket;

  constructor(socket: HandledSocket) {
    super(socket.conversation);
    this.#socket = socket;
  }

  /** Makes one more handle on the conversation of a socket. */
  static on(ws: SocketHandle): SocketHandle {
    return new SocketHandle(ws.#socket);
  }

  get id(): string {
    return this.#socket.id;
  }

  // One stream has both types: that of the platform and that of node:stream.
  override get readable(): SharedSocket['readable'] {
    const readable: unknown = super.readable;
    return readable as SharedSocket['readable'];
  }

  get waitingWrites(): { readonly count: number; readonly bytes: number } {
    return this.#socket.conversation.waitingWrites;
  }

  endServer(code = 1000, reason = ''): Promise<CloseInfo> {
    return closeByUser('ws.endServer()', this.#socket.conversation, code, reason);
  }
}

/** The {@link ServerSocket} of a run. */
export class HostedSocket extends SocketHandle implements ServerSocket {
  static {
    showAs(HostedSocket.prototype, 'ServerSocket', (ws) => {
      const { id, route, request, isShared } = ws.#run;
      const shared = isShared ? { sharedConnection: true } : undefined;
      return { id, route, address: request.remoteAddress, ...shared, ...factsOf(ws) };
    });
  }

  /** Whether its handler may still answer a message that it has read, or will read. */
  static isInHand(ws: HostedSocket): boolean {
    return !ws.#asksClosed && MessageSocket.hasInHand(ws);
  }

  /** Gives the run behind the `ws` of a handler; undefined for anything else. */
  static runOf(ws: unknown): SocketRun | undefined {
    return isObjectLike(ws) && #asksClosed in ws ? ws.#run : undefined;
  }

  readonly #run: SocketRun;
  /** Whether the handler has asked for `closed`: it hears of the end at once. */
  #asksClosed = false;

  constructor(run: SocketRun) {
    super(run);
    this.#run = run;
  }

  get request(): HandshakeRequest {
    return this.#run.request;
  }

  get context(): unknown {
    return this.#run.context;
  }

  get sharedConnection(): boolean {
    return this.#run.isShared;
  }

  set sharedConnection(_: boolean) {
    throw tooLate('ws.sharedConnection');
  }

  get sessionId(): string | undefined {
    return this.#run.session?.id;
  }

  get session(): Session | undefined {
    return this.#run.session;
  }

  get host(): Host {
    return this.#run.host;
  }

  get clock(): SocketClock {
    return socketClockOf(this.#run.conversation.reader.scheduling);
  }

  override get closed(): Promise<CloseInfo> {
    this.#asksClosed = true;
    this.#run.conversation.lookForLastWords();
    return super.closed;
  }

  join(room: string, options?: JoinOptions): Promise<Membership> {
    try {
      return this.#run.host.rooms.join(this.#run, room, options);
    } catch (error) {
      return reject(this.#run.conversation, error);
    }
  }

  discard(): void {
    this.#run.conversation.discard();
  }

  get draining(): AbortSignal {
    return this.#run.draining.signal;
  }

  renew(expiresAt: number, context?: unknown): void {
    checkExpiry('ws.renew()', expiresAt);
    this.#run.renew(expiresAt, context);
  }

  admit(): void {
    this.#run.socketId.admit();
  }

  spawn<T>(task: ChildFunction<T>): Task<T> {
    return this.#run.spawn(task);
  }
}
