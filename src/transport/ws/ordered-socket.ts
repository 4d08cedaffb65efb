// The WebSocket of `ws` on a server, which answers pings and close frames by
// itself: here it lets the frames that still wait for the end of the turn go
// first, and finds out a peer that asks for pongs and does not read them.
// WsAcceptor has it made; WsTransport gives it the batch.

import { WebSocket } from 'ws';
import type { FrameBatch } from './frame-batch.ts';
import { TOO_MANY_PINGS } from './violation.ts';

/**
 * Most pongs that a peer has not taken: a peer with more does not read. Of the pings of one chunk
 * that exceed it, the last is answered.
 */
const MAX_UNFLUSHED_PONGS = 256;

/** A WebSocket whose control frames overtake nothing. */
export class WsOrderedSocket extends WebSocket {
  /** What was sent in this turn; undefined until something was. */
  batch: FrameBatch | undefined;
  /** Answers to pings that have not been taken yet. */
  #unflushedPongs = 0;
  #onPongTaken: (() => void) | undefined;
  /** A ping that came when there were too many to answer each (RFC 6455 §5.5.3). */
  #lastPing: Buffer | undefined;

  override close(code?: number, data?: string | Buffer): void {
    this.batch?.flush();
    super.close(code, data);
  }

  override ping(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void {
    this.batch?.flush();
    super.ping(data, mask, callback);
  }

  /** @param callback - `ws` gives one for the answer to a ping, and nobody else does. */
  override pong(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void {
    if (callback !== undefined) return this.#answer(data as Buffer);
    this.batch?.flush();
    super.pong(data, mask);
  }

  /** Of a chunk full of pings, whose pongs are taken once it is over, some are answered, and the last. */
  #answer(ping: Buffer): void {
    if (this.#unflushedPongs < MAX_UNFLUSHED_PONGS) return this.#sendPong(ping);
    if (this.bufferedAmount > 0) return this.#giveUp();
    this.#lastPing = ping;
  }

  #sendPong(ping: Buffer): void {
    this.batch?.flush();
    this.#unflushedPongs += 1;
    this.#onPongTaken ??= () => {
      this.#unflushedPongs -= 1;
      const last = this.#lastPing;
      if (last === undefined || this.readyState !== this.OPEN) return;
      this.#lastPing = undefined;
      this.#sendPong(last);
    };
    super.pong(ping, undefined, this.#onPongTaken);
  }

  /** It would not read a close frame either. */
  #giveUp(): void {
    const error = new RangeError(
      `More than ${MAX_UNFLUSHED_PONGS} pongs were not read by who asked for them`,
    );
    this.emit('error', Object.assign(error, { code: TOO_MANY_PINGS }));
    this.terminate();
  }
}
