// What users hold of a server: the host, and the sockets of its handlers. Types only, in one file
// because they name each other; serving-host.ts and hosted-socket.ts implement them.

/// <reference types="node" preserve="true" />

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import type { CloseHostOptions, CloseReport } from './close-report.ts';
import type { ClosedReport, WhichSockets } from './closed-report.ts';
import type { Wait } from './host-waits.ts';
import type { JoinOptions, MembershipOf, RoomOf } from '../rooms/room.ts';
import type { BrokerHealth } from '../hub/broker-health.ts';
import type { Session } from '../session/session.ts';
import type { Socket } from '../socket/socket.ts';
import type { SocketClock } from '../socket/socket-clock.ts';
import type { Task } from '../tasks/task.ts';
import type { CloseInfo } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';
import type { Source } from '../core/source.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/**
 * What `host.openServer` gives: a handle on a shared socket.
 *
 * It reads, writes and ends as the handler's own `ws` does; reads are served in the order of the
 * calls, over all handles. It owns nothing: to drop it closes nothing. Each handle has its own
 * `atEnd` and `binaryData`. What a read has cut keeps its form: the rest of a text that a handle
 * with `binaryData` began comes as bytes, also to another handle.
 *
 * On a socket of another node a `write` has the status that the socket there gives, and a message
 * is fetched only while a read waits for it: a read with `timeoutMs: 0` finds none. The rest of a
 * message that a read has cut stays with the handles of this node. A handle whose node is gone, or
 * does not answer within 5 000 ms, ends with 1006 and `by: 'link'`; the socket itself stays open,
 * and its id can be opened again. `closeInfo.unread` counts what this node has fetched and not
 * read.
 */
export interface SharedSocket extends Socket {
  /** `%CSP.WebSocket`'s `WebSocketID`: unguessable, unique across nodes. */
  readonly id: string;
  /**
   * Writes that wait for room, and the bytes of their messages; also messages of rooms that wait.
   * A write of an iterable counts without bytes: what it will give is not known.
   */
  readonly waitingWrites: { readonly count: number; readonly bytes: number };
  /**
   * As of each socket, and of the type that node:stream takes, so that `Duplex.fromWeb(ws)`
   * compiles beside the types of browsers.
   */
  readonly readable: ReadableStream<Data> & NodeReadableStream<Data>;

