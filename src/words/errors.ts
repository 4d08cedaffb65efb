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

/** Tells a client that the handshake was refused, or that there was nobody to answer it. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code = 'COROSOCK_CONNECT';
  /** The HTTP answer, if there was one. */
  readonly status: number | undefined;

  constructor(status: number | undefined) {
    super(
      status === undefined ? 'Nobody answered the handshake' : `The handshake was answered with ${status}`,
    );
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

/** The reason of the signal of child tasks whose handler has ended, or another child of which has failed. */
export class HandlerOverError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  /** @param cause - What the other child has failed with. */
  constructor(why: 'ended' | 'failed', cause?: unknown) {
    super(why === 'ended' ? 'The handler has ended' : 'Another task of the handler has failed', { cause });
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

function describe({ code, by }: CloseInfo): string {
  return `close code ${code} by ${by}`;
}
