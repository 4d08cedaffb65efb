// The Transport port over one WebSocket of `ws`, on a server or a client. Whole messages go to the
// sink, and `end` says what really ended the link, where `ws` reports 1006. Short messages of a
// server leave in a FrameBatch, all others through `ws`. The handshakes are in `acceptor.ts` and
// `connector.ts`.

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { BufferingSink } from '../buffering-sink.ts';
import { leaveCloseTimeToSink } from './close-timer.ts';
import { FrameBatch } from './frame-batch.ts';
import type { FramePool, FrameTarget } from './frame-batch.ts';
import { countFrames, joinTransport } from './ordered-socket.ts';
import { fragmentByte, wholeByte } from './server-frame.ts';
import { flushedBytesOf, takesAtOnce, UnflushedWrites, writeAll } from './stream-writes.ts';
import type { CountingStream, Written } from './stream-writes.ts';
import type { FragmentOptions, OnControl, SendOptions, Transport, TransportSink } from '../transport.ts';
import type { Deflation } from './deflation.ts';
import { InboundChunks } from './inbound-chunks.ts';
import { CARRIES, NO_LANE } from './inbound-stream.ts';
import type { CarryingStream, HostInbound } from './inbound-stream.ts';
import { LateSocket } from './late-socket.ts';
import type { LateTransport } from './late-socket.ts';
import { linkEndOf } from './link-end.ts';
import { PeerClose } from './peer-close.ts';
import { violationOf } from './violation.ts';
import type { LinkEnd } from '../../core/close-info.ts';
import { bytesToSend, ownBytes } from '../../core/data.ts';
import type { Data } from '../../core/data.ts';

const NO_BYTES = new Uint8Array(0);

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

/** Carries messages over one open WebSocket of `ws`. */
export class WsTransport implements Transport, LateTransport, FrameTarget {
  readonly #link: WebSocket | LateSocket;
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
  /** Made with the first write that is counted. */
  #unflushed: UnflushedWrites | undefined;
  /** The code and the reason of our close frame. */
  #closing: { readonly code: number; readonly reason: string } | undefined;
  /** Made when the peer's close frame comes, or its stream ends. */
  #peerClose: PeerClose | undefined;
  /** Whether `terminate` ended the link, and nothing else had begun to end it. */
  #isTerminated = false;
  /** The rule or limit that the peer has broken. */
  #violation: LinkEnd | undefined;
  /** Bytes received, for a stream that does not count them. */
  #receivedBytes = 0;
  /** Made with the first chunk, on a server. */
  #inbound: InboundChunks | undefined;
  /** Undefined without compression. */
  readonly #deflation: Deflation | undefined;

