// Stands between a server's stream and `ws`: a listener of ours takes each chunk, and passes it to
// the transport of that stream. Once `ws` listens to the stream, its own listener is removed, and
// the transport calls it; so for the end, where bytes are kept. WsAcceptor calls this.
// inbound-chunks.ts delivers the chunks.

import type { Duplex } from 'node:stream';
import { noop } from '../../core/noop.ts';

/** In the place of a longest message: no message takes the receive lane. */
export const NO_LANE = -1;

/** What the streams of a host have in common. */
export interface HostInbound {
  /**
   * The listeners of `ws`, which all of its sockets share. Called with the stream as `this`, and
   * only where `ws` listens to the stream.
   */
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

/** On a stream that carries a WebSocket: what gets its chunks; true where `ws` alone does. */
export const CARRIES: unique symbol = Symbol('carries a WebSocket');
export type CarryingStream = Duplex & { [CARRIES]?: ChunkReceiver | true };
type DataListener = HostInbound['onData'];
/**
 * `ws` removes its listener once it takes nothing more. Node then removes ours, which has that of
 * `ws` as its `listener`, as the wrapper of `once` has.
 */
type InPlaceOf<Listener> = Listener & { listener?: Listener };

/** Gives the chunks of streams to their receivers. One for each host. */
export class InboundStreams implements HostInbound {
  // The listeners of `ws`. They are known once it has listened to a stream.
  onData: DataListener = noop;
  onEnd: HostInbound['onEnd'] = noop;
  onClose: HostInbound['onEnd'] = noop;
  readonly longestInLane: number;
  /** Ours, for all streams. */
  readonly #listener: InPlaceOf<DataListener> = dataListenerOf(this);

  constructor(longestInLane: number) {
    this.longestInLane = longestInLane;
  }

  /** Gives a receiver the chunks of a stream. */
  carry(stream: Duplex, receiver: ChunkReceiver): void {
    (stream as CarryingStream)[CARRIES] = receiver;
    stream.on('data', this.#listener);
  }

  /** Takes a stream from `ws`, which has just begun to listen to it. */
  divert(stream: Duplex): void {
    if (this.onData === noop) {
      this.onData = lastListener(stream, 'data') as DataListener;
      this.onEnd = lastListener(stream, 'end') as HostInbound['onEnd'];
      this.onClose = lastListener(stream, 'close') as HostInbound['onEnd'];
      this.#listener.listener = this.onData;
    }
    // Node looks from the last listener on: where ours is there already, it comes before this one.
    stream.removeListener('data', this.onData);
  }
}

function receiverOf(stream: CarryingStream): ChunkReceiver {
  return stream[CARRIES] as ChunkReceiver;
}

function lastListener(stream: Duplex, event: 'data' | 'end' | 'close'): unknown {
  return stream.listeners(event).at(-1);
}

function dataListenerOf(host: HostInbound): DataListener {
  return function (this: Duplex, chunk: Buffer): void {
    receiverOf(this).receiveChunk(chunk, host);
  };
}

/** Gives the end of a stream to its receiver, which passes it on, and tells it of the close. */
export function divertEnd(stream: Duplex, host: HostInbound): void {
  stream.removeListener('end', host.onEnd);
  // A stream of TLS would else end our side before the last words. `ws` ends it when it hears of
  // the end.
  stream.allowHalfOpen = true;
  const listener: InPlaceOf<HostInbound['onEnd']> = function (this: Duplex): void {
    receiverOf(this).receiveEnd(host);
  };
  listener.listener = host.onEnd;
  stream.on('end', listener);
  stream.prependListener('close', streamOnClose);
}

function streamOnClose(this: Duplex): void {
  receiverOf(this).flushChunks();
}
