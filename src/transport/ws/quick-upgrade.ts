// The 101 of an upgrade that negotiates no compression, as most do, and the WebSocket of `ws` that
// its stream may need afterwards. `acceptor.ts` calls it instead of the WebSocketServer of `ws`,
// which would check the request a second time, and whose hash object, with its native half, was a
// twentieth of the cost of a handshake.

import { hash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { WebSocket } from './library.ts';
import { CARRIES } from './inbound-stream.ts';
import type { CarryingStream } from './inbound-stream.ts';
import { WsOrderedSocket } from './ordered-socket.ts';

/** RFC 6455 §1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const NO_HEAD: Buffer = Buffer.alloc(0);

/** What `ws` calls behind its own 101. Its documentation does not have it. */
interface Settable {
  setSocket(stream: Duplex, head: Buffer, options: object): void;
}
const SETTABLE: Partial<Settable> = WebSocket.prototype as Partial<Settable>;
type SettableSocket = WsOrderedSocket & Settable;

/** Makes a server's WebSocket that has no stream yet. */
const StreamlessSocket = WsOrderedSocket as unknown as new (
  address: null,
  protocols: undefined,
  options: object,
) => SettableSocket;

/**
 * Finds the key by which `ws` marks a stream that carries a WebSocket: another WebSocketServer of
 * the same `ws` then refuses the stream, before it answers a second time.
 *
 * @returns Undefined for a `ws` that is not as version 8, as Bun's own: nothing can be quick then.
 */
export function markOfWs(): symbol | undefined {
  if (SETTABLE.setSocket?.length !== 3) return undefined;
  const stream = new EventEmitter() as Duplex;
  startWebSocket(stream, {});
  return marksOf(stream)[0];
}

/**
 * Marks a stream as one that carries a WebSocket.
 *
 * @throws Error if it carries one already, also one of another `ws`.
 */
export function claim(stream: Duplex): void {
  const { [CARRIES]: receiver }: CarryingStream = stream;
  if (receiver !== undefined || hasWebSocket(stream))
    throw new Error('A stream was handed over more than once');
  (stream as CarryingStream)[CARRIES] = true;
}

/**
 * Looks for the mark of any `ws`: a symbol of this name, another one in each copy of `ws`. Looking
 * costs a microsecond, so a stream without a listener is passed over: a WebSocket would listen.
 */
function hasWebSocket(stream: Duplex): boolean {
  if (stream.listenerCount('data') === 0) return false;
  return marksOf(stream).length > 0;
}

function marksOf(stream: Duplex): readonly symbol[] {
  return Object.getOwnPropertySymbols(stream).filter(({ description }) => description === 'websocket');
}

/** What the 101 is made of. */
interface QuickAnswer {
  /** The `Sec-WebSocket-Key`, checked. */
  readonly key: string;
  /** One of the subprotocols offered, or ''. */
  readonly protocol: string;
  readonly headerLines: readonly string[];
}

/** Answers 101. */
export function answerQuickly(stream: Duplex, { key, protocol, headerLines }: QuickAnswer): void {
  const accept = hash('sha1', key + ACCEPT_GUID, 'base64');
  const chosen = protocol === '' ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  const further = headerLines.length === 0 ? '' : `${headerLines.join('\r\n')}\r\n`;
  stream.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${chosen}${further}\r\n`,
    'latin1',
  );
}

/**
 * Makes a WebSocket that listens to a stream whose upgrade was answered.
 *
 * @param options - Those of the WebSocketServer that would have answered.
 */
export function startWebSocket(stream: Duplex, options: object): WsOrderedSocket {
  const ws = new StreamlessSocket(null, undefined, options);
  ws.setSocket(stream, NO_HEAD, options);
  return ws;
}
