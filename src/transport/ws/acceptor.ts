// The 101 for a request that the server has checked, and the transport over its stream.
// `server/upgrade.ts` calls it. Most upgrades take the short way of `quick-upgrade.ts`: `ws` begins
// to listen to such a stream when it is needed (`late-socket.ts`). Those with compression take the
// way of `ws`.

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isOwnOfBun, WebSocketServer } from './library.ts';
import type { Server } from 'ws';
import { keepCloseTimerOn } from './close-timer.ts';
import { DeflateContexts, deflateOptions, Deflation } from './deflation.ts';
import { FramePool } from './frame-batch.ts';
import { InboundStreams, NO_LANE } from './inbound-stream.ts';
import { WsOrderedSocket } from './ordered-socket.ts';
import { LateSocket } from './late-socket.ts';
import type { WebSocketMaker } from './late-socket.ts';
import { answerQuickly, claim, markOfWs, startWebSocket } from './quick-upgrade.ts';
import { WsTransport } from './transport.ts';
import type { Compression } from '../../core/compression.ts';
import { noop } from '../../core/noop.ts';
import type { Clock } from '../../time/clock.ts';

export interface WsAcceptorOptions {
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
  /** Undefined for none. */
  readonly compression: Compression | undefined;
  readonly closeTimeoutMs: number;
  readonly clock: Clock;
  /** Whether messages may go past `ws`. Default true; specs compare both ways. */
  readonly hasLane?: boolean;
}

/** One 'upgrade' event of node:http. */
export interface UpgradeEvent {
  readonly request: IncomingMessage;
  readonly stream: Duplex;
  /** Bytes that arrived behind the request. */
  readonly head: Buffer;
}

export interface UpgradeAnswer {
  /** One of the subprotocols offered, or ''. */
  readonly protocol: string;
  /** Further header lines of the 101, without line ends. */
  readonly headerLines: readonly string[];
}

/** Accepts upgrades. One for each host. */
export class WsAcceptor implements WebSocketMaker {
  readonly #server: Server<typeof WsOrderedSocket>;
  readonly #pool = new FramePool();
  readonly inbound: InboundStreams;
  readonly #contexts: DeflateContexts;
  readonly #clock: Clock;
  /**
   * The key by which `ws` marks a stream, where a subprotocol is all that can be negotiated, and
   * `ws` is as we know it.
   */
  readonly #mark: symbol | undefined;
  readonly #isOwnOfBun = isOwnOfBun();
  /** The subprotocol of this upgrade; `ws` asks for it inside `accept`. */
  #protocol = '';
  /** The further header lines of this upgrade. */
  #headerLines: readonly string[] = [];
  /** What `ws` made of this upgrade. */
  #outcome: WsTransport | Error | undefined;

  constructor({
    maxMessageBytes,
    maxFragments,
    compression,
    closeTimeoutMs,
    clock,
    hasLane,
  }: WsAcceptorOptions) {
    const options = {
      // Its { server, path } mode answers 400 to every other WebSocket on that server.
      noServer: true,
      WebSocket: WsOrderedSocket,
      clientTracking: false,
      // WsOrderedSocket bounds the pongs.
      maxPendingAutoPongs: 0,
      maxPayload: maxMessageBytes,
      maxFragments,
      perMessageDeflate: deflateOptions(compression),
      // How long a peer may take to drop the link after the close frames; not yet in @types/ws.
      closeTimeout: closeTimeoutMs,
      handleProtocols: () => this.#protocol || false,
    } as const;
    this.#clock = clock;
    this.inbound = new InboundStreams(hasLane === false ? NO_LANE : maxMessageBytes);
    this.#contexts = new DeflateContexts(clock, compression);
    this.#mark = compression === undefined && !this.#isOwnOfBun ? markOfWs() : undefined;
    this.#server = new WebSocketServer(options);
    this.#server.on('headers', (lines: string[]) => void lines.push(...this.#headerLines));
    this.#server.on('wsClientError', (error: Error) => {
      this.#outcome = error;
    });
  }

  /**
   * Answers 101 to a request that keeps all rules of the opening handshake.
   *
   * @returns A transport, before any message of the peer is delivered; the error of `ws` if it
   *   refuses the request, which is then not answered; undefined if the peer has already
   *   disconnected: its stream is then destroyed.
   * @throws Error if the same stream was accepted before.
   */
  accept(
    { request, stream, head }: UpgradeEvent,
    { protocol, headerLines }: UpgradeAnswer,
  ): WsTransport | Error | undefined {
    claim(stream);
    const key = request.headers['sec-websocket-key'];
    if (this.#mark !== undefined && key !== undefined) {
      if (!stream.readable || !stream.writable) return drop(stream);
      Reflect.set(stream, this.#mark, true);
      answerQuickly(stream, { key, protocol, headerLines });
      return this.#lateTransport(stream, head, protocol);
    }
    this.#protocol = protocol;
    this.#headerLines = headerLines;
    this.#outcome = undefined;
    this.#server.handleUpgrade(request, stream, head, (ws) => {
      this.#outcome = this.#transportOver(ws, stream);
    });
    return this.#outcome;
  }

  #transportOver(ws: WsOrderedSocket, stream: Duplex): WsTransport {
    // Bun's own `ws` writes past the stream: frames of ours would overtake its own.
    if (this.#isOwnOfBun) return new WsTransport(ws);
    this.inbound.divert(stream);
    const deflation = ws.extensions === '' ? undefined : new Deflation(ws, stream, this.#contexts);
    const transport = new WsTransport(ws, stream, { pool: this.#pool, deflation });
    this.inbound.carry(stream, transport);
    keepCloseTimerOn(this.#clock, ws, stream);
    return transport;
  }

  /** A transport over a stream to which `ws` does not listen yet. */
  #lateTransport(stream: Duplex, head: Buffer, protocol: string): WsTransport {
    const late = new LateSocket(stream, protocol, this);
    const transport = new WsTransport(late, stream, { pool: this.#pool });
    // Node's server has set it for requests.
    (stream as Partial<Socket>).setTimeout?.(0);
    (stream as Partial<Socket>).setNoDelay?.();
    if (head.length > 0) stream.unshift(head);
    late.listen();
    this.inbound.carry(stream, transport);
    // Without a lane `ws` gets all bytes.
    if (this.inbound.longestInLane === NO_LANE) late.make();
    return transport;
  }

  webSocketOn(stream: Duplex): WsOrderedSocket {
    const ws = startWebSocket(stream, this.#server.options);
    this.inbound.divert(stream);
    keepCloseTimerOn(this.#clock, ws, stream);
    return ws;
  }
}

/** Destroys a stream. Its reset may still have to be reported, and no other listener is there. */
function drop(stream: Duplex): undefined {
  stream.on('error', noop);
  stream.destroy();
}
