// The Connector port: what opens a link to a server. `client/` asks; transport/ws/connector.ts
// does it in Node, browser-connector.ts in browsers.

import type { Transport } from './transport.ts';
import type { Clock } from '../time/clock.ts';
import type { ConnectError } from '../core/errors.ts';

/** Where to, and what is asked for. All of it has been checked. */
export interface LinkTarget {
  /** `ws:` or `wss:`, without a fragment. */
  readonly url: URL;
  /** Subprotocols offered, each once. */
  readonly protocols: readonly string[];
  /** Further header lines; none in a browser. */
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: boolean;
  readonly maxMessageBytes: number;
  readonly closeTimeoutMs: number;
  readonly clock: Clock;
}

/** What comes of it. */
export interface LinkOutcome {
  /** The server has agreed. Called before anything of it is delivered. */
  opened(transport: Transport): void;
  /** It has not, and no socket is left. */
  failed(error: ConnectError): void;
}

/**
 * Opens a link.
 *
 * 1. One of `opened` and `failed` is called, once, and never inside the call.
 * 2. After `cancel` neither is called, and no socket is left.
 * 3. Redirects are not followed: an answer that is no 101 fails with its status, where it is known.
 *
 * @returns `cancel`; to be called before either has been.
 */
export type Connector = (target: LinkTarget, outcome: LinkOutcome) => () => void;
