// The WebSocket of `ws` on a server's stream, which is made when something comes that only `ws` can
// do: a close frame, a ping of the peer, a fragment, what breaks a rule, a pause, or an end of our
// own. Most links end without (row: handshakes to a handler), and idle ones keep none: the
// heartbeat's pings are written here. acceptor.ts makes one of these for each stream without an
// extension, WsTransport asks it, and `ws` works on the stream from then on.

import type { Duplex } from 'node:stream';
import { CARRIES } from './inbound-stream.ts';
import type { CarryingStream, ChunkReceiver, InboundStreams } from './inbound-stream.ts';
import type { WebSocket } from './library.ts';
import { joinTransport } from './ordered-socket.ts';
import type { OrderedTransport, WsOrderedSocket } from './ordered-socket.ts';

/** Values of `readyState`. */
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** The code of a link that ends without a close frame. */
const NO_CLOSE_FRAME = 1006;
const NO_REASON: Buffer = Buffer.alloc(0);
/** The frame of a ping without bytes (RFC 6455 §5.5.2). */
const PING: Buffer = Buffer.of(0x89, 0);

/** Makes the WebSockets of a host. */
export interface WebSocketMaker {
  /** The listeners of `ws`, once it has listened to a stream. */
  readonly inbound: Pick<InboundStreams, 'onEnd' | 'onClose'>;
  /** Has `ws` listen to a stream. */
  webSocketOn(stream: Duplex): WsOrderedSocket;
}

/** The transport of a stream, as its late WebSocket sees it. */
export interface LateTransport extends ChunkReceiver, OrderedTransport {
  readonly late: Pick<LateSocket, 'streamOnEnd' | 'streamOnError' | 'streamOnClose'>;
}

/** Is asked in the place of a WebSocket, and makes it when it is needed. */
export class LateSocket {
  readonly protocol: string;
  readonly #maker: WebSocketMaker;
  readonly #stream: CarryingStream;
  #ws: WsOrderedSocket | undefined;
  /** Counts until the WebSocket is made. */
  #readyState: WebSocket['readyState'] = OPEN;

  constructor(stream: Duplex, protocol: string, maker: WebSocketMaker) {
    this.protocol = protocol;
    this.#stream = stream;
    this.#maker = maker;
  }

  get extensions(): string {
    return '';
  }

  get OPEN(): typeof OPEN {
    return OPEN;
  }

  get CLOSED(): typeof CLOSED {
    return CLOSED;
  }

  get readyState(): WebSocket['readyState'] {
    return this.#ws?.readyState ?? this.#readyState;
  }

  get bufferedAmount(): number {
    return this.#ws?.bufferedAmount ?? this.#stream.writableLength;
  }

  get isPaused(): boolean {
    return this.#ws?.isPaused === true;
  }

  get isMade(): boolean {
    return this.#ws !== undefined;
  }

  /** Makes it once, also where the link ends: `ws` then reads what the stream still has. */
  make(): WsOrderedSocket {
    return (this.#ws ??= this.#start());
  }

  on(event: 'ping' | 'pong', listener: (data: Buffer) => void): void {
    if (this.#isUsable) this.make().on(event, listener);
  }

  pause(): void {
    if (this.#isUsable) this.make().pause();
  }

  resume(): void {
    this.#ws?.resume();
  }

  /** A ping without bytes needs no WebSocket. */
  ping(data: Uint8Array | undefined): void {
    if (data !== undefined || this.#ws !== undefined) return this.make().ping(data);
    transportOf(this.#stream).outlet?.flush();
    this.#stream.write(PING);
  }

  pong(data: Uint8Array | undefined): void {
    this.make().pong(data);
  }

  terminate(): void {
    if (this.#isUsable) this.make().terminate();
    else this.#stream.destroy();
  }

  /** Hears of the end of the stream, until the WebSocket is made and does. */
  listen(): void {
    const stream = this.#stream;
    stream.on('close', streamOnClose);
    stream.on('end', streamOnEnd);
    stream.on('error', streamOnError);
  }

  // Called by the stream. Where the WebSocket was made inside of the same event, by a listener
  // before ours, `ws` hears of the event by us.

  streamOnEnd(): void {
    if (this.#ws !== undefined) return this.#maker.inbound.onEnd.call(this.#stream);
    this.#readyState = CLOSING;
    this.#stream.end();
  }

  streamOnError(): void {
    // It may come behind the close.
    if (this.#readyState === OPEN) this.#readyState = CLOSING;
    this.#stream.destroy();
  }

  streamOnClose(): void {
    const stream = this.#stream;
    if (this.#ws === undefined && stream.readableLength === 0) {
      this.#readyState = CLOSED;
      return transportOf(stream).webSocketOnClose(NO_CLOSE_FRAME, NO_REASON);
    }
    // `ws` delivers what the stream has not given.
    this.make();
    this.#maker.inbound.onClose.call(stream);
  }

  /** Whether `ws` is there, or can still do something. */
  get #isUsable(): boolean {
    return this.#ws !== undefined || this.#readyState === OPEN;
  }

  #start(): WsOrderedSocket {
    const stream = this.#stream;
    stream.off('close', streamOnClose);
    stream.off('end', streamOnEnd);
    stream.off('error', streamOnError);
    const ws = this.#maker.webSocketOn(stream);
    joinTransport(ws, transportOf(stream));
    return ws;
  }
}

function transportOf(stream: CarryingStream): LateTransport {
  return stream[CARRIES] as LateTransport;
}

function streamOnEnd(this: Duplex): void {
  transportOf(this).late.streamOnEnd();
}

function streamOnError(this: Duplex): void {
  transportOf(this).late.streamOnError();
}

function streamOnClose(this: Duplex): void {
  transportOf(this).late.streamOnClose();
}
