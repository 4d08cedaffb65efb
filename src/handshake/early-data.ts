// The stream of an upgrade while its handshake is decided. Keeps what the client sends meanwhile
// for the first read (I8), and ends the deadline when the client leaves. upgrade.ts makes it.

import type { Duplex } from 'node:stream';
import type { HandshakeDeadline } from './handshake-deadline.ts';

/**
 * What a client may send before its handshake is decided. The rest waits in its TCP window.
 *
 * @limit Bytes from a client whose handshake is not yet answered | they wait in its TCP window
 */
export const EARLY_BYTES = 16_384;

/** Reads a stream into memory, up to {@link EARLY_BYTES} and what one more chunk holds. */
export class EarlyData {
  readonly #stream: Duplex;
  readonly #deadline: HandshakeDeadline;
  readonly #chunks: Buffer[];
  #bytes: number;

  /** @param head - What came in one chunk with the request. */
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

  /** Removes all listeners and leaves the stream paused. @returns All that has arrived. */
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
    // The rest waits in the client's window. Then its leaving is noticed late.
    if (this.#bytes >= EARLY_BYTES) this.#stream.pause();
  };

  readonly #streamOnGone = (): void => this.#deadline.end('gone');
}
