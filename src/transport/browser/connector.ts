// The Connector port in browsers: the browser makes the opening handshake, and tells the page
// neither the status of an answer nor why there was none. `client/browser.ts` uses it.

import type { LinkOutcome, LinkTarget } from '../connector.ts';
import { BrowserTransport } from './transport.ts';
import type { BrowserWebSocket } from './web-socket.ts';
import { ConnectError } from '../../core/errors.ts';

const UNKNOWN = 'the server refused or did not answer; a browser does not tell which';

/** Opens a link over a browser's WebSocket; a {@link Connector} without headers and compression. */
export function connectInBrowser(target: LinkTarget, outcome: LinkOutcome): () => undefined {
  let isOver = false;
  const fail = (error: ConnectError): void => {
    if (isOver) return;
    isOver = true;
    outcome.failed(error);
  };
  const ws = openWebSocket(target, (cause) => {
    queueMicrotask(() => fail(new ConnectError(undefined, { problem: String(cause), cause })));
  });
  ws?.addEventListener('open', () => {
    if (isOver) return;
    isOver = true;
    outcome.opened(new BrowserTransport(ws, target));
  });
  const refuse = (): void => fail(new ConnectError(undefined, { problem: UNKNOWN }));
  ws?.addEventListener('error', refuse);
  // It follows an `error`, if there is one. Node 20 has `error` alone.
  ws?.addEventListener('close', refuse);
  return (): undefined => {
    isOver = true;
    ws?.close();
  };
}

/** Calls `onRefused` if the browser throws: a page of https: may not connect to a `ws:` URL. */
function openWebSocket(
  { url, protocols }: LinkTarget,
  onRefused: (cause: unknown) => void,
): BrowserWebSocket | undefined {
  const { WebSocket } = globalThis as unknown as {
    readonly WebSocket: new (url: string, protocols: readonly string[]) => BrowserWebSocket;
  };
  try {
    return new WebSocket(url.href, protocols);
  } catch (cause) {
    onRefused(cause);
    return undefined;
  }
}
