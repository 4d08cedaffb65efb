// What WsTransport does with the stream below a WebSocket: which streams take a write at once, how
// several buffers are written, how much has been flushed, and which writes have not.

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** A TCP or TLS connection counts its bytes; other streams do not. */
export type CountingStream = Duplex &
  Partial<Pick<Socket, 'bytesRead' | 'bytesWritten'>> & {
    /** The time-out of Node's own sockets looks at it, too. */
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };

/** Whether the stream takes most writes before they return: TCP does, TLS and others do not. */
export function takesAtOnce(stream: Duplex | undefined): boolean {
  return stream instanceof Socket && !('encrypted' in stream);
}

/** What a stream is given. Text is ASCII, so that its bytes are its units. */
export type Written = Uint8Array | string;

/**
 * Writes buffers behind each other, in as few system calls as the stream can.
 *
 * @param onFlushed - Called once for all of them.
 */
export function writeAll(
  stream: Duplex,
  first: Uint8Array,
  further: readonly Written[] | undefined,
  onFlushed: (error?: Error | null) => void,
): void {
  const last = further?.at(-1);
  if (further === undefined || last === undefined) return void stream.write(first, onFlushed);
  stream.cork();
  for (const chunk of [first, ...further.slice(0, -1)]) stream.write(chunk, 'latin1');
  stream.write(last, 'latin1', onFlushed);
  stream.uncork();
}

/**
 * Gives a number that changes with each byte that is flushed, and NaN for a stream that does not
 * count. `bytesWritten` changes only when a write is done. The queue of the handle shrinks during
 * a write: it is subtracted as a fraction below 1.
 */
export function flushedBytesOf(stream: CountingStream): number {
  const { bytesWritten = NaN, writableLength, _handle } = stream;
  return bytesWritten - writableLength - (_handle?.writeQueueSize ?? 0) / 2 ** 31;
}

/** The writes of one link whose bytes are not flushed, and whether any were lost. */
export class UnflushedWrites {
  readonly #ws: Pick<WebSocket, 'readyState' | 'CLOSED'>;
  readonly #stream: Duplex | undefined;
  readonly #onFlush: () => void;
  #count = 0;
  #hasLost = false;

  /** @param onFlush - Called when a write makes room. */
  constructor(ws: Pick<WebSocket, 'readyState' | 'CLOSED'>, stream: Duplex | undefined, onFlush: () => void) {
    this.#ws = ws;
    this.#stream = stream;
    this.#onFlush = onFlush;
  }

  get count(): number {
    return this.#count;
  }

  get hasLost(): boolean {
    return this.#hasLost;
  }

  /** Counts a write that follows. @returns The callback of that write. */
  begin(): (error?: Error | null) => void {
    this.#count += 1;
    return this.#onFlushed;
  }

  /** Bytes were lost. */
  lose(): void {
    this.#hasLost = true;
  }

  /** The link has ended. What is not flushed is lost. */
  drop(): void {
    this.#hasLost ||= this.#count > 0;
    this.#count = 0;
  }

  readonly #onFlushed = (error?: Error | null): void => {
    // Node calls back for a write that it has cut off, and gives no error.
    if (error || this.#stream?.destroyed === true) this.#hasLost = true;
    // A write that waited for zlib fails after the end.
    if (this.#ws.readyState === this.#ws.CLOSED) return;
    this.#count -= 1;
    // A failed write makes no room.
    if (!error) this.#onFlush();
  };
}
