// The opening handshake of a browser, over a scripted WebSocket, and once over the WebSocket that is
// global in Node.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { settle } from 'corosock/testing';
import { listen } from '../../fixtures/listening-server.ts';
import { connectInBrowser } from '../../../src/transport/browser/connector.ts';
import type { ConnectError } from '../../../src/core/errors.ts';
import { targetOf } from './browser-pair.ts';
import { ScriptedWebSocket } from './scripted-web-socket.ts';

/** Connects through a scripted WebSocket, and records the outcome. */
function connect(): {
  readonly ws: ScriptedWebSocket;
  readonly asked: readonly unknown[];
  readonly events: unknown[];
  readonly cancel: () => void;
} {
  const ws = new ScriptedWebSocket();
  const asked: unknown[] = [];
  const events: unknown[] = [];
  vi.stubGlobal('WebSocket', function WebSocket(...args: unknown[]): ScriptedWebSocket {
    asked.push(...args);
    return ws;
  });
  const cancel = connectInBrowser(targetOf(80, { url: new URL('ws://host/path?q'), protocols: ['a', 'b'] }), {
    opened: (transport) => events.push(['opened', transport.protocol]),
    failed: ({ status, message }) => events.push(['failed', status, message]),
  });
  return { ws, asked, events, cancel };
}

afterEach(() => vi.unstubAllGlobals());

const REFUSED = 'The handshake failed: the server refused or did not answer; a browser does not tell which';

describe('connectInBrowser', () => {
  it('passes the URL and the protocols', () => {
    expect(connect().asked).toEqual(['ws://host/path?q', ['a', 'b']]);
  });

  it('gives a transport once it is open, and calls nothing more', () => {
    const { ws, events } = connect();
    ws.opens();
    ws.ends(1006, { wasClean: false });
    expect(events).toEqual([['opened', 'chat']]);
  });

  it.each(['an error', 'a close', 'both'])(
    'fails once, without a status, which a page does not get: %s',
    (event) => {
      const { ws, events } = connect();
      if (event !== 'a close') ws.fails();
      if (event !== 'an error') ws.ends(1006, { wasClean: false });
      expect(events).toEqual([['failed', undefined, REFUSED]]);
    },
  );

  it.each(['opens', 'ends'] as const)('calls nothing after cancel, when the WebSocket %s', (event) => {
    const { ws, events, cancel } = connect();
    cancel();
    ws[event](1006);
    expect([events, ws.calls]).toEqual([[], [['close']]]);
  });

  it.each([false, true])(
    'fails, later, if the browser refuses to begin; not if it was cancelled: %s',
    async (cancelled) => {
      const cause = new Error('An insecure WebSocket connection may not be initiated');
      vi.stubGlobal('WebSocket', function WebSocket(): void {
        throw cause;
      });
      const errors: ConnectError[] = [];
      const cancel = connectInBrowser(targetOf(80), {
        opened: () => {},
        failed: (error) => errors.push(error),
      });
      expect(errors).toEqual([]);
      if (cancelled) cancel();
      await settle();
      expect(errors.map((error) => [error.status, error.cause])).toEqual(
        cancelled ? [] : [[undefined, cause]],
      );
    },
  );

  it('fails over the WebSocket of Node if a server refuses', async () => {
    await using http = await listen();
    http.server.on('upgrade', (_, stream) => stream.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    const error = await new Promise<ConnectError>((failed, reject) => {
      connectInBrowser(targetOf(http.port), { opened: reject, failed });
    });
    expect(error.message).toBe(REFUSED);
  });
});
