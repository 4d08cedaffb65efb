// Stands between a server's stream and `ws`: in the place of the listener by which `ws` takes each
// chunk is one of ours, which passes the chunk to the transport of that stream. The transport gives
// `ws` what inbound-frames.ts makes of it. WsAcceptor diverts each stream.

import type { Duplex } from 'node:stream';

/** The listener by which `ws` takes a chunk. */
export type ChunkListener = (this: Duplex, chunk: Buffer) => void;

/** Gets the chunks of one stream. */
export interface ChunkReceiver {
  /** @param next - Takes chunks, called with the stream as `this`. */
  receiveChunk(chunk: Buffer, next: ChunkListener): void;
  /** The stream has ended, or has closed. `ws` reads what is still in its buffer by itself. */
  flushChunks(): void;
}

/** On a stream that carries a WebSocket: what gets its chunks, or true while `ws` does. */
export const CARRIES: unique symbol = Symbol('carries a WebSocket');
export type CarryingStream = Duplex & { [CARRIES]?: ChunkReceiver | true };
type DivertedStream = Duplex & { [CARRIES]: ChunkReceiver };

/** Gives the chunks of streams to their receivers. One for each host. */
export class InboundStreams {
  /** The listener of `ws`, which all of its sockets share, and ours in its place. */
  #next: ChunkListener | undefined;
  #listener: ChunkListener | undefined;

  /** Gives a receiver the chunks of a stream that `ws` has just begun to listen to. */
  divert(stream: Duplex, receiver: ChunkReceiver): void {
    const next = stream.listeners('data').at(-1) as ChunkListener;
    if (this.#next !== next || this.#listener === undefined) {
      this.#next = next;
      this.#listener = listenerBefore(next);
    }
    (stream as CarryingStream)[CARRIES] = receiver;
    stream.removeListener('data', next);
    stream.on('data', this.#listener);
  }
}

/** `ws` removes its listener once it takes nothing more. That removes ours, as a once-wrapper. */
function listenerBefore(next: ChunkListener): ChunkListener {
  const listener = function (this: Duplex, chunk: Buffer): void {
    (this as DivertedStream)[CARRIES].receiveChunk(chunk, next);
  };
  return Object.assign(listener, { listener: next });
}

/** Tells the receiver of a stream when it ends or closes, before `ws` hears of it. */
export function watchClose(stream: Duplex): void {
  for (const event of ['end', 'close']) stream.prependListener(event, streamOnClose);
}

function streamOnClose(this: Duplex): void {
  (this as DivertedStream)[CARRIES].flushChunks();
}
