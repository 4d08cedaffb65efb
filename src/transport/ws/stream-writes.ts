// What WsTransport does with the stream below a WebSocket: which streams take a write at once, how
// several buffers are written, how much has been flushed, and how its end is put off.

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Node's own, also while a test fakes it with the timers. */
// oxlint-disable-next-line typescript/unbound-method -- it is called without `this` everywhere
const { nextTick } = process;
const ONE_BYTE = new Uint8Array(1);

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

/**
 * Writes buffers behind each other, in as few system calls as the stream can.
 *
 * @param onFlushed - Called once for all of them.
 */
export function writeAll(
  stream: Duplex,
  first: Uint8Array,
  further: readonly Uint8Array[] | undefined,
  onFlushed: (error?: Error | null) => void,
): void {
  const last = further?.at(-1);
  if (further === undefined || last === undefined) return void stream.write(first, onFlushed);
  stream.cork();
  for (const chunk of [first, ...further.slice(0, -1)]) stream.write(chunk);
  stream.write(last, onFlushed);
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

/**
 * Pauses a stream with a byte in its buffer, so that it does not end. `ws` resumes it in the next
 * tick, which was queued before the tick of this call.
 *
 * @param isNeeded - Asked in that tick.
 */
export function keepFromEnding(stream: Duplex, isNeeded: () => boolean): void {
  nextTick(() => {
    if (!isNeeded()) return;
    stream.pause();
    stream.unshift(ONE_BYTE);
  });
}
