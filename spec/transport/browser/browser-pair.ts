// A link over loopback for the contract: a server's WsTransport, and a BrowserTransport over the
// WebSocket that is global in Node (undici's).

import type { LinkTarget } from '../../../src/transport/connector.ts';
import { connectInBrowser } from '../../../src/transport/browser/connector.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import type { TransportPair } from '../../../src/testing/contracts/link-check.ts';
import { realClock } from '../../../src/time/real-clock.ts';
import { acceptOne, MAX_MESSAGE_BYTES } from '../ws/ws-pair.ts';
import { once } from 'node:events';

export function targetOf(port: number, changes: Partial<LinkTarget> = {}): LinkTarget {
  return {
    url: new URL(`ws://127.0.0.1:${port}`),
    protocols: [],
    headers: {},
    compression: undefined,
    maxFragments: 16_384,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    closeTimeoutMs: 5000,
    clock: realClock,
    ...changes,
  };
}

/** Makes a link as the contract needs it. */
export async function browserPair(near: 'server' | 'browser'): Promise<TransportPair> {
  const { http, port, accepted } = await acceptOne(false);
  const opened = new Promise<Transport>((resolve, reject) => {
    connectInBrowser(targetOf(port), { opened: resolve, failed: reject });
  });
  const [server, browser] = await Promise.all([accepted, opened]);
  const [nearEnd, farEnd] = near === 'server' ? [server, browser] : [browser, server];
  return {
    near: nearEnd,
    far: farEnd,
    farMaxMessageBytes: MAX_MESSAGE_BYTES,
    async [Symbol.asyncDispose]() {
      browser.terminate();
      server.terminate();
      http.close();
      await once(http, 'close');
    },
  };
}
