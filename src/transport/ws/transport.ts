// The Transport port over one WebSocket of `ws`, on a server or a client. Whole messages go to the
// sink, and `end` says what really ended the link, where `ws` reports 1006. Short messages of a
// server leave in a FrameBatch, all others through `ws`. The handshakes are in `acceptor.ts` and
// `connector.ts`.

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { BufferingSink } from '../buffering-sink.ts';
import { CLOSE_TIMEOUT } from './close-timer.ts';
import { FrameBatch } from './frame-batch.ts';
import type { FramePool, FrameTarget } from './frame-batch.ts';
import { countFrames, TRANSPORT } from './ordered-socket.ts';
import { fragmentByte, wholeByte } from './server-frame.ts';
import { flushedBytesOf, keepFromEnding, takesAtOnce, writeAll } from './stream-writes.ts';
import type { CountingStream } from './stream-writes.ts';
import type { WsOrderedSocket } from './ordered-socket.ts';
import type { FragmentOptions, OnControl, SendOptions, Transport, TransportSink } from '../transport.ts';
import type { Deflation } from './deflation.ts';
import { InboundFrames, isWhole } from './inbound-frames.ts';
import { CARRIES, watchClose } from './inbound-stream.ts';
import type { CarryingStream, ChunkListener, ChunkReceiver } from './inbound-stream.ts';
import { linkEndOf } from './link-end.ts';
import { violationOf } from './violation.ts';
import type { LinkEnd } from '../../core/close-info.ts';
import { bytesToSend } from '../../core/data.ts';
import type { Data } from '../../core/data.ts';
import { MAX_TIMER_MS } from '../../core/limits.ts';

const NO_BYTES = new Uint8Array(0);

/** Stands in the place of the callback of writes once one has failed: no further one is counted. */
const LOST = (): void => {};

type TransportedWebSocket = WebSocket &
  Partial<Pick<WsOrderedSocket, 'batch'>> & {
    [TRANSPORT]: WsTransport;
    [CLOSE_TIMEOUT]?: number;
  };

/**
 * What a message that waits in `ws` takes besides its data: frame, callback and entries of the
 * stream's buffer. A server's own frames have none of them.
 *
 * @limit Memory that a waiting message counts with besides its data, on clients and compressed
 * links | `write` waits
 */
const ENTRY_BYTES = 256;

/** What the transport of a link is given besides its stream. */
export interface LinkParts {
  /** Where our own frames are put. A server's transports share it; a client has none. */
  readonly pool?: FramePool;
  /** Undefined without compression. */
  readonly deflation?: Deflation | undefined;
}

const NO_PARTS: LinkParts = Object.freeze({});

/** Carries messages over one open WebSocket of `ws`. */
export class WsTransport implements Transport, ChunkReceiver, FrameTarget {
  readonly #ws: WebSocket;
  readonly #stream: CountingStream | undefined;
  /** Whether the stream takes most writes before they return. */
  readonly #takesAtOnce: boolean;
  /** Where our own frames are put; undefined if `ws` makes all: on a client, or compressed. */
  readonly #pool: FramePool | undefined;
  /** Made with the first message. */
  #batch: FrameBatch | undefined;
  /** Undefined until `open`, or until the first sink call that comes before `open`. */
  #sink: TransportSink | undefined;
  /** Whether a message in fragments has begun and not ended. */
  #isInMessage = false;
  /** Writes whose bytes are not flushed yet. */
  #unflushedWrites = 0;
  #onFlushed: ((error?: Error | null) => void) | undefined;
  /** The code and the reason of our close frame. */
  #closing: { readonly code: number; readonly reason: string } | undefined;
  /** Answers the peer's close frame; undefined before that, and once it is answered. */
  #answer: (() => void) | undefined;
  /** Whether `terminate` ended the link, and nothing else had begun to end it. */
  #isTerminated = false;
  /** The rule or limit that the peer has broken. */
  #violation: LinkEnd | undefined;
  /** Bytes received, for a stream that does not count them. */
  #receivedBytes = 0;
  /** Made with the first chunk that brings a part of a message. */
  #frames: InboundFrames | undefined;
  /** Undefined without compression. */
  readonly #deflation: Deflation | undefined;

