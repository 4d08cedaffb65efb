// What a log shows of a client's socket: URL without its query, state, and what is queued.

import { inspect } from 'node:util';
import { serve } from 'corosock';
import type { ServerSocket } from 'corosock';
import { connect } from 'corosock/client';
import { fakeSocket } from 'corosock/testing';
import { describe, expect, it } from 'vitest';

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.closed);

describe('a client’s socket', () => {
  it('is shown with its URL, without the query, its state and what waits', async () => {
    await using host = await serve(untilClosed, { protocols: ['chat'] });
    const ws = await connect(`${host.url}/room/1?token=secret`, { protocols: ['chat'] });
    expect(inspect(ws)).toBe(
      [
        'ClientSocket {',
        `  url: '${host.url}/room/1',`,
        `  state: 'open',`,
        `  protocol: 'chat',`,
        '  queued: { messages: 0, bytes: 0 },',
        '  bufferedBytes: 0',
        '}',
      ].join('\n'),
    );
    const closing = ws.close(4000, 'done');
    expect(inspect(ws)).toContain(`state: 'closing'`);
    await closing;
    expect(inspect(ws)).toMatch(/state: 'closed'[^]*closeInfo: \{\s+code: 4000,\s+reason: 'done',/u);
  });

  it('is shown so in the test kit, too', async () => {
    const { client } = fakeSocket({ url: 'ws://a.example/x?token=secret' });
    expect(inspect(client)).toMatch(/^ClientSocket \{\s+url: 'ws:\/\/a\.example\/x',\s+state: 'open',/u);
  });
});
