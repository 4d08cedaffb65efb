// The options of the test kit: those of a host, and the request to pretend. Types
// only; memory-server.ts checks them.

/// <reference types="node" preserve="true" />

import type { IncomingHttpHeaders } from 'node:http';
import type { HostOptions } from '../server/host-options.ts';
import type { HeartbeatTimes } from '../conversation/heartbeat.ts';

export interface FakeOptions extends Omit<HostOptions, 'heartbeat'> {
  /** Default false: in memory nobody is lost without a word. The client's end answers pings, and sends none. */
  readonly heartbeat?: HeartbeatTimes | false;
  /** Default 'ws://localhost/'. */
  readonly url?: string;
  /** Names in lower case. Default none. */
  readonly headers?: IncomingHttpHeaders;
  /** Parameters of the route. Default none. */
  readonly params?: Readonly<Record<string, string>>;
}
