// The hook for errors that no caller gets, and that its own errors do not escape.

import { describe, expect, it, vi } from 'vitest';
import { runServer, settle } from 'corosock/testing';
import { guarded, reportAsWarning } from '../../src/server/report.ts';
import type { Report } from '../../src/server/report.ts';
import { recordWarnings } from '../fixtures/process-events.ts';

const where = { socketId: 'node.1', phase: 'server' };

describe('reportAsWarning', () => {
  it('names the socket, the phase and the error', async () => {
    using warnings = recordWarnings();
    reportAsWarning(new TypeError('wrong'), where);
    reportAsWarning('text', { phase: 'handshake' });
    await settle();
    expect(warnings.texts).toEqual([
      'CorosockWarning COROSOCK_REPORT: corosock, server of node.1: TypeError: wrong',
      'CorosockWarning COROSOCK_REPORT: corosock, handshake: text',
    ]);
  });

  it.each([
    [
      { ...where, route: '/chat/:room', path: '/chat/lobby' },
      'server of node.1 on /chat/:room at /chat/lobby',
    ],
    [{ ...where, route: '/echo', path: '/echo' }, 'server of node.1 on /echo'],
    [{ ...where, route: '*', path: '/any' }, 'server of node.1 at /any'],
    [{ phase: 'handshake', route: '*', path: `/${'x'.repeat(500)}` }, `handshake at /${'x'.repeat(99)}`],
  ])('names route and path: %j', async (place, text) => {
    using warnings = recordWarnings();
    reportAsWarning(new Error('no'), place);
    await settle();
    expect(warnings.texts).toEqual([`CorosockWarning COROSOCK_REPORT: corosock, ${text}: Error: no`]);
  });

  it('gets route and path of a handler that throws, without the query', async () => {
    const places: unknown[] = [];
    await using run = runServer(() => Promise.reject(new Error('no')), {
      url: 'ws://localhost/chat/lobby?token=secret',
      report: (_, place) => places.push(place),
    });
    await run.done;
    expect(places).toEqual([
      { socketId: expect.any(String) as string, phase: 'server', route: '*', path: '/chat/lobby' },
    ]);
  });

  it.each(unshowable())('survives %s', async (_, error) => {
    using warnings = recordWarnings();
    reportAsWarning(error, where);
    await settle();
    expect(warnings.texts).toHaveLength(1);
  });
});

describe('guarded', () => {
  it('passes on the error and where it came up', () => {
    const report = vi.fn<(error: unknown, where: object) => void>();
    guarded(report)('error', where);
    expect(report.mock.calls).toEqual([['error', where]]);
  });

  it('A4: swallows what the hook throws, and warns of both errors', async () => {
    using warnings = recordWarnings();
    guarded(() => {
      throw new Error('of the hook');
    })(new Error('of the handler'), where);
    await settle();
    expect(warnings.texts).toEqual([
      'CorosockWarning COROSOCK_REPORT: corosock, server of node.1: Error: of the handler',
      'CorosockWarning COROSOCK_REPORT: corosock, report: Error: of the hook',
    ]);
  });

  it('A4: swallows what an asynchronous hook rejects with', async () => {
    using warnings = recordWarnings();
    const hook: unknown = () => Promise.reject(new Error('of the hook'));
    guarded(hook as Report)(new Error('of the handler'), where);
    await settle();
    expect(warnings.texts).toEqual([
      'CorosockWarning COROSOCK_REPORT: corosock, server of node.1: Error: of the handler',
      'CorosockWarning COROSOCK_REPORT: corosock, report: Error: of the hook',
    ]);
  });
});

/** What can be thrown, and cannot be looked at. */
function unshowable(): ReadonlyArray<readonly [string, unknown]> {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const withoutStack = new Error('no stack');
  Object.defineProperty(withoutStack, 'stack', {
    get: () => {
      throw new Error('no');
    },
  });
  return [
    ['undefined', undefined],
    ['a symbol', Symbol('s')],
    ['an object without a prototype', Object.create(null)],
    ['a proxy that was revoked', revoked.proxy],
    ['an error whose stack throws', withoutStack],
    ['an error whose stack is a number', Object.assign(new Error('odd'), { stack: 1 })],
  ];
}
