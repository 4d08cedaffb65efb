// The WebSocket of `ws` on both ends. `ws` answers pings and close frames by itself. Here frames
// that wait for the end of the turn go first, the transport says when a close frame is answered,
// and a peer that asks for pongs and does not read them is ended. WsAcceptor and connector.ts have
// it made.

import { WebSocket } from './library.ts';
import type { FrameBatch } from './frame-batch.ts';
import { TOO_MANY_PINGS } from './violation.ts';

/**
 * Most pongs to a peer that are not flushed: a peer with more does not read. Of the pings of one
 * chunk that exceed it, the last is answered.
 *
 * @limit Pongs that a peer has asked for and not read | close 1008
 */
const MAX_UNFLUSHED_PONGS = 256;

/** The transport, as its WebSocket sees it; an interface, because the transport imports this. */
export interface OrderedTransport {
  /** The frames of this turn; undefined until the first message, and on a client. */
  readonly outlet: FrameBatch | undefined;
  /** The peer has sent a close frame. The transport answers it when it is time. */
  webSocketOnPeerClose(answer: () => void): void;
  webSocketOnMessage(data: Buffer, isBinary: boolean): void;
  webSocketOnError(error: Error): void;
  /** @param code - 1006 where no close frame has come. */
  webSocketOnClose(code: number, reason: Buffer): void;
}

/**
 * Leads from a WebSocket to its transport: all transports share one listener for each event. Three
 * closures would take 195 bytes more of an idle socket (row: idle socket).
 */
const TRANSPORT: unique symbol = Symbol('transport');
type JoinedWebSocket = WebSocket & { [TRANSPORT]: OrderedTransport };

/** Has a transport hear of the events of its WebSocket. */
export function joinTransport(ws: WebSocket, transport: OrderedTransport): void {
  (ws as JoinedWebSocket)[TRANSPORT] = transport;
  ws.on('message', webSocketOnMessage);
  ws.on('error', webSocketOnError);
  ws.on('close', webSocketOnClose);
}

function webSocketOnMessage(this: WebSocket, data: Buffer, isBinary: boolean): void {
  (this as JoinedWebSocket)[TRANSPORT].webSocketOnMessage(data, isBinary);
}

function webSocketOnError(this: WebSocket, error: Error): void {
  (this as JoinedWebSocket)[TRANSPORT].webSocketOnError(error);
}

function webSocketOnClose(this: WebSocket, code: number, reason: Buffer): void {
  (this as JoinedWebSocket)[TRANSPORT].webSocketOnClose(code, reason);
}

/** A WebSocket whose control frames overtake nothing. */
export class WsOrderedSocket extends WebSocket {
  /** Answers to pings that are not flushed yet. */
  #unflushedPongs = 0;
  #onPongFlushed: (() => void) | undefined;
  /** The last ping received while too many pongs were unflushed (RFC 6455 §5.5.3). */
  #lastPing: Uint8Array | undefined;

  /**
   * `ws` calls it for the peer's close frame: with a reason as bytes, or without a code. It gives
   * no reason for a broken rule, and ours is text.
   */
  override close(code?: number, data?: string | Buffer): void {
    const isAnswer = code === undefined || Buffer.isBuffer(data);
    const transport = this.#transport;
    if (!isAnswer || transport === undefined || this.readyState !== this.OPEN) {
      return this.#close(code, data);
    }
    // A copy: the reason is a view on a chunk of 64 KiB.
    const reason = data === undefined ? undefined : Buffer.from(data);
    transport.webSocketOnPeerClose(() => this.#close(code, reason));
  }

  override ping(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void {
    this.#transport?.outlet?.flush();
    super.ping(data, mask, callback);
  }

  /** @param callback - Given by `ws` for the answer to a ping, and by no other caller. */
  override pong(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void {
    if (callback !== undefined) return this.#answer(new Uint8Array(data as Buffer));
    this.#transport?.outlet?.flush();
    super.pong(data, mask);
  }

  /** Undefined until the handshake is over. */
  get #transport(): OrderedTransport | undefined {
    return (this as { readonly [TRANSPORT]?: OrderedTransport })[TRANSPORT];
  }

  #close(code: number | undefined, data: string | Buffer | undefined): void {
    this.#transport?.outlet?.flush();
    super.close(code, data);
  }

  /**
   * Answers a ping. The pongs for one chunk are flushed after it: of a chunk full of pings, the
   * first {@link MAX_UNFLUSHED_PONGS} are answered, and the last.
   *
   * @param ping - A copy: what came is a view on a chunk of up to 64 KiB, and the pong may wait.
   */
  #answer(ping: Uint8Array): void {
    if (this.#unflushedPongs < MAX_UNFLUSHED_PONGS) return this.#sendPong(ping);
    if (this.bufferedAmount > 0) return this.#endAbovePongLimit();
    this.#lastPing = ping;
  }

  #sendPong(ping: Uint8Array): void {
    this.#transport?.outlet?.flush();
    this.#unflushedPongs += 1;
    this.#onPongFlushed ??= () => {
      this.#unflushedPongs -= 1;
      const last = this.#lastPing;
      if (last === undefined || this.readyState !== this.OPEN) return;
      this.#lastPing = undefined;
      this.#sendPong(last);
    };
    super.pong(ping, undefined, this.#onPongFlushed);
  }

  /** Ends the link without a close frame, which the peer would not read either. */
  #endAbovePongLimit(): void {
    const error = new RangeError(
      `The peer asked for pongs, and has not read more than ${MAX_UNFLUSHED_PONGS} of them`,
    );
    this.emit('error', Object.assign(error, { code: TOO_MANY_PINGS }));
    this.terminate();
  }
}

/** RFC 6455 §5.2. */
const SHORTEST_HEADER_BYTES = 2;

/** Counts what `ws` makes of chunks, where neither they nor their bytes are seen. */
export function countFrames(ws: WebSocket, add: (bytes: number) => void): void {
  const count = ({ length }: Buffer): void => add(length + SHORTEST_HEADER_BYTES);
  for (const event of ['message', 'ping', 'pong'] as const) ws.on(event, count);
}
