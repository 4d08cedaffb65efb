// The stream of an upgrade while its hook decides. What the client sends
// meanwhile is kept for the first read (I8), and its leaving is noticed.

import type { Duplex } from 'node:stream';
import type { HandshakeDeadline } from './handshake-deadline.ts';

/** What a client may send before its hook has decided. The rest waits in its TCP window. */
export const EARLY_BYTES = 16_384;

/** Keeps what arrives early, and ends the deadline when the client leaves. */
export class EarlyData {
  readonly #stream: Duplex;
  readonly #deadline: HandshakeDeadline;
  readonly #chunks: Buffer[];
  #bytes: number;

  constructor(stream: Duplex, head: Buffer, deadline: HandshakeDeadline) {
    this.#stream = stream;
    this.#deadline = deadline;
    this.#chunks = [head];
    this.#bytes = head.byteLength;
    stream.on('data', this.#streamOnData);
    stream.on('end', this.#streamOnGone);
    stream.on('close', this.#streamOnGone);
    if (stream.destroyed) deadline.end('gone');
  }

  /** Lets go of the stream, which stands still. @returns All that has arrived. */
  release(): Buffer {
    this.#stream.off('data', this.#streamOnData);
    this.#stream.off('end', this.#streamOnGone);
    this.#stream.off('close', this.#streamOnGone);
    this.#stream.pause();
    return Buffer.concat(this.#chunks, this.#bytes);
  }

  readonly #streamOnData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    // The rest waits in the client's window; then its leaving is noticed late.
    if (this.#bytes >= EARLY_BYTES) this.#stream.pause();
  };

  readonly #streamOnGone = (): void => this.#deadline.end('gone');
}
