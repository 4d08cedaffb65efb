// The errors that users meet. Each has a stable `code`; none is recognised by
// its text or by `instanceof`. Ordinary ends are statuses, not errors.

import type { CloseInfo } from './close-info.ts';
import { propertyOf } from './object-like.ts';
import type { SchemaIssue } from './standard-schema.ts';

/**
 * Tells of our caller's mistake: a wrong argument, a second read at once.
 *
 * The message says which call, what was expected and what came.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What can be wrong with a message. */
type MessageFault = 'COROSOCK_NOT_JSON' | 'COROSOCK_INVALID' | 'COROSOCK_NOT_TEXT';

interface FaultWords {
  readonly closeCode: 1003 | 1007 | 1008;
  readonly says: string;
}

/** What each closes with when nobody catches it (RFC 6455 §7.4.1), and what it says: nothing of what the message held. */
const MESSAGE_FAULTS: Readonly<Record<MessageFault, FaultWords>> = Object.freeze({
  COROSOCK_NOT_TEXT: { closeCode: 1003, says: 'expected text, but the message is binary' },
  COROSOCK_NOT_JSON: { closeCode: 1007, says: 'expected JSON, but the message is none' },
  COROSOCK_INVALID: { closeCode: 1008, says: 'expected what the schema describes, but the message is not' },
});

/**
 * Tells that the peer's message is not what was asked for; it has been taken.
 *
 * Uncaught in a handler or in `onClientMessage` it closes the socket with `closeCode`,
 * by its `code`. Its text holds nothing of the message; `issues` are the schema's words.
 */
export class MessageError extends Error {
  override readonly name = 'MessageError';
  readonly code: MessageFault;
  /** NOT_TEXT 1003, NOT_JSON 1007, INVALID 1008. */
  readonly closeCode: FaultWords['closeCode'];
  readonly issues: readonly SchemaIssue[];

  constructor(code: MessageFault, issues: readonly SchemaIssue[] = []) {
    super(`ws.readJson(): ${MESSAGE_FAULTS[code].says}`);
    this.code = code;
    this.closeCode = MESSAGE_FAULTS[code].closeCode;
    this.issues = issues;
  }
}

/** Tells what an error closes with that is the peer's fault; undefined for any other. Known by its `code`. */
export function messageCloseCode(error: unknown): number | undefined {
  const code = propertyOf(error, 'code');
  return isMessageFault(code) ? MESSAGE_FAULTS[code].closeCode : undefined;
}

function isMessageFault(code: unknown): code is MessageFault {
  return typeof code === 'string' && Object.hasOwn(MESSAGE_FAULTS, code);
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

function connectMessage(status: number | undefined, problem: string | undefined): string {
  if (status !== undefined) return `The handshake was answered with ${status}`;
  return problem === undefined ? 'Nobody answered the handshake' : `The handshake failed: ${problem}`;
}

function describe({ code, by }: CloseInfo): string {
  return `close code ${code} by ${by}`;
}
