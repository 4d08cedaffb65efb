// The errors that users meet. Each has a stable `code`; none is recognised by
// its text or by `instanceof`. Ordinary ends are statuses, not errors.

import type { CloseInfo } from './close-info.ts';

/**
 * Tells of our caller's mistake: a wrong argument, a second read at once.
 *
 * The message says which call, what was expected and what came.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Ends a `for await` over a socket whose conversation did not end clean. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  readonly code = 'COROSOCK_CONNECTION_LOST';
  readonly closeInfo: CloseInfo;

  constructor(closeInfo: CloseInfo) {
    super(`The conversation ended with ${describe(closeInfo)}`, { cause: closeInfo.cause });
    this.closeInfo = closeInfo;
  }
}

/** Why a handshake has come to nothing, where it was not answered with an HTTP status. */
export interface ConnectProblem {
  /** What is said after "The handshake failed". */
  readonly problem?: string;
  readonly cause?: unknown;
}

/**
 * Tells a client that the handshake was refused, or that there was nobody to answer it.
 *
 * Who looks for a URL of his own may throw it, too: `connect.each` treats it like its own.
 */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code = 'COROSOCK_CONNECT';
  /** The HTTP answer, if there was one and we may know it: browsers do not tell. */
  readonly status: number | undefined;

  constructor(status: number | undefined, { problem, cause }: ConnectProblem = {}) {
    super(connectMessage(status, problem), cause === undefined ? undefined : { cause });
    this.status = status;
  }
}

/**
 * The reason of `ws.signal`: named `AbortError`, so that `fetch`, timers and
 * abortable functions pass it on as what it is.
 */
export class ConversationOverError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';
  readonly closeInfo: CloseInfo;

  constructor(closeInfo: CloseInfo) {
    super(`The conversation is over: ${describe(closeInfo)}`);
    this.closeInfo = closeInfo;
  }
}

/** The reason of `ws.draining`. */
export class DrainingError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  constructor() {
    super('The host is shutting down');
  }
}

/** Why a handshake is over: the client has gone, `handshakeTimeoutMs` has passed, the host is closing. */
export type HandshakeEnd = 'gone' | 'late' | 'closing';

/** The reason of `handshake.signal`. */
export class HandshakeOverError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';
  readonly why: HandshakeEnd;

  constructor(why: HandshakeEnd) {
    super(HANDSHAKE_ENDS[why]);
    this.why = why;
  }
}

const HANDSHAKE_ENDS: Readonly<Record<HandshakeEnd, string>> = Object.freeze({
  gone: 'The client has given the handshake up',
  late: 'The time for the handshake is over',
  closing: 'The host is shutting down',
});

function connectMessage(status: number | undefined, problem: string | undefined): string {
  if (status !== undefined) return `The handshake was answered with ${status}`;
  return problem === undefined ? 'Nobody answered the handshake' : `The handshake failed: ${problem}`;
}

function describe({ code, by }: CloseInfo): string {
  return `close code ${code} by ${by}`;
}
