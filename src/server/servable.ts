// What a user gives to be served. Types only; routes.ts finds out which one a
// path leads to.

import type { ServerSocket } from './host.ts';

/**
 * The seed's Server(): the whole conversation, top to bottom.
 *
 * When it returns, the socket closes with 1000; when it throws, with 1011.
 */
export type Handler = (ws: ServerSocket) => void | PromiseLike<void>;

/** The seed's class, by shape. */
export interface WebSocketServer {
  /** The whole conversation, as in {@link Handler}. */
  server(ws: ServerSocket): void | PromiseLike<void>;
}

export type Servable = Handler | WebSocketServer;

/**
 * One server for every path, or a map from path patterns (`/chat/:room`) to servers.
 *
 * Patterns are those of path-to-regexp 9; of several that match, the first counts.
 */
export type Routes = Servable | Readonly<Record<string, Servable>>;
