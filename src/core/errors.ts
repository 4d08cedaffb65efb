// The errors that users meet, and the reasons of signals. Each has a stable `code`, by which it is
// recognised, never by its text or `instanceof`: two copies of the package may be loaded. What
// each code means is in error-codes.ts; ordinary ends are statuses (status.ts).

import type { CloseInfo } from './close-info.ts';
import type { CodesOf } from './error-codes.ts';
import { propertyOf } from './object-like.ts';
import type { SchemaIssue } from './standard-schema.ts';

/**
 * Reports a mistake of the caller: a wrong argument, a second read at once.
 *
 * The message says which call it was, what was expected and what came.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What can be wrong with a message: the codes of a MessageError. */
type MessageFault = 'COROSOCK_NOT_JSON' | 'COROSOCK_INVALID' | 'COROSOCK_NOT_TEXT';

interface FaultWords {
  /** RFC 6455 §7.4.1. */
  readonly closeCode: 1003 | 1007 | 1008;
  readonly says: string;
}

/** What an uncaught one closes with, and its text, which holds nothing of the message. */
const MESSAGE_FAULTS: Readonly<Record<CodesOf<'MessageError'>, FaultWords>> = Object.freeze({
  COROSOCK_NOT_TEXT: { closeCode: 1003, says: 'expected text, but the message is binary' },
  COROSOCK_NOT_JSON: { closeCode: 1007, says: 'expected JSON, but the message is none' },
  COROSOCK_INVALID: { closeCode: 1008, says: 'expected what the schema describes, but the message is not' },
});

/**
 * Reports that the peer's message is not what `readJson`, `readText` or `jsonOf` was to read. The
 * message has been taken.
 *
 * Where neither the handler nor `onClientMessage` catches it, the socket closes with `closeCode`;
 * it is recognised by its `code`. Its text holds nothing of the message; `issues` are the schema's
 * words.
 */
export class MessageError extends Error {
  override readonly name = 'MessageError';
  readonly code: MessageFault;
  /** COROSOCK_NOT_TEXT: 1003, COROSOCK_NOT_JSON: 1007, COROSOCK_INVALID: 1008. */
  readonly closeCode: FaultWords['closeCode'];
  readonly issues: readonly SchemaIssue[];

  constructor(code: MessageFault, issues: readonly SchemaIssue[] = [], call = 'ws.readJson()') {
    super(`${call}: ${MESSAGE_FAULTS[code].says}`);
    this.code = code;
    this.closeCode = MESSAGE_FAULTS[code].closeCode;
    this.issues = issues;
  }
}

/** Gives the close code of a MessageError, recognised by its `code`; undefined for other errors. */
export function messageCloseCode(error: unknown): number | undefined {
  const code = propertyOf(error, 'code');
  return isMessageFault(code) ? MESSAGE_FAULTS[code].closeCode : undefined;
}

/**
 * Gives the close code of an error that the peer has caused: a {@link MessageError}, too many
 * rooms, or a text that is no name of a room; undefined for other errors.
 */
export function peerCloseCode(error: unknown): number | undefined {
  const code = propertyOf(error, 'code');
  return code === 'COROSOCK_ROOMS' || code === 'COROSOCK_ROOM_NAME' ? 1008 : messageCloseCode(error);
}

/** Tells whether a source has refused a read: its message is bad, or it has ended long ago. */
export function isMistakeOfReading(error: unknown): error is Error {
  return messageCloseCode(error) !== undefined || propertyOf(error, 'code') === 'COROSOCK_READ_AFTER_CLOSE';
}

function isMessageFault(code: unknown): code is MessageFault {
  return typeof code === 'string' && Object.hasOwn(MESSAGE_FAULTS, code);
}