  /**
   * Ends the conversation with the closing handshake.
   *
   * What was accepted goes first, and so do writes that wait for room. What the peer still sends is
   * dropped, and counted in `unread`. Terminates when it takes longer than `closeTimeoutMs`. Only
   * the first call counts; each resolves at the end.
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

/** What a server handler holds as `ws`. */
export interface ServerSocket<
  Context = unknown,
  Params = Readonly<Record<string, string>>,
> extends SharedSocket {
  readonly request: HandshakeRequest<Params>;
  /** What `onPreServer` returned, or what the last `renew` gave. */
  readonly context: Context;
  /** The session's id; undefined where the host has no sessions. */
  readonly sessionId: string | undefined;
  readonly session: Session | undefined;
  /**
   * Whether it outlives its handler and is reachable by id. To set it here is a UsageError
   * (`COROSOCK_TOO_LATE`).
   */
  readonly sharedConnection: boolean;
  readonly host: Host;
  /**
   * The clock that its waits go by: that of its host, which tests may move. `sleep` waits, and
   * `every`, `channel` and `select` take it as their `clock`.
   */
  readonly clock: SocketClock;
  /**
   * Makes the socket a member of a room, until it leaves or ends.
   *
   * The membership is in force at once: no later publish is missed. A second call for the same room
   * gives the same membership. On a socket that has ended it gives one that has left.
   *
   * @param room - Any text of 1 to 1 024 bytes of UTF-8.
   * @param options - `slow`: what a publish does while this socket is over its `writeBufferBytes`,
   *   `'skip'`, `'close'` or `{ latestBy }`; default `'skip'`. `frame`: makes what this socket gets
   *   of what is published; default: the message as it is.
   * @returns Resolves once messages of other nodes arrive, too; without a broker at once.
   * @throws UsageError `COROSOCK_ARGUMENT`, also where it is a member with other options;
   *   `COROSOCK_ROOMS` where the socket is in `maxRooms` rooms, `COROSOCK_ROOM_NAME` for a text
   *   that is no name: nothing has changed then.
   */
  join(room: string, options?: JoinOptions): Promise<Membership>;
  /** Aborts when the host asks its handlers to finish, and at `maxLifetimeMs` of this socket. */
  readonly draining: AbortSignal;
  /**
   * Replaces the end of the client's credential that `handshake.expiresAt` has set.
   *
   * A time that has passed ends it in a later turn. On a socket that closes, or has ended, only the
   * context is replaced.
   *
   * @param expiresAt - Milliseconds since 1970, ≥ 0; `Infinity`: the credential never ends.
   * @param context - Becomes `ws.context`, whole; undefined keeps the one that is there.
   * @throws UsageError `COROSOCK_ARGUMENT`; nothing is changed.
   */
  renew(expiresAt: number, context?: Context): void;
  /**
   * Reads and drops everything from now on, for a socket that only writes: its queue stays empty,
   * and the peer's close is seen and answered at once. What is queued is dropped, too, also where
   * `onClientMessage` has yet to be offered it. `closeInfo.unread` counts what was dropped.
   *
   * A read that waits, and each later one, waits for the end and gives `closed`, or `timeout` after
   * its `timeoutMs`: no message comes any more. So do those of all handles on a shared socket. A
   * second call does nothing.
   */
  discard(): void;
  /**
   * Counts the client as known: `maxUnadmitted` bounds the sockets whose handler has not called it.
   *
   * Call it where the client has shown who it is, for example after its first message. From the
   * first call in a route on, all sockets of that route count: those that are open, and those to
   * come. Further calls, and calls after the end, do nothing.
   */
  admit(): void;
  /**
   * Runs a child task: a function that is called at once, and goes on beside the handler.
   *
   * It ends with the handler, also on a shared socket: when the handler has returned or thrown, or
   * the conversation is over, its signal aborts, with an AbortError for a reason. It is then
   * awaited for `closeTimeoutMs` before the socket is closed and `onPostServer` runs; a task that
   * still runs is reported by name.
   *
   * Its error ends the conversation with 1011, aborts its siblings and, as `closed`, ends the
   * handler. All errors are kept, in an AggregateError where there are several, and reported. No
   * errors are: the reason of its signal, of `ws.signal` or of `draining`, an error caused by one
   * of them, and any AbortError once its signal has aborted.
   *
   * @param task - Gets the signal. It is not called where the signal has aborted: the task then
   *   rejects with its reason.
   * @returns The task, to be awaited, given to `select`, or left alone: it never becomes an
   *   unhandled rejection. Once the handler and its tasks have ended or were abandoned, it rejects
   *   with UsageError `COROSOCK_TOO_LATE`, which is reported, too. For what is not a function it
   *   rejects with `COROSOCK_ARGUMENT`.
   */
  spawn<T>(task: (signal: AbortSignal) => T | PromiseLike<T>): Task<T>;
}

/** A room of a host: a named set of its sockets, and what is published to it. */
export interface Room extends RoomOf<ServerSocket> {}

/** What `ws.join` gives: one socket in one room. */
export interface Membership extends MembershipOf<ServerSocket> {}

/** What `openServer` gives. */
export type OpenResult =
  | readonly [ws: SharedSocket, status: 'ok']
  | readonly [ws: undefined, status: 'not-found']
  | readonly [ws: undefined, status: 'not-shared']
  | readonly [ws: undefined, status: 'timeout'];

/** Serves. `await using` closes it with `graceMs: 0`. */
export interface Host extends AsyncDisposable {
  /**
   * ws://host:port, or '' when attached to a server that does not listen yet. The host is the
   * `hostname` of `serve` where that is a name, else the address; `localhost` for all addresses of
   * the machine. After the end it stays what it was.
   */
  readonly url: string;
  /** 0 when attached to a server that does not listen yet. After the end it stays what it was. */
  readonly port: number;
  /**
   * Open sockets of this process, by id, in the order in which they opened. An iteration visits
   * those that are open when it begins, and still are at their turn: also an iteration that awaits
   * in between ends, however many sockets open meanwhile.
   */
  readonly sockets: ReadonlyMap<string, ServerSocket>;
  /**
   * Gives a room by its name, whether it has members or not.
   *
   * @param name - Any text of 1 to 1 024 bytes of UTF-8.
   * @throws UsageError `COROSOCK_ARGUMENT`, `COROSOCK_ROOM_NAME`.
   */
  room(name: string): Room;
  /**
   * Opens a shared socket by its id: `OpenServer` of `%CSP.WebSocket`. With a `broker` also one of
   * another node.
   *
   * @param options - `timeoutMs`: the longest wait for the other node, ≥ 0 or Infinity; default
   *   5 000. A `signal` that aborts rejects with its reason.
   * @returns `[ws, 'ok']`; `[undefined, 'not-found']`: no open socket has this id; `[undefined,
   *   'not-shared']`: it is open, but dedicated to its handler; `[undefined, 'timeout']`: its node
   *   has not answered in time, or the broker is down. A node that has just begun, or whose broker
   *   was down, looks for it until it knows all others.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  openServer(id: string, options?: WaitOptions): Promise<OpenResult>;
  /**
   * Closes sockets by their id, their room or their session, with the closing handshake: on this
   * node at once, and on all others of the deployment.
   *
   * A node that is not heard of now, and is back within 60 s, closes them then, each once.
   *
   * @param which - `{ id }`, `{ room }` or `{ session }`: the id of a socket, the name of a room,
   *   or the id of a session.
   * @param code - As for `endServer`. Default 1000.
   * @param reason - As for `endServer`. Default ''.
   * @returns How many sockets each node closes, and which nodes have not answered, after at most
   *   2 s. Never waits for the clients.
   * @throws UsageError `COROSOCK_ARGUMENT`, `COROSOCK_CLOSE_CODE`, `COROSOCK_CLOSE_REASON`; nothing
   *   is closed.
   */
  closeSockets(which: WhichSockets, code?: number, reason?: string): Promise<ClosedReport>;
  /**
   * Whether new clients should be sent here: false once `close` was called, also during its
   * `delayMs`, and while the broker is down with `whenBrokerDown: 'refuse'`.
   */
  readonly ready: boolean;
  /**
   * Whether the broker is up, and for how long it has been so: `{ broker, sinceMs }`. Also a source
   * for `select`, which gives each change from when the property was read: keep it outside of the
   * loop. `broker` is `'none'` where the host has none.
   */
  readonly brokerHealth: Source<BrokerHealth> & BrokerHealth;
  /**
   * Answers a health check: 200 while the host is `ready`, 503 from then on, each with a line of
   * text that no cache keeps. Bound to its host.
   *
   * A listener of requests for node:http and node:http2, as in `createServer(host.health)`, and a
   * handler for frameworks that pass on or wrap their response: `app.get('/health', host.health)`.
   *
   * @throws UsageError `COROSOCK_ARGUMENT` for what is no response.
   */
  health(request: unknown, response: unknown): void;
  /**
   * Lists where every handler and child task of this process waits, now: of each socket its handler
   * first, then its child tasks. A handler that waits for several things at once has an entry for
   * each; one that the host has abandoned has none.
   *
   * A wait of other code, for a socket whose handler has ended, is listed under that socket.
   *
   * For questions now and then, not for each request: it costs some 25 µs a wait, all at once.
   *
   * @param filter - `longerThanMs`: only what has waited longer, in milliseconds ≥ 0; `id`: only
   *   the handler and the child tasks of this socket. Default: all.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  waits(filter?: { readonly longerThanMs?: number; readonly id?: string }): readonly Wait[];
  /**
   * Takes over an upgrade of a server of your own.
   *
   * Answers it in every case: with 101 and a conversation, or with a refusal. A stream that a host
   * was given before is left alone, and reported.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /**
   * Shuts down: is no longer `ready`, and `delayMs` later refuses new handshakes with 503, aborts
   * `draining`, closes with 1001 after `graceMs`, aborts `signal`, and abandons handlers that
   * ignore it.
   *
   * Resolves when no socket is left, the session store has all writes and, for `serve`, the port is
   * free. Never rejects for what a peer, a handler or a store does, and waits for none of them
   * beyond a deadline: `delayMs` + `graceMs` + `spreadMs` + 3 × `closeTimeoutMs` + 1000.
   * Idempotent: only the first call counts.
   *
   * @param options - `delayMs`: 0 to 2³¹−1, default 0; only `ready` has changed so long, so that
   *   load balancers notice before clients are refused; `graceMs`: 0 to 2³¹−1, default 10 000, ends
   *   early when all handlers have; `spreadMs`: 0 to 2³¹−1, default 0, the turns of the sockets to
   *   drain are spread over it, so that clients do not all come back at once.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  close(options?: CloseHostOptions): Promise<CloseReport>;
}
