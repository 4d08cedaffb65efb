// The real link: one WebSocket of `ws`, on a server or a client. It hands whole
// messages to the sink and tells what really ended the link, which `ws` reports
// as 1006 whatever it has sent. The upgrade is ws-acceptor.ts's.

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { EarlySink } from './early-sink.ts';
import type { SendOptions, Transport, TransportSink } from './transport.ts';
import { violationOf } from './ws-violation.ts';
import type { LinkEnd } from '../words/close-info.ts';
import { bytesOf, toBytes } from '../words/data.ts';
import type { Data } from '../words/data.ts';

/** Up to here text costs less as pooled bytes than encoded by the stream (measured: 64 units 15 % less, 1024 units 35 % more). */
const SHORT_TEXT_LENGTH = 256;

/** Carries messages over one open WebSocket of `ws`. */
export class WsTransport implements Transport {
  readonly #ws: WebSocket;
  /** The stream below, corked while a turn writes to it; undefined where only `ws` knows it. */
  readonly #stream: Duplex | undefined;
  /** An early one until `open`. */
  #sink: TransportSink = new EarlySink();
  /** Messages whose bytes have not been taken. */
  #untaken = 0;
  #corked = false;
  /** What we have sent a close frame with. */
  #closing: { readonly code: number; readonly reason: string } | undefined;
  /** Whether it was us who dropped the link, and nothing else had begun to end it. */
  #terminated = false;
  /** The rule or limit that the peer has broken. */
  #violation: LinkEnd | undefined;

  constructor(ws: WebSocket, stream?: Duplex) {
    this.#ws = ws;
    this.#stream = stream;
    ws.on('message', this.#webSocketOnMessage);
    ws.on('error', this.#webSocketOnError);
    ws.on('close', this.#webSocketOnClose);
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  get bufferedBytes(): number {
    // Pongs count in `bufferedAmount` too; without a message of ours nothing would tell when they have gone.
    return this.#untaken === 0 ? 0 : this.#ws.bufferedAmount;
  }

  open(sink: TransportSink): void {
    this.#sink = (this.#sink as EarlySink).handOverTo(sink);
  }

  /**
   * Frames of one turn leave together: the stream is corked until the turn and
   * its microtasks are over, and then makes one system call of them.
   */
  send(data: Data, { binary, compress }: SendOptions): boolean {
    if (this.#ws.readyState !== this.#ws.OPEN) return false;
    this.#cork();
    this.#untaken += 1;
    const options = { binary: binary || typeof data !== 'string', compress };
    this.#ws.send(countable(data), options, this.#webSocketOnSent);
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

  #cork(): void {
    if (this.#corked || this.#stream === undefined) return;
    this.#corked = true;
    this.#stream.cork();
    process.nextTick(WsTransport.#uncork, this);
  }

  /** One for all: of its own, each socket would keep it. */
  static readonly #uncork = (transport: WsTransport): void => {
    transport.#corked = false;
    transport.#stream?.uncork();
  };

  readonly #webSocketOnMessage = (data: Buffer, isBinary: boolean): void => {
    this.#sink.receive(isBinary ? data : data.toString(), data.byteLength);
  };

  /** After a broken rule `ws` closes by itself, with the code that we find out here. */
  readonly #webSocketOnError = (error: Error): void => {
    this.#violation = violationOf(error);
  };

  readonly #webSocketOnSent = (error?: Error | null): void => {
    this.#untaken -= 1;
    // A failed write makes no room, and one that waited for zlib fails after the end.
    if (!error && this.#ws.readyState !== this.#ws.CLOSED) this.#sink.drain();
  };

  readonly #webSocketOnClose = (code: number, reason: Buffer): void => {
    this.#sink.end(this.#endOf(code, reason));
  };

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

/**
 * Gives text as bytes where a stream would count it wrong: of text that waits it
 * counts UTF-16 units, a third of the bytes at worst. Short text goes as bytes in
 * any case, which is faster.
 */
function countable(data: Data): Data {
  if (typeof data !== 'string') return data;
  const isCountedRight = data.length > SHORT_TEXT_LENGTH && data.length === bytesOf(data);
  return isCountedRight ? data : toBytes(data);
}
