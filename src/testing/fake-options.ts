// The options of `runServer` and `fakeSocket`: those of a host, and the parts of the request; and
// those of `run.connect`. Types only; memory-server.ts checks them.

/// <reference types="node" preserve="true" />

import type { IncomingHttpHeaders } from 'node:http';
import type { HostOptions } from '../server/host-options.ts';
import type { HeartbeatTimes } from '../conversation/heartbeat.ts';
import type { HeaderLines } from '../core/header-lines.ts';

export interface FakeOptions extends Omit<HostOptions, 'heartbeat'> {
  /**
   * Pings as a host sends them: a link in memory is never lost without an event, so that none are
   * needed. The client's end answers pings, and sends none. Default false.
   */
  readonly heartbeat?: HeartbeatTimes | false;
  /** URL of the request. Default `'ws://localhost/'`. */
  readonly url?: string;
  /**
   * Header lines of the request, names in any case. `host` is that of the URL, unless it is given;
   * the lines of the handshake itself, such as `upgrade`, are not there. With `trustProxy` those of
   * proxies say which address the client has; without, it has none. Default none.
   */
  readonly headers?: IncomingHttpHeaders | Headers;
  /** Parameters of the route. Default none. */
  readonly params?: Readonly<Record<string, string>>;
}

/**
 * What a client says of itself. With `run.connect` each default is what the first client of the run
 * says. A world has no such client: `url` is then `ws://localhost/` by default, `headers` none.
 */
export interface ClientOfWorld {
  /** URL of the request, absolute. Default: that of the run. */
  readonly url?: string;
  /** Header lines of the request, in place of those of the run. Default: those of the run. */
  readonly headers?: HeaderLines;
  /**
   * Parameters of the route, in place of those of the run. Default: those of the run, which a `url`
   * of another path does not have: it needs its own.
   */
  readonly params?: Readonly<Record<string, string>>;
  /** Subprotocols that the client offers. Default: all that the host speaks. */
  readonly protocols?: readonly string[];
}
