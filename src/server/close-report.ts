// What `host.close` is told, and what it tells. Types only; the host checks them,
// and shut-down.ts does what they say.

export interface CloseHostOptions {
  /** What handlers have after `draining` before their sockets are closed. Default 10 000. */
  readonly graceMs?: number;
  /** The sockets' turns are spread over so long. Default 0. */
  readonly spreadMs?: number;
}

export interface CloseReport {
  /** Handlers that ended by themselves after `draining`. */
  readonly finished: number;
  /** Handlers that ended once their socket was closed. */
  readonly closed: number;
  /** Sockets whose handler was still running at the deadline. */
  readonly abandoned: readonly string[];
  readonly tookMs: number;
}
