// The options of `runServer` and `fakeSocket`: those of a host, and the parts of the request. Types
// only; memory-server.ts checks them.

/// <reference types="node" preserve="true" />

import type { IncomingHttpHeaders } from 'node:http';
import type { HostOptions } from '../server/host-options.ts';
import type { HeartbeatTimes } from '../conversation/heartbeat.ts';

export interface FakeOptions extends Omit<HostOptions, 'heartbeat'> {
  /**
   * Pings as a host sends them: a link in memory is never lost without an event, so that none are
   * needed. The client's end answers pings, and sends none. Default false.
   */
  readonly heartbeat?: HeartbeatTimes | false;
  /** URL of the request. Default `'ws://localhost/'`. */
  readonly url?: string;
  /**
   * Header lines of the request, with names in lower case. With `trustProxy` those of proxies say
   * which address the client has; without, it has none. Default none.
   */
  readonly headers?: IncomingHttpHeaders;
  /** Parameters of the route. Default none. */
  readonly params?: Readonly<Record<string, string>>;
}