  /**
   * @param link - An open WebSocket, or one that is made when it is needed.
   * @param stream - The stream below it, if it is known: it counts bytes, and takes our own frames.
   * @param parts - Without a pool on a client, whose frames are masked by `ws`.
   */
  constructor(link: WebSocket | LateSocket, stream?: Duplex, parts: LinkParts = {}) {
    this.#link = link;
    this.#stream = stream;
    this.#takesAtOnce = takesAtOnce(stream);
    this.#pool = link.extensions === '' ? parts.pool : undefined;
    this.#deflation = parts.deflation;
    if (link instanceof LateSocket) return;
    joinTransport(link, this);
    if (this.#stream?.bytesRead === undefined && parts.pool === undefined)
      countFrames(link, (bytes) => void (this.#receivedBytes += bytes));
  }

  get protocol(): string {
    return this.#link.protocol;
  }

  get outlet(): FrameBatch | undefined {
    return this.#batch;
  }

  get bufferedBytes(): number {
    // Pongs count in `bufferedAmount`, too. If there is no message of ours among them, no `drain`
    // would follow when they are flushed.
    const writes = this.#unflushed?.count ?? 0;
    const written = writes === 0 ? 0 : this.#link.bufferedAmount;
    if (this.#pool === undefined) return written === 0 ? 0 : written + writes * ENTRY_BYTES;
    return this.#batch === undefined ? written : this.#batch.bytes + written;
  }

  get receivedBytes(): number {
    return this.#stream?.bytesRead ?? this.#receivedBytes;
  }

  get flushedBytes(): number {
    return this.#stream === undefined ? NaN : flushedBytesOf(this.#stream);
  }

  get hasLost(): boolean | undefined {
    return this.#stream === undefined ? undefined : this.#unflushed?.hasLost === true;
  }

  /** Undefined for a client: its frames are followed by `ws` only. */
  get unfinished(): number | undefined {
    const stream: CarryingStream | undefined = this.#stream;
    return this.#inbound?.lane.unfinished ?? (stream?.[CARRIES] === this ? 0 : undefined);
  }

  watchControls(onControl: OnControl): void {
    this.#link.on('ping', (data) => onControl('ping', ownBytes(data)));
    this.#link.on('pong', (data) => onControl('pong', ownBytes(data)));
  }

  open(sink: TransportSink): void {
    this.#sink = this.#sink === undefined ? sink : (this.#sink as BufferingSink).deliverTo(sink);
  }

  /** Short messages of one turn leave together, after the microtasks of the turn. */
  send(data: Data, options: SendOptions): boolean {
    if (this.#link.readyState !== this.#link.OPEN) return false;
    if (this.#pool === undefined) return this.#sendByWs(data, options, true);
    this.#batchOf(this.#pool).add(data, wholeByte(data, options.binary), options.shared);
    return true;
  }

  sendFragment(data: Data, options: FragmentOptions): boolean {
    if (this.#link.readyState !== this.#link.OPEN) return false;
    if (this.#pool === undefined) return this.#sendByWs(data, options, options.last);
    const place = { isFirst: !this.#isInMessage, isLast: options.last };
    this.#isInMessage = !options.last;
    this.#batchOf(this.#pool).add(data, fragmentByte(data, options.binary, place));
    return true;
  }

  /** `ws` makes the frame: compressed, or masked. */
  #sendByWs(data: Data, { binary, compress }: SendOptions, last: boolean): boolean {
    const options = { binary: binary || typeof data !== 'string', compress, fin: last };
    this.#ws.send(bytesToSend(data), options, this.#writes.begin());
    if (this.#ws.bufferedAmount > 0) this.sink.stall();
    return true;
  }

  ping(data?: Uint8Array): boolean {
    if (this.#isOpen) this.#link.ping(data);
    return this.#isOpen;
  }

  pong(data?: Uint8Array): boolean {
    if (this.#isOpen) this.#link.pong(data);
    return this.#isOpen;
  }

  pause(): void {
    if (!this.#hasPeerClosed) (this.#inbound ?? this.#link).pause();
  }

  resume(): void {
    if (!this.#hasPeerClosed) (this.#inbound ?? this.#link).resume();
    this.#deflation?.resume();
  }

  look(moreBytes: number): boolean | undefined {
    return this.#inbound?.look(moreBytes);
  }

  endLook(): boolean {
    return this.#inbound?.endLook() === true;
  }

  close(code: number, reason: string): void {
    this.#deflation?.dropFurther();
    if (this.#link.readyState !== this.#link.OPEN) return;
    leaveCloseTimeToSink(this.#ws);
    if (this.#hasPeerClosed) return this.#peerClose?.answer();
    this.#closing = { code, reason };
    this.#ws.close(code, reason);
  }

  terminate(): void {
    // If the end has begun already, this only hastens it.
    this.#isTerminated ||= this.#isOpen;
    this.#link.terminate();
  }

  // Called by the WebSocket.

  /** The answer waits for `close`. */
  webSocketOnPeerClose(answer: () => void): void {
    this.#closeOfPeer.hold(answer);
    this.sink.peerClosed();
  }

  webSocketOnMessage(data: Buffer, isBinary: boolean): void {
    this.#inbound?.lane.messageDelivered();
    this.sink.receive(isBinary ? ownBytes(data) : data.toString(), data.byteLength);
  }

  /** After a broken rule `ws` closes by itself. It does not tell the code: we derive it. */
  webSocketOnError(error: Error): void {
    this.#violation = violationOf(error);
  }

  /** Called also where a stream has closed before there was one. */
  webSocketOnClose(code: number, reason: Buffer): void {
    if (this.bufferedBytes > 0) this.#writes.lose();
    this.#unflushed?.drop();
    this.#batch?.drop();
    this.sink.end(this.#endOf(code, reason));
  }

  // Called by the stream.

  receiveChunk(chunk: Buffer, host: HostInbound): void {
    this.#receivedBytes += chunk.length;
    (this.#inbound ??= this.#openInbound(host)).receive(chunk);
  }

  receiveEnd({ onEnd }: HostInbound): void {
    this.#inbound?.flush();
    this.#closeOfPeer.streamEnded(() => {
      this.#batch?.flush();
      onEnd.call(this.#stream as Duplex);
    });
  }

  flushChunks(): void {
    this.#inbound?.flush();
  }

  get late(): LateSocket {
    return this.#link as LateSocket;
  }

  #openInbound(host: HostInbound): InboundChunks {
    const [ws, stream] = [this.#link, this.#stream as Duplex];
    // What is inflated comes later than what follows it.
    const longestBytes = ws.extensions === '' ? host.longestInLane : NO_LANE;
    const late = ws instanceof LateSocket ? ws : undefined;
    return new InboundChunks({ ws, late, stream, host, target: this, longestBytes });
  }

  get #ws(): WebSocket {
    return this.#link instanceof LateSocket ? this.#link.make() : this.#link;
  }

  /** Whether neither end has begun to close. */
  get #isOpen(): boolean {
    return this.#link.readyState === this.#link.OPEN && !this.#hasPeerClosed;
  }

  /** Whether the peer's close frame waits for our answer. */
  get #hasPeerClosed(): boolean {
    return this.#peerClose?.isPending === true;
  }

  get #closeOfPeer(): PeerClose {
    return (this.#peerClose ??= new PeerClose(this.#link, this.#stream));
  }

  /** What is called: a buffer before `open`. */
  get sink(): TransportSink {
    return (this.#sink ??= new BufferingSink());
  }

  #batchOf(pool: FramePool): FrameBatch {
    return (this.#batch ??= this.#openBatch(pool));
  }

  #openBatch(pool: FramePool): FrameBatch {
    const batch = new FrameBatch(pool, this, this.#link);
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
  writeFrames(frames: Uint8Array, further?: readonly Written[]): boolean {
    const stream = this.#stream;
    if (stream?.writable !== true) return this.#lose();
    if (this.#takesAtOnce && further === undefined) {
      stream.write(frames);
      if (stream.writableLength === 0) return stream.errored === null || this.#lose();
      stream.write(NO_BYTES, this.#writes.begin());
    } else {
      writeAll(stream, frames, further, this.#writes.begin());
      if (stream.writableLength === 0) return false;
    }
    this.#batch?.hold();
    this.sink.stall();
    return false;
  }

  framesTaken(): void {
    this.sink.drain();
  }

  #lose(): false {
    this.#writes.lose();
    return false;
  }

  get #writes(): UnflushedWrites {
    return (this.#unflushed ??= new UnflushedWrites(this.#link, this.#stream, () => this.#roomMade()));
  }

  #roomMade(): void {
    if (this.#writes.count === 0) this.#batch?.release();
    this.sink.drain();
  }

  #endOf(code: number, reason: Buffer): LinkEnd {
    const error = this.#stream?.errored ?? undefined;
    return linkEndOf({
      code,
      reason,
      isTerminated: this.#isTerminated,
      closing: this.#closing,
      violation: this.#violation,
      // Where `ws` finds a close frame behind a reset, it asks for no answer.
      isAnswered: !this.#hasPeerClosed && (error === undefined || this.#peerClose?.isAnswered === true),
      error,
    });
  }
}
