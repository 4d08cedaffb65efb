// The real link: one WebSocket of `ws`, on a server or a client. It hands whole
// messages to the sink and tells what really ended the link, which `ws` reports
// as 1006 whatever it has sent. Short messages leave in a FrameBatch, all others
// through `ws`. The upgrade is transport/ws/acceptor.ts's.

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { BufferingSink } from '../buffering-sink.ts';
import { FrameBatch } from './frame-batch.ts';
import type { FramePool } from './frame-batch.ts';
import type { WsOrderedSocket } from './ordered-socket.ts';
import type { FragmentOptions, SendOptions, Transport, TransportSink } from '../transport.ts';
import { violationOf } from './violation.ts';
import type { LinkEnd } from '../../core/close-info.ts';
import { toBytes } from '../../core/data.ts';
import type { Data } from '../../core/data.ts';

/** What is below a WebSocket, where that is known. */
export interface FrameOutlet {
  readonly stream: Duplex;
  /** Where a server's transport puts frames of its own; a client's are masked, which is left to `ws`. */
  readonly pool: FramePool | undefined;
}

/** A TCP or TLS connection counts by itself; other streams do not. */
type CountingStream = Duplex &
  Partial<Pick<Socket, 'bytesRead' | 'bytesWritten'>> & {
    /** Node's own time-out of sockets looks at it, too. */
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };

/** Which transport hears what a WebSocket of `ws` has to say: one listener serves all. */
const TRANSPORT = Symbol('transport');

type HeardWebSocket = WebSocket & Partial<Pick<WsOrderedSocket, 'batch'>> & { [TRANSPORT]: WsTransport };

/** Carries messages over one open WebSocket of `ws`. */
export class WsTransport implements Transport {
  readonly #ws: WebSocket;
  readonly #stream: CountingStream | undefined;
  /** Where our own frames are put; undefined where all are made by `ws`: on a client, and with compression. */
  readonly #pool: FramePool | undefined;
  /** Made with the first message. */
  #batch: FrameBatch | undefined;
  /** Undefined until `open`, or an early one where something came before. */
  #sink: TransportSink | undefined;
  /** Writes whose bytes have not been taken. */
  #unflushed = 0;
  #onTaken: ((error?: Error | null) => void) | undefined;
  /** What we have sent a close frame with. */
  #closing: { readonly code: number; readonly reason: string } | undefined;
  /** Whether it was us who dropped the link, and nothing else had begun to end it. */
  #terminated = false;
  /** The rule or limit that the peer has broken. */
  #violation: LinkEnd | undefined;
  /** What has come over a stream that does not count. */
  #pieces = 0;

