// The options of the test kit: those of a host, and the request to pretend. Types
// only; memory-server.ts checks them.

/// <reference types="node" preserve="true" />

import type { IncomingHttpHeaders } from 'node:http';
import type { HostOptions } from '../server/host-options.ts';

export interface FakeOptions extends HostOptions {
  /** Default 'ws://localhost/'. */
  readonly url?: string;
  /** Names in lower case. Default none. */
  readonly headers?: IncomingHttpHeaders;
  /** Parameters of the route. Default none. */
  readonly params?: Readonly<Record<string, string>>;
}