/** Ends a `for await` over a socket whose end was not clean. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  readonly code = 'COROSOCK_CONNECTION_LOST';
  readonly closeInfo: CloseInfo;

  constructor(closeInfo: CloseInfo) {
    super(`The conversation ended with ${describe(closeInfo)}`, { cause: closeInfo.cause });
    this.closeInfo = closeInfo;
  }
}

/** What is known of a handshake that failed. */
export interface ConnectProblem {
  /** Follows "The handshake failed" in the text, or the status and "but" where there is one. */
  readonly problem?: string;
  readonly cause?: unknown;
  /** Of the HTTP answer, by names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The beginning of the body. */
  readonly body?: string;
  /** Shortest wait before another attempt. */
  readonly retryAfterMs?: number;
}

/**
 * Reports to a client that the handshake was refused, or got no answer.
 *
 * A function that gives `connect.each` its URL may throw it, too: it then counts as the server's.
 */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code = 'COROSOCK_CONNECT';
  /** Status of the HTTP answer; undefined without one, and in browsers, which do not show it. */
  readonly status: number | undefined;
  /** The wait that the answer asks for in `Retry-After`, which may be a date, too. */
  readonly retryAfterMs: number | undefined;
  /** Behind getters: a logged error shows neither cookies nor a page. */
  readonly #answer: ConnectProblem;

  constructor(status: number | undefined, answer: ConnectProblem = {}) {
    const { problem, cause, retryAfterMs } = answer;
    super(connectMessage(status, problem), cause === undefined ? undefined : { cause });
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.#answer = answer;
  }

  /**
   * Header lines of the HTTP answer, by names in lower case; lines of one name are joined by `, `.
   * Undefined without an answer, and in browsers.
   */
  get headers(): Readonly<Record<string, string>> | undefined {
    return this.#answer.headers;
  }

  /**
   * The first 64 KiB of the body of the HTTP answer, as UTF-8; as much as has come within
   * `timeoutMs`. Undefined without an answer, and in browsers.
   */
  get body(): string | undefined {
    return this.#answer.body;
  }
}

/** Reports that a broker has not taken a message or a subscription; its text says why. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code = 'COROSOCK_BROKER';
}

/**
 * The reason of `ws.signal`. Its name is `AbortError`, so that `fetch`, timers and abortable
 * functions reject with it as with any abort.
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
    super('The host asks its handler to finish');
  }
}

/** Why a child task should end. */
export type TaskEnd = 'ended' | 'failed' | 'cancelled';

/** The reason of a child task's signal. */
export class TaskOverError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  /** @param cause - The error of the other child task. */
  constructor(why: TaskEnd, cause?: unknown) {
    super(TASK_ENDS[why], { cause });
  }
}

const TASK_ENDS: Readonly<Record<TaskEnd, string>> = /* @__PURE__ */ Object.freeze({
  ended: 'The handler has ended',
  failed: 'Another task of the handler has failed',
  cancelled: 'The task was cancelled',
});

/** Why a handshake is over: the client left, `handshakeTimeoutMs` has passed, the host closes. */
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

const HANDSHAKE_ENDS: Readonly<Record<HandshakeEnd, string>> = /* @__PURE__ */ Object.freeze({
  gone: 'The client has given the handshake up',
  late: 'The time for the handshake is over',
  closing: 'The host is shutting down',
});

/**
 * Makes the cause of an end by a limit.
 *
 * @param option - Raises the limit. A host names it in its report.
 */
export function limitCause(option: string, text: string): RangeError {
  return Object.assign(new RangeError(text), { option });
}

function connectMessage(status: number | undefined, problem: string | undefined): string {
  const answer = `The handshake was answered with ${status}`;
  if (status !== undefined) return problem === undefined ? answer : `${answer}, but ${problem}`;
  return problem === undefined ? 'Nobody answered the handshake' : `The handshake failed: ${problem}`;
}

function describe({ code, by }: CloseInfo): string {
  return `close code ${code} by ${by}`;
}

/** Gives what was thrown, which may be anything, with its name: `TypeError: no`. Never throws. */
export function shownError(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something that cannot be shown';
  }
}
