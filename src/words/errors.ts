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

function describe({ code, by }: CloseInfo): string {
  return `close code ${code} by ${by}`;
}
