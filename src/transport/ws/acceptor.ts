// The upgrade: the part of the opening handshake that is left to `ws` once the
// server has judged the request. Answers with a WsTransport.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Server } from 'ws';
import { FramePool } from './frame-batch.ts';
import { WsOrderedSocket } from './ordered-socket.ts';
import { canUpgradeQuickly, claim, upgradeQuickly } from './quick-upgrade.ts';
import { WsTransport } from './transport.ts';
import { noop } from '../../core/noop.ts';

export interface WsAcceptorOptions {
  readonly maxMessageBytes: number;
  readonly compression: boolean;
  readonly closeTimeoutMs: number;
}

/** What node:http hands over. */
export interface UpgradeAtHand {
  readonly request: IncomingMessage;
  readonly stream: Duplex;
  /** What has come after the request. */
  readonly head: Buffer;
}

export interface UpgradeAnswer {
  readonly protocol: string;
  readonly headerLines: readonly string[];
}

/** What comes of one upgrade. */
export interface UpgradeOutcome {
  /** The 101 is on its way. Called before anything of the peer is delivered. */
  accepted(transport: WsTransport): void;
  /** `ws` does not like the request; nothing was answered yet. */
  refused(error: Error): void;
}

/** Upgrades judged requests. */
export class WsAcceptor {
  readonly #server: Server<typeof WsOrderedSocket>;
  readonly #pool = new FramePool();
  /** Whether there is nothing to agree on but a subprotocol. */
  readonly #isQuick: boolean;
  /** The subprotocol of the upgrade at hand; `ws` asks for it inside `accept`. */
  #protocol = '';
  /** Its further header lines. */
  #headerLines: readonly string[] = [];
  #outcome: UpgradeOutcome | undefined;

  constructor({ maxMessageBytes, compression, closeTimeoutMs }: WsAcceptorOptions) {
    const options = {
      // Its { server, path } mode answers 400 to every other WebSocket on that server.
      noServer: true,
      WebSocket: WsOrderedSocket,
      clientTracking: false,
      // WsOrderedSocket looks after them.
      maxPendingAutoPongs: 0,
      maxPayload: maxMessageBytes,
      perMessageDeflate: compression,
      // How long a peer may take to drop the link after the close frames; not yet in @types/ws.
      closeTimeout: closeTimeoutMs,
      handleProtocols: () => this.#protocol || false,
    } as const;
    this.#isQuick = !compression && canUpgradeQuickly();
    this.#server = new WebSocketServer(options);
    this.#server.on('headers', (lines: string[]) => void lines.push(...this.#headerLines));
    this.#server.on('wsClientError', (error: Error) => this.#outcome?.refused(error));
  }

  /**
   * Upgrades one request that keeps all rules of the opening handshake.
   *
   * A peer that has gone already is dropped, and nothing is called.
   *
   * @param answer - `protocol`: one that was offered, or ''; `headerLines`: further
   *   ones of the 101, without line ends in them.
   * @throws Error when the same stream was handed over before.
   */
  accept(
    { request, stream, head }: UpgradeAtHand,
    { protocol, headerLines }: UpgradeAnswer,
    outcome: UpgradeOutcome,
  ): void {
    claim(stream);
    const key = request.headers['sec-websocket-key'];
    if (this.#isQuick && protocol === '' && key !== undefined) {
      if (!stream.readable || !stream.writable) return drop(stream);
      const ws = upgradeQuickly(stream, head, { key, headerLines }, this.#server.options);
      return outcome.accepted(this.#transportOver(ws, stream));
    }
    this.#protocol = protocol;
    this.#headerLines = headerLines;
    this.#outcome = outcome;
    this.#server.handleUpgrade(request, stream, head, (ws) =>
      outcome.accepted(this.#transportOver(ws, stream)),
    );
    this.#outcome = undefined;
  }

  /** Bun has a `ws` of its own, which writes past the stream: frames of ours would overtake its own. */
  #transportOver(ws: WsOrderedSocket, stream: Duplex): WsTransport {
    const isBun = process.versions['bun'] !== undefined;
    return new WsTransport(ws, isBun ? undefined : { stream, pool: this.#pool });
  }
}

/** Its reset may not have been told yet, and nobody else listens. */
function drop(stream: Duplex): void {
  stream.on('error', noop);
  stream.destroy();
}
