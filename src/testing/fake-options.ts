// The options of `runServer` and `fakeSocket`: those of a host, and the parts of the request. Types
// only; memory-server.ts checks them.

/// <reference types="node" preserve="true" />

import type { IncomingHttpHeaders } from 'node:http';
import type { HostOptions } from '../server/host-options.ts';
import type { HeartbeatTimes } from '../conversation/heartbeat.ts';

export interface FakeOptions extends Omit<HostOptions, 'heartbeat'> {
  /** Default false: a link in memory is never lost unnoticed. The client's end sends no pings. */
  readonly heartbeat?: HeartbeatTimes | false;
  /** Default 'ws://localhost/'. */
  readonly url?: string;
  /** Names in lower case. Default none. */
  readonly headers?: IncomingHttpHeaders;
  /** Parameters of the route. Default none. */
  readonly params?: Readonly<Record<string, string>>;
}
