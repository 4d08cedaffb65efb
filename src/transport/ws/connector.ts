// The client's opening handshake in Node, made by `ws`. Answers with a WsTransport,
// before anything that the server has sent is read.

import { WebSocket } from 'ws';
import type { LinkOutcome, LinkTarget } from '../connector.ts';
import { WsTransport } from './transport.ts';
import type { FrameOutlet } from './transport.ts';
import { ConnectError } from '../../core/errors.ts';
import { noop } from '../../core/noop.ts';

/** Opens a link over a WebSocket of `ws`; a {@link Connector}. */
export function connectWs(target: LinkTarget, outcome: LinkOutcome): () => void {
  const ws = openWebSocket(target);
  const leave = (): void => {
    ws.removeAllListeners();
    // What it says of its own end, and of ours, is said already.
    ws.on('error', noop);
  };
  const cancel = (): void => {
    leave();
    ws.terminate();
  };
  const fail = (error: ConnectError): void => {
    cancel();
    outcome.failed(error);
  };
  let outlet: FrameOutlet | undefined;
  ws.on('upgrade', ({ socket }) => {
    outlet = { stream: socket, pool: undefined };
  });
  ws.on('open', () => {
    ws.removeAllListeners();
    outcome.opened(new WsTransport(ws, outlet));
  });
  ws.on('unexpected-response', (_, response) => fail(new ConnectError(response.statusCode)));
  ws.on('error', (cause) => fail(new ConnectError(undefined, { problem: problemOf(cause), cause })));
  return cancel;
}

function openWebSocket(target: LinkTarget): WebSocket {
  const options = {
    headers: target.headers,
    perMessageDeflate: target.compression,
    maxPayload: target.maxMessageBytes,
    followRedirects: false,
    // How long the server may take to drop the link after the close frames; not yet in @types/ws.
    closeTimeout: target.closeTimeoutMs,
  } as const;
  return new WebSocket(target.url, [...target.protocols], options);
}

/** Says what an error is about: several attempts that failed together have no message of their own. */
export function problemOf(error: Error): string {
  if (error.message !== '') return error.message;
  return 'code' in error ? String(error.code) : error.name;
}
