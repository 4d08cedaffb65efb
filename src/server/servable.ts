// What users give to be served: a handler, or an object or class with hooks. Types, and
// `defineServer`; routes.ts finds the server of a path, handler-run.ts calls it.

import type { Handshake } from '../handshake/handshake.ts';
import type { ServerSocket } from './host.ts';
import type { Origins } from '../handshake/origins.ts';
import type { ConversationOptions } from '../conversation/conversation-options.ts';
import type { RateLimit } from '../conversation/rate-meter.ts';
import type { CloseInfo } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';

export type Awaitable<T> = T | Promise<T> | PromiseLike<T>;

/** Parameters of a path whose pattern is not known. */
export type AnyParams = Readonly<Record<string, string>>;

/**
 * `Server` of `%CSP.WebSocket`: the whole conversation, top to bottom.
 *
 * When it returns, the socket closes with 1000, unless it is shared; when it throws, with 1011, or
 * with the `closeCode` of a MessageError.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- `unknown` would refuse a known context
export type Handler<Context = any, Params = AnyParams> = (
  ws: ServerSocket<Context, Params>,
) => Awaitable<void>;

/**
 * A subclass of `%CSP.WebSocket`, by shape. Of a class, each connection gets an own instance;
 * `this` is kept.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export interface WebSocketServer<Context = any, Params = AnyParams, HostContext = any> {
  /**
   * Runs before the 101 response.
   *
   * At most `maxHandshakes` run at once, further ones wait in order. It runs after the hook of the
   * host, and finds what that has returned in `handshake.context`.
   *
   * `false` refuses the handshake with 403. A `Response`, of whatever class, refuses it with its
   * status, headers and body, which has to end within `handshakeTimeoutMs`, too. Anything else,
   * also `undefined`, becomes `ws.context`: end a look-up that may find nothing with `?? false`. A
   * throw, a plain `{ status: 401 }`, or a Response that cannot be sent, refuses with 500, without
   * detail.
   *
   * `onPostServer` is not called for a refused handshake, nor for one that ends after this has
   * returned: the client has disconnected, the time has passed, the host closes, or the 101 cannot
   * be sent. `handshake.signal` aborts then, and only then: undo in both places what has to be
   * undone for every context.
   */
  onPreServer?(handshake: Handshake<Params, HostContext>): Awaitable<Context | Response | false>;
  /**
   * Runs when the credential has ended that `handshake.expiresAt` or `ws.renew` has set.
   *
   * `ws.renew` in it keeps the socket. Otherwise the socket closes with the host's `expiryCode`
   * once this has settled, also with an error, which is reported, and after `handshakeTimeoutMs` at
   * the latest. Messages are served meanwhile. Not called for a socket that is closing.
   */
  onExpire?(ws: ServerSocket<Context, Params>): Awaitable<void>;
  /** The whole conversation, as in {@link Handler}. */
  server(ws: ServerSocket<Context, Params>): Awaitable<void>;
  /**
   * Shared sockets only: gets each message first, one at a time and in order. `true` consumes the
   * message; with any other value it is queued for readers. A throw closes with 1011, or with the
   * `closeCode` of a MessageError. `data` is bytes where `ws.binaryData` is true, as in every read.
   *
   * It must not await a read of its own socket: it would wait for ever, because the next message is
   * offered to it first, once it has settled. A call is reported after 30 s.
   */
  onClientMessage?(ws: ServerSocket<Context, Params>, data: Data): Awaitable<boolean>;
  /**
   * Runs exactly once, whatever the cause: after the socket is closed for good, and the handler has
   * settled or was abandoned.
   */
  onPostServer?(ws: ServerSocket<Context, Params>, end: CloseInfo): Awaitable<void>;
}

/** Makes the server of each connection: for a class whose constructor takes arguments. */
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export interface Created<Context = any, Params = AnyParams, HostContext = any> {
  /**
   * Runs once for each connection, when the hook of the host has let the client in. A promise is
   * awaited, within `handshakeTimeoutMs`. A throw refuses with 500, and is reported.
   */
  create(): Awaitable<WebSocketServer<Context, Params, HostContext>>;
}

/* oxlint-disable typescript/no-explicit-any -- `unknown` would refuse what is known */
export type Servable<Context = any, Params = AnyParams, HostContext = any> =
  // As a method is compared: a handler that states the parameters of its pattern is one, too.
  | WebSocketServer<Context, Params>['server']
  | WebSocketServer<Context, Params, HostContext>
  | (new () => WebSocketServer<Context, Params, HostContext>)
  | Created<Context, Params, HostContext>;
/* oxlint-enable typescript/no-explicit-any */

/** Options of one route; what is not given is the host's. */
export interface RouteOptions extends Pick<
  ConversationOptions,
  | 'maxMessageBytes'
  | 'queueMessages'
  | 'queueBytes'
  | 'writeBufferBytes'
  | 'closeTimeoutMs'
  | 'heartbeat'
  | 'compression'
> {
  readonly messageTimeoutMs?: number;
  readonly rate?: RateLimit;
  readonly origins?: Origins;
}

/** A route with options of its own. */
export interface RouteWithOptions<Served = Servable> {
  readonly serve: Served;
  readonly options: RouteOptions;
}

/** What is served under one pattern. */
export type Route = Servable | RouteWithOptions;

/**
 * One server for every path, or a map from path patterns (`/chat/:room`) to servers.
 *
 * Patterns are those of path-to-regexp 9. Of several patterns that match, the first counts.
 */
export type Routes = Route | Readonly<Record<string, Route>>;

/** Infers the context of a server from its `onPreServer`, where that is written first. */
export function defineServer<Context, Params = AnyParams>(
  server: WebSocketServer<Context, Params>,
): WebSocketServer<Context, Params> {
  return server;
}
