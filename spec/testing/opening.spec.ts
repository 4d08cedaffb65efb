// The opening of a client in memory: what it learns from the answer of a host.

import { describe, expect, it } from 'vitest';
import { serve } from 'corosock';
import type { HostOptions } from 'corosock';
import { connect } from 'corosock/client';
import { runServer, world } from 'corosock/testing';
import type { ConnectError } from 'corosock/testing';

/** What a client learns from its refusal. */
function refusal(error: unknown): unknown {
  const { status, body, headers, retryAfterMs } = error as ConnectError;
  return { status, body, headers, retryAfterMs };
}

describe('a refusal over a port, in memory, and over bytes in memory', () => {
  const server = async (): Promise<void> => {};

  it.each<[string, NonNullable<HostOptions['onPreServer']>, object]>([
    [
      'with a status, a body and header lines',
      () => new Response('not you\n', { status: 401, headers: { 'X-Why': 'no', 'Retry-After': '7' } }),
      { status: 401, body: 'not you\n', retryAfterMs: 7000, headers: { 'x-why': 'no', 'retry-after': '7' } },
    ],
    [
      'with two lines of one name',
      () => {
        const headers = new Headers([
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
        ]);
        return new Response('no', { status: 403, headers });
      },
      { status: 403, body: 'no', headers: { 'set-cookie': 'a=1, b=2' } },
    ],
    ['without a body', () => new Response(null, { status: 403 }), { status: 403, body: '' }],
    ['of ours', () => false, { status: 403, body: 'This client may not connect\n' }],
    [
      'that is long',
      () => new Response('x'.repeat(70_000), { status: 403 }),
      { status: 403, body: 'x'.repeat(65_536) },
    ],
  ])('tells its client the same: %s', async (_, onPreServer, seen) => {
    const options = { onPreServer };
    await using host = await serve({ '/': server }, { ...options, hostname: '127.0.0.1', port: 0 });
    await using run = runServer(server, options);
    await using w = world();
    await using bytes = world({ fidelity: 'wire' });
    const attempts = [
      connect(host.url),
      run.client,
      run.connect(),
      w.connect(w.serve({ '/': server }, options)),
      bytes.connect(bytes.serve({ '/': server }, options)),
    ];
    const [port, ...others] = (await Promise.allSettled(attempts)).map((attempt) =>
      refusal('reason' in attempt ? attempt.reason : undefined),
    );
    expect(port).toMatchObject(seen);
    expect(others).toEqual([port, port, port, port]);
  });
});
