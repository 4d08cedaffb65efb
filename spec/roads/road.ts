// A road: one way on which clients reach a host. The behaviour suite takes a road and expects the
// same of each. memory-road.ts has no wire; wire-road.ts has ports, TLS and proxies.

import type { Host, HostOptions, Routes } from 'corosock';
import type { ClientSocket, ConnectOptions } from 'corosock/client';
import type { RawClient, RequestParts } from '../peers/raw-client.ts';

export interface Road {
  /** What the host learns of the client's address, and of the scheme that the client used. */
  readonly sees: { readonly address: string | undefined; readonly scheme: 'ws:' | 'wss:' };
  /** Whether a handshake is bytes of HTTP, which a client can write in other ways than ours. */
  readonly isWire: boolean;
  /** Makes a host, and what leads to it. */
  serve(routes: Routes, options?: HostOptions): Promise<RoadHost>;
  /** Stops what all hosts of this road share. */
  stop(): Promise<void>;
}

/** What a client of a road may choose: headers are those of the road, and more. */
export interface RoadOptions extends ConnectOptions {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A host at the end of a road. `await using` closes it. */
export interface RoadHost extends AsyncDisposable {
  readonly host: Host;
  /** Opens a client. @param target - Path and query. Default '/'. */
  connect(target?: string, options?: RoadOptions): Promise<ClientSocket>;
  /** Opens a peer that sends bytes as they are: only where the road is a wire. */
  raw?(request?: RequestParts, firstBytes?: Uint8Array): Promise<RawClient>;
  /** Sends the request of a handshake, and gives what is answered, also a 101. */
  ask(target?: string, request?: Question): Promise<Answer>;
}

export interface Question {
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for a 101. */
  readonly body: string;
}
