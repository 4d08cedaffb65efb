// The 101 of an upgrade that agrees on nothing, which most do: no subprotocol, no
// compression. What `ws` would judge again has been judged, and its hash, made step
// by step by an object with a native half, was a twentieth of what a handshake costs.

import { hash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { WsOrderedSocket } from './ordered-socket.ts';

/** RFC 6455 §1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A stream that carries a WebSocket already. */
const UPGRADED = Symbol('upgraded');
type UpgradableStream = Duplex & { [UPGRADED]?: true };

/** What `ws` does by itself behind its own 101; it is not in its documentation. */
interface Settable {
  setSocket(stream: Duplex, head: Buffer, options: object): void;
}
const SETTABLE: Partial<Settable> = WebSocket.prototype as Partial<Settable>;
type SettableSocket = WsOrderedSocket & Settable;

/** A WebSocket of a server, on no stream yet. */
const OnNoStream = WsOrderedSocket as unknown as new (
  address: null,
  protocols: undefined,
  options: object,
) => SettableSocket;

/** Whether this `ws` is put on a stream as it has been since its version 8. Bun's own is not. */
export function canUpgradeQuickly(): boolean {
  return typeof SETTABLE.setSocket === 'function' && SETTABLE.setSocket.length === 3;
}

/**
 * Marks a stream as one that carries a WebSocket.
 *
 * @throws Error when it did before, also one that another `ws` has put there.
 */
export function claim(stream: Duplex): void {
  const { [UPGRADED]: isUpgraded }: UpgradableStream = stream;
  if (isUpgraded === true || isTaken(stream)) throw new Error('A stream was handed over more than once');
  (stream as UpgradableStream)[UPGRADED] = true;
}

/** Every `ws` has a mark of its own, under this name; looking for it costs a microsecond, and who has put it there listens. */
function isTaken(stream: Duplex): boolean {
  if (stream.listenerCount('data') === 0) return false;
  return Object.getOwnPropertySymbols(stream).some(({ description }) => description === 'websocket');
}

/**
 * Answers 101 and puts a WebSocket on the stream.
 *
 * @param key - The `Sec-WebSocket-Key`, judged.
 * @param options - Those of the WebSocketServer whose part this takes.
 */
export function upgradeQuickly(
  stream: Duplex,
  head: Buffer,
  { key, headerLines }: { readonly key: string; readonly headerLines: readonly string[] },
  options: object,
): WsOrderedSocket {
  const accept = hash('sha1', key + ACCEPT_GUID, 'base64');
  const further = headerLines.length === 0 ? '' : `${headerLines.join('\r\n')}\r\n`;
  const ws = new OnNoStream(null, undefined, options);
  stream.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${further}\r\n`,
  );
  ws.setSocket(stream, head, options);
  return ws;
}
