// The Connector port in Node: the client's opening handshake, made by `ws`. `client/index.ts` uses
// it and gets a WsTransport before any message of the server is delivered. What a server answers
// in place of 101 is refused-answer.ts's.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClientOptions } from 'ws';
import type { LinkOutcome, LinkTarget } from '../connector.ts';
import { keepCloseTimerOn } from './close-timer.ts';
import { DeflateContexts, Deflation, deflateOptions } from './deflation.ts';
import { WsOrderedSocket } from './ordered-socket.ts';
import { brokenUpgrade, readRefusal } from './refused-answer.ts';
import { WsTransport } from './transport.ts';
import { ConnectError } from '../../core/errors.ts';
import { noop } from '../../core/noop.ts';

/** Opens a link over a WebSocket of `ws`; a {@link Connector}. */
export function connectWs(target: LinkTarget, outcome: LinkOutcome): () => ConnectError | undefined {
  const ws = openWebSocket(target);
  let refusal: (() => ConnectError) | undefined;
  let isOver = false;
  const cancel = (): ConnectError | undefined => {
    isOver = true;
    ws.removeAllListeners();
    // `ws` reports our own `terminate` as an error. The outcome is known already.
    ws.on('error', noop);
    ws.terminate();
    return refusal?.();
  };
  const fail = (error: ConnectError): void => {
    if (isOver) return;
    cancel();
    outcome.failed(error);
  };
  let stream: Duplex | undefined;
  let upgrade: IncomingMessage | undefined;
  ws.on('upgrade', (answer: IncomingMessage) => {
    upgrade = answer;
    // Bun's own `ws` tells no stream.
    stream = (answer.socket as Duplex | null) ?? undefined;
  });
  ws.on('open', () => {
    ws.removeAllListeners();
    keepCloseTimerOn(target.clock, ws, stream);
    outcome.opened(new WsTransport(ws, stream, { deflation: deflationOf(ws, stream, target) }));
  });
  ws.on('unexpected-response', (_, response) => {
    const read = readRefusal(response, target.clock, () => fail(read()));
    refusal = read;
  });
  ws.on('error', (cause) => {
    if (upgrade !== undefined) return fail(brokenUpgrade(upgrade, cause));
    fail(new ConnectError(undefined, { problem: problemOf(cause), cause }));
  });
  return cancel;
}

/**
 * Gives what inflates nothing while the link is paused; undefined without compression. It releases
 * no context: the server may refer to earlier messages, also where it was asked not to.
 */
function deflationOf(
  ws: WsOrderedSocket,
  stream: Duplex | undefined,
  { clock, compression }: LinkTarget,
): Deflation | undefined {
  if (ws.extensions === '' || compression === undefined || stream === undefined) return undefined;
  return new Deflation(ws, stream, new DeflateContexts(clock, { ...compression, contextTakeover: true }));
}

function openWebSocket(target: LinkTarget): WsOrderedSocket {
  const options = {
    ...target.tls,
    agent: target.agent,
    headers: target.headers,
    perMessageDeflate: deflateOptions(target.compression),
    maxPayload: target.maxMessageBytes,
    maxFragments: target.maxFragments,
    // WsOrderedSocket bounds the pongs. `ws` would drop the link at 60; not yet in @types/ws.
    maxPendingAutoPongs: 0,
    followRedirects: false,
    // How long the server may take to drop the link after the close frames; not yet in @types/ws.
    closeTimeout: target.closeTimeoutMs,
  } as const;
  return new WsOrderedSocket(target.url, [...target.protocols], options as ClientOptions);
}

/**
 * Says what went wrong: the message of an error, else its code or name. An AggregateError of
 * several attempts has no message.
 */
export function problemOf(error: Error): string {
  if (error.message !== '') return error.message;
  return 'code' in error ? String(error.code) : error.name;
}
