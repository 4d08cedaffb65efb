// The Connector port: opens a client's link to a server. `client/` calls it; `ws/connector.ts`
// implements it for Node and `browser/connector.ts` for browsers.

import type { Compression } from '../core/compression.ts';
import type { Transport } from './transport.ts';
import type { Clock } from '../time/clock.ts';
import type { ConnectError } from '../core/errors.ts';

/** The server to connect to, and the options of the handshake. All were checked by the caller. */
export interface LinkTarget {
  /** `ws:` or `wss:`, without a fragment. */
  readonly url: URL;
  /** Subprotocols offered, each once. */
  readonly protocols: readonly string[];
  /** Further header lines; none in a browser, which has not the next two either. */
  readonly headers: Readonly<Record<string, string>>;
  /** What node:tls takes. */
  readonly tls?: object | undefined;
  /** An agent of node:http or node:https. */
  readonly agent?: object | undefined;
  /** Undefined for none, and in a browser. */
  readonly compression: Compression | undefined;
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
  readonly closeTimeoutMs: number;
  readonly clock: Clock;
}

/** What a connector calls: the opening of a client. The counterpart of `TransportSink`. */
export interface LinkOutcome {
  /** Called when the server has accepted, before any of its messages is delivered. */
  opened(transport: Transport): void;
  /** Called when it has not. No socket is left. */
  failed(error: ConnectError): void;
}

/**
 * Opens a link.
 *
 * 1. One of `opened` and `failed` is called, once, and not before the connector has returned.
 * 2. After `cancel` neither is called, and no socket is left.
 * 3. Redirects are not followed: an answer other than 101 fails with its status, if it is known.
 *
 * @returns `cancel`, which may be called until one of the two was called. It gives the error of an
 *   answer other than 101 whose body has not come whole.
 * @throws The platform's error, where an option does not fit the URL.
 */
export type Connector = (target: LinkTarget, outcome: LinkOutcome) => () => ConnectError | undefined;
