// The stream of an upgrade while its handshake is decided. Keeps what the client sends meanwhile
// for the first read (I8), and ends the deadline when the client leaves. upgrade.ts makes it.

import type { Duplex } from 'node:stream';
import type { HandshakeDeadline } from './handshake-deadline.ts';
import type { Clock } from '../time/clock.ts';

/**
 * What a client may send before its handshake is decided. The rest waits in its TCP window.
 *
 * @limit Bytes of a client before its answer, and one read more | they wait in its TCP window
 */
export const EARLY_BYTES = 16_384;

/**
 * A stream that is not read does not tell that its client has left. A write of no bytes does, once
 * the connection was reset.
 */
const PROBE_MS = 1000;

/** What is beneath a stream of the system; streams in memory have none. */
interface Handle {
  /** Whether the stream has asked for reads. */
  readonly reading?: boolean;
  readStop(): void;
  readStart(): void;
}

/**
 * Pauses a stream, and stops the reads of the system below it. `pause` alone lets one or two more
 * reads of 64 KiB in. The stream goes on believing that it reads: else it would start again.
 */
export function stopReads(stream: Duplex): void {
  stream.pause();
  const handle = handleOf(stream);
  if (handle?.reading === true) handle.readStop();
}

/** Undoes {@link stopReads}; the stream stays paused. */
export function startReads(stream: Duplex): void {
  const handle = handleOf(stream);
  if (handle?.reading === true) handle.readStart();
}

function handleOf(stream: Duplex): Handle | null | undefined {
  return Reflect.get(stream, '_handle') as Handle | null | undefined;
}

/** Reads a stream into memory, up to {@link EARLY_BYTES} and what one more chunk holds. */
export class EarlyData {
  readonly #stream: Duplex;
  readonly #deadline: HandshakeDeadline;
  readonly #clock: Clock;
  readonly #chunks: Buffer[];
  #bytes: number;
  #probe: unknown;

  /** @param head - What came in one chunk with the request. */
  constructor(stream: Duplex, head: Buffer, deadline: HandshakeDeadline, clock: Clock) {
    this.#stream = stream;
    this.#deadline = deadline;
    this.#clock = clock;
    this.#chunks = [head];
    this.#bytes = head.byteLength;
    stream.on('end', this.#streamOnGone);
    stream.on('close', this.#streamOnGone);
    if (this.#bytes >= EARLY_BYTES) this.#stop();
    else stream.on('data', this.#streamOnData);
    if (stream.destroyed) deadline.end('gone');
  }

  /** Removes all listeners and leaves the stream paused. @returns All that has arrived. */
  release(): Buffer {
    this.#stream.off('data', this.#streamOnData);
    this.#stream.off('end', this.#streamOnGone);
    this.#stream.off('close', this.#streamOnGone);
    this.#stream.pause();
    if (this.#probe !== undefined) this.#clock.clearTimeout(this.#probe);
    return Buffer.concat(this.#chunks, this.#bytes);
  }

  readonly #streamOnData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (this.#bytes >= EARLY_BYTES) this.#stop();
  };

  readonly #streamOnGone = (): void => this.#deadline.end('gone');

  /** The rest waits in the client's window. */
  #stop(): void {
    stopReads(this.#stream);
    this.#probe = this.#clock.setTimeout(() => {
      if (this.#stream.writable) this.#stream.write('');
      this.#stop();
    }, PROBE_MS);
  }
}