  /**
   * @param ws - Open.
   * @param stream - The stream below it, if it is known: it counts bytes, and takes our own frames.
   * @param parts - Without a pool on a client, whose frames are masked by `ws`.
   */
  constructor(ws: WebSocket, stream?: Duplex, parts: LinkParts = NO_PARTS) {
    this.#ws = ws;
    this.#stream = stream;
    this.#takesAtOnce = takesAtOnce(stream);
    this.#pool = ws.extensions === '' ? parts.pool : undefined;
    this.#deflation = parts.deflation;
    (ws as TransportedWebSocket)[TRANSPORT] = this;
    // oxlint-disable typescript/unbound-method -- an emitter gives its listeners their `this`
    ws.on('message', WsTransport.#webSocketOnMessage);
    ws.on('error', WsTransport.#webSocketOnError);
    ws.on('close', WsTransport.#webSocketOnClose);
    // oxlint-enable typescript/unbound-method
    if (this.#stream?.bytesRead === undefined && parts.pool === undefined)
      countFrames(ws, (bytes) => void (this.#receivedBytes += bytes));
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  get outlet(): FrameBatch | undefined {
    return this.#batch;
  }

  get bufferedBytes(): number {
    // Pongs count in `bufferedAmount`, too. If there is no message of ours among them, no `drain`
    // would follow when they are flushed.
    const written = this.#unflushedWrites === 0 ? 0 : this.#ws.bufferedAmount;
    if (this.#pool === undefined) return written === 0 ? 0 : written + this.#unflushedWrites * ENTRY_BYTES;
    return this.#batch === undefined ? written : this.#batch.bytes + written;
  }

  get receivedBytes(): number {
    return this.#stream?.bytesRead ?? this.#receivedBytes;
  }

  get flushedBytes(): number {
    return this.#stream === undefined ? NaN : flushedBytesOf(this.#stream);
  }

  get hasLost(): boolean | undefined {
    return this.#stream === undefined ? undefined : this.#onFlushed === LOST;
  }

  /** Undefined for a client: its frames are followed by `ws` only. */
  get unfinished(): number | undefined {
    if (this.#frames !== undefined) return this.#frames.unfinished;
    const stream: CarryingStream | undefined = this.#stream;
    return stream?.[CARRIES] === this ? 0 : undefined;
  }

  watchControls(onControl: OnControl): void {
    this.#ws.on('ping', (data) => onControl('ping', data));
    this.#ws.on('pong', (data) => onControl('pong', data));
  }

  open(sink: TransportSink): void {
    this.#sink = this.#sink === undefined ? sink : (this.#sink as BufferingSink).deliverTo(sink);
  }

  /** Short messages of one turn leave together, after the microtasks of the turn. */
  send(data: Data, options: SendOptions): boolean {
    if (this.#ws.readyState !== this.#ws.OPEN) return false;
    if (this.#pool === undefined) return this.#sendByWs(data, options, true);
    this.#batchOf(this.#pool).add(data, wholeByte(data, options.binary), options.shared);
    return true;
  }

  sendFragment(data: Data, options: FragmentOptions): boolean {
    if (this.#ws.readyState !== this.#ws.OPEN) return false;
    if (this.#pool === undefined) return this.#sendByWs(data, options, options.last);
    const place = { isFirst: !this.#isInMessage, isLast: options.last };
    this.#isInMessage = !options.last;
    this.#batchOf(this.#pool).add(data, fragmentByte(data, options.binary, place));
    return true;
  }

  /** `ws` makes the frame: compressed, or masked. */
  #sendByWs(data: Data, { binary, compress }: SendOptions, last: boolean): boolean {
    const options = { binary: binary || typeof data !== 'string', compress, fin: last };
    this.#ws.send(bytesToSend(data), options, this.#countWrite());
    if (this.#ws.bufferedAmount > 0) this.#currentSink.stall();
    return true;
  }

  ping(data?: Uint8Array): boolean {
    if (this.#isOpen) this.#ws.ping(data);
    return this.#isOpen;
  }

  pong(data?: Uint8Array): boolean {
    if (this.#isOpen) this.#ws.pong(data);
    return this.#isOpen;
  }

  pause(): void {
    if (this.#answer === undefined) this.#ws.pause();
  }

  resume(): void {
    if (this.#answer === undefined) this.#ws.resume();
    this.#deflation?.resume();
  }

  close(code: number, reason: string): void {
    this.#deflation?.dropFurther();
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    // The sink bounds the time: a peer that still takes what was sent has longer.
    (this.#ws as TransportedWebSocket)[CLOSE_TIMEOUT] = MAX_TIMER_MS;
    if (this.#answer !== undefined) return this.#answerPeer(this.#answer);
    this.#closing = { code, reason };
    this.#ws.close(code, reason);
  }

  terminate(): void {
    // If the end has begun already, this only hastens it.
    this.#isTerminated ||= this.#isOpen;
    this.#ws.terminate();
  }

  // Called by the WebSocket.

  /**
   * Holds the answer to the peer's close frame back until `close`. The stream is paused until then,
   * with a byte in its buffer, so that it does not end: where the peer has ended its side, `ws`
   * would end ours. What the peer sends behind its close frame is dropped in any case.
   */
  webSocketOnPeerClose(answer: () => void): void {
    this.#answer = answer;
    if (this.#stream !== undefined)
      keepFromEnding(this.#stream, () => this.#answer !== undefined || this.#ws.extensions !== '');
    this.#currentSink.peerClosed();
  }

  // Called by the stream.

  /** Gives `ws` a chunk. Only one that brings part of a message is looked at frame by frame. */
  receiveChunk(chunk: Buffer, next: ChunkListener): void {
    const stream = this.#stream as Duplex;
    this.#receivedBytes += chunk.length;
    if (!(this.#frames !== undefined && this.#frames.unfinished > 0) && isWhole(chunk))
      return next.call(stream, chunk);
    this.#frames ??= this.#openFrames(stream, next);
    this.#frames.pass(chunk);
    if (this.#frames.hasBegun()) this.#currentSink.begin();
  }

  flushChunks(): void {
    this.#frames?.flush();
  }

  #openFrames(stream: Duplex, next: ChunkListener): InboundFrames {
    watchClose(stream);
    return new InboundFrames((bytes) => next.call(stream, bytes));
  }

  static readonly #webSocketOnMessage = function (this: WebSocket, data: Buffer, isBinary: boolean): void {
    transportOf(this).#currentSink.receive(isBinary ? data : data.toString(), data.byteLength);
  };

  /** After a broken rule `ws` closes by itself. It does not tell the code: we derive it. */
  static readonly #webSocketOnError = function (this: WebSocket, error: Error): void {
    transportOf(this).#violation = violationOf(error);
  };

  static readonly #webSocketOnClose = function (this: WebSocket, code: number, reason: Buffer): void {
    const transport = transportOf(this);
    if (transport.#unflushedWrites > 0 || transport.bufferedBytes > 0) transport.#onFlushed = LOST;
    transport.#batch?.drop();
    transport.#unflushedWrites = 0;
    transport.#currentSink.end(transport.#endOf(code, reason));
  };

  /** Whether neither end has begun to close. */
  get #isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN && this.#answer === undefined;
  }

  /** The stream goes on behind our close frame, which waits for zlib on a compressed link. */
  #answerPeer(answer: () => void): void {
    const stream = this.#stream;
    this.#answer = undefined;
    answer();
    if (this.#ws.extensions === '') stream?.resume();
    else stream?.once('finish', () => stream.resume());
  }

  get #currentSink(): TransportSink {
    return (this.#sink ??= new BufferingSink());
  }

  #batchOf(pool: FramePool): FrameBatch {
    return (this.#batch ??= this.#openBatch(pool));
  }

  #openBatch(pool: FramePool): FrameBatch {
    const batch = new FrameBatch(pool, this, this.#ws);
    (this.#ws as TransportedWebSocket).batch = batch;
    // `ws` ends the stream then: frames that wait for the end of the turn must go first.
    this.#stream?.prependListener('end', () => batch.flush());
    return batch;
  }

  // Called by the batch.

  /**
   * Writes frames. If the stream has ended, they are lost, and the end of the link follows.
   *
   * Where most writes are taken at once, they have no callback: each would cost a tick (row:
   * broadcast). An empty write behind a write that waits tells when it was taken.
   */
  writeFrames(frames: Uint8Array, further?: readonly Uint8Array[]): boolean {
    const stream = this.#stream;
    if (stream?.writable !== true) return this.#lose();
    if (this.#takesAtOnce && further === undefined) {
      stream.write(frames);
      if (stream.writableLength === 0) return stream.errored === null || this.#lose();
      stream.write(NO_BYTES, this.#countWrite());
    } else {
      writeAll(stream, frames, further, this.#countWrite());
      if (stream.writableLength === 0) return false;
    }
    this.#batch?.hold();
    this.#currentSink.stall();
    return false;
  }

  framesTaken(): void {
    this.#currentSink.drain();
  }

  #lose(): false {
    this.#onFlushed = LOST;
    return false;
  }

  /** Counts a write that follows. @returns The callback of that write. */
  #countWrite(): (error?: Error | null) => void {
    this.#unflushedWrites += 1;
    this.#onFlushed ??= (error) => {
      // Node calls back for a write that it has cut off, and gives no error.
      if (error || this.#stream?.destroyed === true) this.#onFlushed = LOST;
      // After the end nothing counts: a write that waited for zlib fails then.
      if (this.#ws.readyState === this.#ws.CLOSED) return;
      this.#unflushedWrites -= 1;
      // A failed write makes no room.
      if (error) return;
      if (this.#unflushedWrites === 0) this.#batch?.release();
      this.#currentSink.drain();
    };
    return this.#onFlushed;
  }

  #endOf(code: number, reason: Buffer): LinkEnd {
    return linkEndOf({
      code,
      reason,
      isTerminated: this.#isTerminated,
      closing: this.#closing,
      violation: this.#violation,
      isAnswered: this.#answer === undefined,
      error: this.#stream?.errored ?? undefined,
    });
  }
}

function transportOf(ws: WebSocket): WsTransport {
  return (ws as TransportedWebSocket)[TRANSPORT];
}
