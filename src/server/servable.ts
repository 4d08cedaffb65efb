// What a user gives to be served, and the hooks of its life cycle. Types only
// but `defineServer`; routes.ts finds out which one a path leads to.

import type { Handshake } from '../handshake/handshake.ts';
import type { ServerSocket } from './host.ts';
import type { CloseInfo } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';

type Awaitable<T> = T | PromiseLike<T>;

/**
 * `Server` of `%CSP.WebSocket`: the whole conversation, top to bottom.
 *
 * When it returns, the socket closes with 1000, unless it is shared; when it
 * throws, with 1011, or with the `closeCode` of a MessageError.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- a handler of any context can be served; `unknown` would refuse all but those of unknown
export type Handler<Context = any> = (ws: ServerSocket<Context>) => Awaitable<void>;

/**
 * A subclass of `%CSP.WebSocket`, by shape. When given as a class, each connection gets an
 * instance of its own; `this` is kept.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export interface WebSocketServer<Context = any> {
  /**
   * Runs before the 101 response.
   *
   * At most `maxHandshakes` run at once, further ones wait in order. A `Response`, of
   * whatever class, refuses the handshake with its status, headers and body, which has
   * to end within `handshakeTimeoutMs`, too; anything else, also `undefined`, becomes
   * `ws.context`. A throw, or a Response that cannot be sent, refuses with 500, without
   * detail.
   * `onPostServer` is not called for what was refused, nor for what was given up after
   * this has returned: the client had gone, the time was over, the host closes, or the
   * 101 could not be sent. `handshake.signal` aborts then, and only then: what has to be
   * undone for every context is undone in both places.
   */
  onPreServer?(handshake: Handshake): Awaitable<Context | Response>;
  /** The whole conversation, as in {@link Handler}. */
  server(ws: ServerSocket<Context>): Awaitable<void>;
  /**
   * Shared sockets only: offered each message first, one at a time and in order;
   * `true` consumes it; whatever else is returned, it is queued for readers. A throw
   * closes with 1011, or with the `closeCode` of a MessageError. `data` is bytes where
   * `ws.binaryData` is true, as in every read.
   *
   * It must not await a read of its own socket: what comes next is offered to it first,
   * once it has settled, so that it would wait for ever. After 30 s a call is reported.
   */
  onClientMessage?(ws: ServerSocket<Context>, data: Data): Awaitable<boolean>;
  /** Runs exactly once, after the socket is really closed and the handler has settled or was given up, whatever the cause. */
  onPostServer?(ws: ServerSocket<Context>, end: CloseInfo): Awaitable<void>;
}

export type Servable = Handler | WebSocketServer | (new () => WebSocketServer);

/**
 * One server for every path, or a map from path patterns (`/chat/:room`) to servers.
 *
 * Patterns are those of path-to-regexp 9; of several that match, the first counts.
 */
export type Routes = Servable | Readonly<Record<string, Servable>>;

/** Infers the context of a server from its `onPreServer`. */
export function defineServer<Context>(server: WebSocketServer<Context>): WebSocketServer<Context> {
  return server;
}
