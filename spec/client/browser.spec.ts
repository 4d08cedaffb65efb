// The client of browsers, over a scripted WebSocket: which close codes its sockets take. What only a
// browser shows is in in-chromium.spec.ts.

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClientSocket } from 'corosock/client';
import { connect } from '../../src/client/browser.ts';
import { ScriptedWebSocket } from '../transport/browser/scripted-web-socket.ts';

async function setUp(): Promise<{ readonly ws: ScriptedWebSocket; readonly client: ClientSocket }> {
  const ws = new ScriptedWebSocket();
  vi.stubGlobal('WebSocket', function WebSocket(): ScriptedWebSocket {
    return ws;
  });
  const opening = connect('ws://localhost/');
  ws.opens();
  return { ws, client: await opening };
}

afterEach(() => void vi.unstubAllGlobals());

describe('a client in a browser', () => {
  it.each<[[code?: number, reason?: string], unknown[]]>([
    [[], ['close', 1000, '']],
    [
      [1000, 'bye'],
      ['close', 1000, 'bye'],
    ],
    [[4999], ['close', 4999, '']],
  ])('closes with the codes that a page may send: %j', async (args, call) => {
    const { ws, client } = await setUp();
    void client.close(...args);
    expect(ws.calls).toEqual([call]);
  });

  it.each<[code: unknown, shown: string]>([
    [1001, '1001'],
    [1008, '1008'],
    [1011, '1011'],
    [2999, '2999'],
    [5000, '5000'],
    ['1000', '"1000"'],
    [Object.create(null), 'an object'],
    [Symbol('code'), 'Symbol(code)'],
  ])('refuses %#, and stays open', async (code, shown) => {
    const { ws, client } = await setUp();
    await expect(client.close(code as number)).rejects.toMatchObject({
      code: 'COROSOCK_CLOSE_CODE',
      message: `ws.close(): expected a close code that a page may send, 1000 or 3000–4999, got ${shown}`,
    });
    expect([ws.calls, client.closeInfo]).toEqual([[], undefined]);
  });

  it('refuses a reason that is too long, like every socket', async () => {
    const { client } = await setUp();
    await expect(client.close(1000, 'x'.repeat(124))).rejects.toMatchObject({
      code: 'COROSOCK_CLOSE_REASON',
    });
  });
});
