// The HTTP answer to a handshake of which no conversation comes: the one place that turns a result
// of admission.ts into a status. upgrade.ts writes it to the client, the test kit gives it to a
// test.

import type { RejectedHandshake } from './admission.ts';
import type { Report } from './report.ts';
import type { SocketId } from './socket-id.ts';
import { REFUSALS } from '../handshake/refusal.ts';
import type { HookAnswer, Refusal } from '../handshake/refusal.ts';

/**
 * Makes the answer, and reports the error where there is one: the client learns nothing of it.
 *
 * @param result - A client that has gone gets the answer of one that was too slow; it is not sent.
 */
export function answerTo(
  result: RejectedHandshake,
  socketId: SocketId,
  report: Report,
): Refusal | HookAnswer {
  const { setCookie } = result;
  switch (result.kind) {
    case 'refused':
      return { response: withCookie(result.response, setCookie), body: result.body };
    case 'failed':
      report(result.error, { socketId: socketId.value, phase: 'onPreServer' });
      return refusalWith(REFUSALS.failed, setCookie);
    case 'unavailable':
      report(result.error, { socketId: socketId.value, phase: 'session' });
      return refusalWith(REFUSALS.unavailable, setCookie);
    case 'over':
      return refusalWith(result.why === 'closing' ? REFUSALS.closing : REFUSALS.tooLate, setCookie);
    default:
      return result satisfies never;
  }
}

function refusalWith(refusal: Refusal, cookie: string | undefined): Refusal {
  if (cookie === undefined) return refusal;
  return { ...refusal, headers: { ...refusal.headers, 'Set-Cookie': cookie } };
}

function withCookie(response: Response, cookie: string | undefined): Response {
  if (cookie === undefined) return response;
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.append('Set-Cookie', cookie);
  return new Response(response.body, { status, statusText, headers });
}
