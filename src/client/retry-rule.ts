// What `connect.each` does after an attempt has failed or a socket has ended: whether that is
// final, and how long the server asks to wait. `reconnection.ts` calls it.

import type { ClientPlatform } from './connect-options.ts';
import type { EachSettings } from './each-options.ts';
import { badArgument } from '../core/arguments.ts';
import { ConnectError } from '../core/errors.ts';
import type { ConnectionLostError } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';

/** Why another attempt is made. */
export type RetryCause = ConnectError | ConnectionLostError;

/**
 * Longest wait that a server can ask for.
 *
 * @limit Wait that a server asks `connect.each` for | another attempt
 */
const MAX_ASKED_WAIT_MS = 3_600_000;
/** The wait that a close with 1012 or 1013 states in its reason. */
const ASKED_IN_REASON = /\bretry-after=(\d+)\b/i;

/** HTTP answers that the next attempt would get again: credentials or request are wrong. */
const FINAL_STATUSES: ReadonlySet<number | undefined> = new Set([400, 401, 403, 404]);
/** Close codes that it would get again: the sides differ in a rule, a kind of data or a limit. */
const FINAL_CODES: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

/**
 * Gives the cause of another attempt. The user's `isFinal` decides first.
 *
 * @throws The error, if it is final. The error of `isFinal`; UsageError if it returns no answer.
 */
export function retriable(
  error: unknown,
  { isFinal }: Pick<EachSettings, 'isFinal'>,
  platform: Pick<ClientPlatform, 'isFinal'>,
): RetryCause {
  // A mistake of the caller would only be repeated.
  if (propertyOf(error, 'code') === 'COROSOCK_ARGUMENT') throw error;
  const answer: unknown = isFinal(error);
  if (answer !== undefined && typeof answer !== 'boolean')
    throw badArgument('connect.each()', 'isFinal to return true, false or undefined', answer);
  const isKnown = isOurs(error);
  if (answer ?? (!isKnown || isFinalByRule(error, platform))) throw error;
  return isKnown ? error : new ConnectError(undefined, { problem: 'an option has thrown', cause: error });
}

/** @returns Milliseconds; 0 where the server has asked for none. */
export function askedWaitMs(cause: RetryCause): number {
  const askedMs = cause.code === 'COROSOCK_CONNECT' ? cause.retryAfterMs : waitInReason(cause);
  // A ConnectError may also be the user's.
  return Math.min(Math.max(Number(askedMs), 0) || 0, MAX_ASKED_WAIT_MS);
}

function waitInReason({ closeInfo: { code, reason } }: ConnectionLostError): number | undefined {
  if (code !== 1012 && code !== 1013) return undefined;
  return Number(ASKED_IN_REASON.exec(reason)?.[1]) * 1000;
}

function isFinalByRule(cause: RetryCause, platform: Pick<ClientPlatform, 'isFinal'>): boolean {
  if (cause.code !== 'COROSOCK_CONNECT') return FINAL_CODES.has(cause.closeInfo.code);
  return FINAL_STATUSES.has(cause.status) || platform.isFinal?.(cause.cause) === true;
}

/**
 * Tells our errors by their code, as everywhere: the function that gives the URL may throw one of
 * another copy of this package.
 */
function isOurs(error: unknown): error is RetryCause {
  const code = propertyOf(error, 'code');
  return code === 'COROSOCK_CONNECT' || code === 'COROSOCK_CONNECTION_LOST';
}
