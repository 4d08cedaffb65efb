// The HTTP answer to a handshake of which no conversation comes: the one place that turns a result
// of admission.ts into a status. upgrade.ts writes it to the client, the test kit gives it to a
// test.

import type { PendingHandshake, RejectedHandshake } from './admission.ts';
import type { PeerFaults } from './peer-faults.ts';
import { whereOf } from './report.ts';
import type { Report } from './report.ts';
import { REFUSALS } from '../handshake/refusal.ts';
import type { HookAnswer, Refusal } from '../handshake/refusal.ts';
import { propertyOf } from '../core/object-like.ts';

/** Where errors go. */
export interface AnswerSettings {
  readonly report: Report;
  readonly peerFaults: Pick<PeerFaults, 'report'>;
}

/**
 * Makes the answer, and reports the error where there is one. That of a store is limited: while it
 * is down each client that connects would write one into the log.
 *
 * @param result - For a client that has disconnected, the answer is the one for a client that was
 *   too slow. It is not sent.
 */
export function answerTo(
  result: RejectedHandshake,
  pending: Pick<PendingHandshake, 'socketId' | 'route' | 'request'>,
  { report, peerFaults }: AnswerSettings,
): Refusal | HookAnswer {
  const { setCookie } = result;
  if (result.kind === 'refused') {
    return { response: responseWith(result.response, setCookie), body: result.body };
  }
  if (result.kind === 'over') {
    return refusalWith(result.why === 'closing' ? REFUSALS.closing : REFUSALS.tooLate, setCookie);
  }
  if (result.kind === 'forbidden') return refusalWith(REFUSALS.forbidden, setCookie);
  if (result.kind === 'expired') return refusalWith(REFUSALS.expired, setCookie);
  // Errors of which the client learns nothing.
  const { kind, error } = result;
  if (kind === 'failed') {
    report(error, whereOf(pending, result.phase));
    return refusalWith(REFUSALS.failed, setCookie);
  }
  const where = whereOf(pending, 'session');
  peerFaults.report(`session store: ${kindOf(error)}`, where, () => error);
  return refusalWith(REFUSALS.unavailable, setCookie);
}

/** Each kind of failure of a store is reported for itself. */
function kindOf(error: unknown): string {
  return String(propertyOf(error, 'code') ?? propertyOf(error, 'name'));
}

function refusalWith(refusal: Refusal, cookie: string | undefined): Refusal {
  if (cookie === undefined) return refusal;
  return { ...refusal, headers: { ...refusal.headers, 'Set-Cookie': cookie } };
}

function responseWith(response: Response, cookie: string | undefined): Response {
  if (cookie === undefined) return response;
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.append('Set-Cookie', cookie);
  return new Response(response.body, { status, statusText, headers });
}