  constructor(ws: WebSocket, outlet?: FrameOutlet) {
    this.#ws = ws;
    this.#stream = outlet?.stream;
    this.#pool = ws.extensions === '' ? outlet?.pool : undefined;
    (ws as HeardWebSocket)[TRANSPORT] = this;
    // oxlint-disable typescript/unbound-method -- an emitter gives its listeners their `this`
    ws.on('message', WsTransport.#webSocketOnMessage);
    ws.on('error', WsTransport.#webSocketOnError);
    ws.on('close', WsTransport.#webSocketOnClose);
    // oxlint-enable typescript/unbound-method
    if (this.#stream?.bytesRead === undefined) this.#countPieces();
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  get bufferedBytes(): number {
    // Pongs count in `bufferedAmount` too; without a message of ours nothing would tell when they have gone.
    const written = this.#unflushed === 0 ? 0 : this.#ws.bufferedAmount;
    return this.#batch === undefined ? written : this.#batch.bytes + written;
  }

  get receivedBytes(): number {
    return this.#stream?.bytesRead ?? this.#pieces;
  }

  /** Of a write that is under way the stream tells nothing, its handle does: in the fraction, so that the sum is never the same again. */
  get flushedBytes(): number {
    const { bytesWritten = NaN, writableLength = 0, _handle } = this.#stream ?? {};
    return bytesWritten - writableLength - (_handle?.writeQueueSize ?? 0) / 2 ** 31;
  }

  open(sink: TransportSink): void {
    this.#sink = this.#sink === undefined ? sink : (this.#sink as BufferingSink).deliverTo(sink);
  }

  /** Frames of one turn leave together, once the turn and its microtasks are over. */
  send(data: Data, { binary, compress }: SendOptions): boolean {
    if (this.#ws.readyState !== this.#ws.OPEN) return false;
    if (this.#pool !== undefined) {
      this.#batch ??= this.#openBatch(this.#pool);
      if (this.#batch.add(data, binary)) return true;
      this.#batch.flush();
    }
    const options = { binary: binary || typeof data !== 'string', compress };
    this.#ws.send(toBytes(data), options, this.#countTaken());
    return true;
  }

  /** All frames of such a message are made by `ws`, behind those that wait for the end of the turn. */
  sendFragment(data: Data, { binary, compress, last }: FragmentOptions): boolean {
    if (this.#ws.readyState !== this.#ws.OPEN) return false;
    this.#batch?.flush();
    const options = { binary: binary || typeof data !== 'string', compress, fin: last };
    this.#ws.send(toBytes(data), options, this.#countTaken());
    return true;
  }

  ping(): boolean {
    if (this.#ws.readyState !== this.#ws.OPEN) return false;
    this.#ws.ping();
    return true;
  }

  pong(): boolean {
    if (this.#ws.readyState !== this.#ws.OPEN) return false;
    this.#ws.pong();
    return true;
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  close(code: number, reason: string): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#closing = { code, reason };
    this.#ws.close(code, reason);
  }

  terminate(): void {
    // Where the end has begun already this only hastens it.
    this.#terminated ||= this.#ws.readyState === this.#ws.OPEN;
    this.#ws.terminate();
  }

  static readonly #webSocketOnMessage = function (this: WebSocket, data: Buffer, isBinary: boolean): void {
    transportOf(this).#hearer.receive(isBinary ? data : data.toString(), data.byteLength);
  };

  /** After a broken rule `ws` closes by itself, with the code that we find out here. */
  static readonly #webSocketOnError = function (this: WebSocket, error: Error): void {
    transportOf(this).#violation = violationOf(error);
  };

  static readonly #webSocketOnClose = function (this: WebSocket, code: number, reason: Buffer): void {
    const transport = transportOf(this);
    transport.#hearer.end(transport.#endOf(code, reason));
  };

  /** Chunks of a stream; where none is known, what `ws` makes of them. */
  #countPieces(): void {
    const count = (): void => void (this.#pieces += 1);
    if (this.#stream !== undefined) return void this.#stream.on('data', count);
    for (const event of ['message', 'ping', 'pong'] as const) this.#ws.on(event, count);
  }

  get #hearer(): TransportSink {
    this.#sink ??= new BufferingSink();
    return this.#sink;
  }

  #openBatch(pool: FramePool): FrameBatch {
    const batch = new FrameBatch(pool, (frames) => this.#write(frames));
    (this.#ws as HeardWebSocket).batch = batch;
    // `ws` ends the stream then, behind what is still to be written.
    this.#stream?.prependListener('end', () => batch.flush());
    return batch;
  }

  /** A stream that has ended takes nothing; the end of the link follows. */
  #write(frames: Buffer): void {
    const stream = this.#stream;
    if (stream?.writable !== true) return;
    // A peer that reads slowly would pin what is shared, with each turn more.
    stream.write(stream.writableLength === 0 ? frames : new Uint8Array(frames), this.#countTaken());
  }

  /** Counts a write that is about to be made. @returns What to call when its bytes have been taken. */
  #countTaken(): (error?: Error | null) => void {
    this.#unflushed += 1;
    this.#onTaken ??= (error) => {
      this.#unflushed -= 1;
      // A failed write makes no room, and one that waited for zlib fails after the end.
      if (!error && this.#ws.readyState !== this.#ws.CLOSED) this.#hearer.drain();
    };
    return this.#onTaken;
  }

  /**
   * `ws` knows no code but the peer's; 1006 stands for "no close frame came".
   * What it finds in its buffers after `terminate` is not the end any more.
   */
  #endOf(code: number, reason: Buffer): LinkEnd {
    if (this.#terminated) return { code: 1006, reason: '', clean: false, by: 'local' };
    const answered = code !== 1006;
    if (this.#closing !== undefined) {
      return { ...this.#closing, clean: answered, by: 'local' };
    }
    if (this.#violation !== undefined) return this.#violation;
    if (answered) return { code, reason: reason.toString(), clean: true, by: 'peer' };
    return { code, reason: '', clean: false, by: 'link' };
  }
}

function transportOf(ws: WebSocket): WsTransport {
  return (ws as HeardWebSocket)[TRANSPORT];
}
