// Stands between a server's stream and `ws`: in the place of the listener by which `ws` takes each
// chunk is one of ours, which passes the chunk to the transport of that stream, and so for the end
// where bytes are kept. WsAcceptor diverts each stream. inbound-chunks.ts delivers the chunks.

import type { Duplex } from 'node:stream';

/** In the place of a longest message: no message takes the receive lane. */
export const NO_LANE = -1;

/** What the streams of a host have in common. */
export interface HostInbound {
  /** The listeners of `ws`, which all of its sockets share. Called with the stream as `this`. */
  readonly onData: (this: Duplex, chunk: Buffer) => void;
  readonly onEnd: (this: Duplex) => void;
  /** Longest message that takes the receive lane, or {@link NO_LANE}. */
  readonly longestInLane: number;
}

/** Gets the chunks of one stream. */
export interface ChunkReceiver {
  receiveChunk(chunk: Buffer, host: HostInbound): void;
  /** The stream has ended, after {@link divertEnd}. */
  receiveEnd(host: HostInbound): void;
  /** The stream has closed, after {@link divertEnd}. `ws` hears of it next. */
  flushChunks(): void;
}

/** On a stream that carries a WebSocket: what gets its chunks, or true while `ws` does. */
export const CARRIES: unique symbol = Symbol('carries a WebSocket');
export type CarryingStream = Duplex & { [CARRIES]?: ChunkReceiver | true };
type DivertedStream = Duplex & { [CARRIES]: ChunkReceiver };
type DataListener = HostInbound['onData'];

/** Gives the chunks of streams to their receivers. One for each host. */
export class InboundStreams {
  /** The listener of `ws`, and ours in its place. */
  #next: DataListener | undefined;
  #listener: DataListener | undefined;
  readonly #longestInLane: number;

  constructor(longestInLane: number) {
    this.#longestInLane = longestInLane;
  }

  /** Gives a receiver the chunks of a stream that `ws` has just begun to listen to. */
  divert(stream: Duplex, receiver: ChunkReceiver): void {
    const next = lastListener(stream, 'data') as DataListener;
    if (this.#next !== next || this.#listener === undefined) {
      this.#next = next;
      const onEnd = lastListener(stream, 'end') as HostInbound['onEnd'];
      this.#listener = dataListenerOf({ onData: next, onEnd, longestInLane: this.#longestInLane });
    }
    (stream as CarryingStream)[CARRIES] = receiver;
    stream.removeListener('data', next);
    stream.on('data', this.#listener);
  }
}

function lastListener(stream: Duplex, event: 'data' | 'end'): unknown {
  return stream.listeners(event).at(-1);
}

function dataListenerOf(host: HostInbound): DataListener {
  return before(host.onData, function (this: Duplex, chunk: Buffer): void {
    (this as DivertedStream)[CARRIES].receiveChunk(chunk, host);
  });
}

/** Gives the end of a stream to its receiver, which passes it on, and tells it of the close. */
export function divertEnd(stream: Duplex, host: HostInbound): void {
  stream.removeListener('end', host.onEnd);
  // One of TLS would end our side before the last words. `ws` ends it once it hears of the end.
  stream.allowHalfOpen = true;
  stream.on(
    'end',
    before(host.onEnd, function (this: Duplex): void {
      (this as DivertedStream)[CARRIES].receiveEnd(host);
    }),
  );
  stream.prependListener('close', streamOnClose);
}

function streamOnClose(this: Duplex): void {
  (this as DivertedStream)[CARRIES].flushChunks();
}

/** `ws` removes its listener once it takes nothing more. That removes ours, as a once-wrapper. */
function before<Listener extends object>(next: Listener, listener: Listener): Listener {
  return Object.assign(listener, { listener: next });
}
