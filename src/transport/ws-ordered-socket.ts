// The WebSocket of `ws` on a server, which answers pings and close frames by
// itself: here it lets the frames that still wait for the end of the turn go
// first. WsAcceptor has it made; WsTransport gives it the batch.

import { WebSocket } from 'ws';
import type { FrameBatch } from './frame-batch.ts';

/** A WebSocket whose control frames overtake nothing. */
export class WsOrderedSocket extends WebSocket {
  /** What was sent in this turn; undefined until something was. */
  batch: FrameBatch | undefined;

  override close(code?: number, data?: string | Buffer): void {
    this.batch?.flush();
    super.close(code, data);
  }

  override pong(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void {
    this.batch?.flush();
    super.pong(data, mask, callback);
  }
}
