// The answer to a handshake of which no conversation comes, and what is reported of it.

import { describe, expect, it } from 'vitest';
import { REFUSALS } from '../../src/handshake/refusal.ts';
import type { RejectedHandshake } from '../../src/server/admission.ts';
import { answerTo } from '../../src/server/answer-to.ts';
import { SocketId } from '../../src/server/socket-id.ts';

const error = new Error('secret');

/** The answer, and what was reported. */
function answered(result: RejectedHandshake): readonly [ReturnType<typeof answerTo>, unknown[]] {
  const reports: unknown[] = [];
  const answer = answerTo(result, new SocketId(() => 'an id'), (...args) => reports.push(args));
  return [answer, reports];
}

describe('answerTo', () => {
  it.each([
    ['failed', { kind: 'failed', error }, REFUSALS.failed, 'onPreServer'],
    ['is unavailable', { kind: 'unavailable', error }, REFUSALS.unavailable, 'session'],
  ] as const)(
    'answers a handshake that %s without detail, and reports the error',
    (_, result, refusal, phase) => {
      expect(answered({ ...result, setCookie: undefined })).toEqual([
        refusal,
        [[error, { socketId: 'an id', phase }]],
      ]);
    },
  );

  it.each([
    ['late', REFUSALS.tooLate],
    ['closing', REFUSALS.closing],
  ] as const)('answers a handshake that is over, %s, and reports nothing', (why, refusal) => {
    expect(answered({ kind: 'over', why, setCookie: undefined })).toEqual([refusal, []]);
  });

  it('answers with the Response of the hook, as it is', () => {
    const response = new Response(null, { status: 204 });
    const body = Buffer.alloc(0);
    const [answer, reports] = answered({ kind: 'refused', response, body, setCookie: undefined });
    expect([answer, 'response' in answer && answer.response === response, reports]).toEqual([
      { response, body },
      true,
      [],
    ]);
  });

  it('adds the cookie of the session to the headers of a refusal', () => {
    const [answer] = answered({ kind: 'over', why: 'closing', setCookie: 'sid=1' });
    expect(answer).toEqual({
      ...REFUSALS.closing,
      headers: { ...REFUSALS.closing.headers, 'Set-Cookie': 'sid=1' },
    });
  });

  it('adds the cookie of the session to the cookies of the Response', async () => {
    const response = new Response('no', { status: 403, headers: { 'Set-Cookie': 'a=1' } });
    const body = Buffer.from('no');
    const [answer] = answered({ kind: 'refused', response, body, setCookie: 'sid=1' });
    const sent = 'response' in answer ? answer.response : undefined;
    expect([sent?.status, sent?.headers.getSetCookie(), await sent?.text()]).toEqual([
      403,
      ['a=1', 'sid=1'],
      'no',
    ]);
  });
});
