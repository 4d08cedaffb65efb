// The answer to a handshake of which no conversation comes, and what is reported of it.

import { describe, expect, it } from 'vitest';
import { REFUSALS } from '../../src/handshake/refusal.ts';
import type { RejectedHandshake } from '../../src/server/admission.ts';
import { virtualClock } from 'corosock/testing';
import type { AnswerSettings } from '../../src/server/answer-to.ts';
import type { HandshakeRequest } from '../../src/handshake/handshake-request.ts';
import { PeerFaults } from '../../src/server/peer-faults.ts';
import type { Report } from '../../src/server/report.ts';
import { answerTo } from '../../src/server/answer-to.ts';
import { SocketId } from '../../src/server/socket-id.ts';

const error = new Error('secret');

const PENDING = {
  socketId: new SocketId(() => 'an id'),
  route: '/chat/:room',
  request: { url: new URL('ws://localhost/chat/lobby?token=secret') } as HandshakeRequest,
};

/** The answer, and what was reported. */
function answered(result: RejectedHandshake): readonly [ReturnType<typeof answerTo>, unknown[]] {
  const reports: unknown[] = [];
  return [answerTo(result, PENDING, reportingTo(reports)), reports];
}

function reportingTo(reports: unknown[]): AnswerSettings {
  const report: Report = (...args) => void reports.push(args);
  return { report, peerFaults: new PeerFaults(report, virtualClock()) };
}

describe('answerTo', () => {
  it('S7: reports one failure of a kind of a store that is down, whatever number of clients comes', () => {
    const reports: unknown[] = [];
    const settings = reportingTo(reports);
    const refused = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
    for (const thrown of [refused, refused, new TypeError('bug'), refused, 'text']) {
      const result = { kind: 'unavailable', error: thrown, setCookie: undefined } as const;
      expect(answerTo(result, PENDING, settings)).toBe(REFUSALS.unavailable);
    }
    expect(reports.map((args) => (args as readonly unknown[])[0])).toEqual([
      refused,
      new TypeError('bug'),
      'text',
    ]);
  });

  it.each([
    ['failed', { kind: 'failed', phase: 'onPreServer', error }, REFUSALS.failed, 'onPreServer'],
    ['is unavailable', { kind: 'unavailable', error }, REFUSALS.unavailable, 'session'],
  ] as const)(
    'answers a handshake that %s without detail, and reports the error',
    (_, result, refusal, phase) => {
      expect(answered({ ...result, setCookie: undefined })).toEqual([
        refusal,
        [[error, { socketId: 'an id', route: '/chat/:room', path: '/chat/lobby', phase }]],
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
