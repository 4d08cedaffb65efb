// The link of a browser: one native WebSocket. It keeps the promises of the port as
// far as the web lets it; the others are named at the class. The opening is
// browser-connector.ts's.

import { BufferingSink } from '../buffering-sink.ts';
import { BROWSER_CLOSED, BROWSER_OPEN } from './web-socket.ts';
import type { BrowserClose, BrowserMessage, BrowserWebSocket } from './web-socket.ts';
import type { FragmentOptions, SendOptions, Transport, TransportSink } from '../transport.ts';
import type { Clock } from '../../time/clock.ts';
import type { LinkEnd } from '../../core/close-info.ts';
import { bytesOf, joined, toBytes } from '../../core/data.ts';
import type { Data } from '../../core/data.ts';

/**
 * Time between two looks at `bufferedAmount`: no event tells a page that the browser has taken
 * bytes. A nested timer of the web cannot run more often (HTML §8.6).
 */
const DRAIN_LOOK_MS = 4;
/**
 * Added to a close code that a page may not send: below 3000 it may send 1000 alone. The sum is
 * one of the private codes (RFC 6455 §7.4.2).
 */
const BROWSER_CLOSE_OFFSET = 3000;

export interface BrowserTransportOptions {
  readonly maxMessageBytes: number;
  readonly clock: Clock;
}

/**
 * Carries messages over one open native WebSocket.
 *
 * What a page cannot do, it does as nearly as it can:
 * - 7: nothing tells that the browser has taken bytes; it looks every {@link DRAIN_LOOK_MS}.
 * - 8: `pause` does nothing. A full queue has to close (`overflow: 'close'`).
 * - 9: a page may send 1000 and 3000 to 4999; of another code the peer hears it and {@link BROWSER_CLOSE_OFFSET}: 4008 for 1008.
 * - 11: `terminate` ends this side at once, but the peer hears a close without a code, or the one under way.
 * - 13: a message above the limit has been received whole by then; of a rule that the peer breaks nothing is told but that the link is lost.
 * - 14 to 16: a page can neither ping nor count what comes and goes; the browser answers pings.
 * - 17: a page sends whole messages only. Parts are kept until the last one has come, and do not count until then.
 */
export class BrowserTransport implements Transport {
  readonly #ws: BrowserWebSocket;
  readonly #maxMessageBytes: number;
  readonly #clock: Clock;
  /** An early one until `open`. */
  #sink: TransportSink = new BufferingSink();
  /** What we have closed with. */
  #closing: { readonly code: number; readonly reason: string } | undefined;
  /** Of a message whose last part was not sent. */
  #parts: Data[] = [];
  /** Nothing that comes later is heard. */
  #isOver = false;
  /** What the browser had not taken when we last looked; 0 while we do not look. */
  #unflushedBytes = 0;
  #look: unknown;

  constructor(ws: BrowserWebSocket, { maxMessageBytes, clock }: BrowserTransportOptions) {
    this.#ws = ws;
    this.#maxMessageBytes = maxMessageBytes;
    this.#clock = clock;
    ws.binaryType = 'arraybuffer';
    ws.addEventListener('message', (event) => this.#webSocketOnMessage(event));
    ws.addEventListener('close', (event) => this.#webSocketOnClose(event));
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  /** After the end the browser would count for ever what it has not sent. */
  get bufferedBytes(): number {
    return this.#isOver ? 0 : this.#ws.bufferedAmount;
  }

  open(sink: TransportSink): void {
    this.#sink = (this.#sink as BufferingSink).deliverTo(sink);
  }

  send(data: Data, { binary }: SendOptions): boolean {
    if (this.#isOver || this.#ws.readyState !== BROWSER_OPEN) return false;
    this.#ws.send(binary ? toBytes(data) : data);
    if (this.#unflushedBytes === 0) this.#watch();
    return true;
  }

  sendFragment(data: Data, { last, ...options }: FragmentOptions): boolean {
    if (this.#isOver || this.#ws.readyState !== BROWSER_OPEN) return false;
    this.#parts.push(data);
    if (!last) return true;
    const message = joined(this.#parts);
    this.#parts = [];
    return this.send(message, options);
  }

  /** Nobody counts. */
  get receivedBytes(): number {
    return NaN;
  }

  get flushedBytes(): number {
    return NaN;
  }

  /** A page cannot. */
  ping(): boolean {
    return false;
  }

  pong(): boolean {
    return false;
  }

  /** A page cannot hold a link back. */
  pause(): void {}

  resume(): void {}

  close(code: number, reason: string): void {
    if (this.#isOver || this.#ws.readyState !== BROWSER_OPEN) return;
    this.#closing = { code, reason };
    this.#ws.close(isBrowserCloseCode(code) ? code : code + BROWSER_CLOSE_OFFSET, reason);
  }

  terminate(): void {
    // The browser is about to say how it ended.
    if (this.#isOver || this.#ws.readyState === BROWSER_CLOSED) return;
    this.#stop();
    this.#ws.close();
    const closing = this.#closing ?? { code: 1006, reason: '' };
    queueMicrotask(() => this.#sink.end({ ...closing, clean: false, by: 'local' }));
  }

  #webSocketOnMessage({ data }: BrowserMessage): void {
    if (this.#isOver) return;
    const message = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer);
    const bytes = bytesOf(message);
    if (bytes > this.#maxMessageBytes) return this.#refuse(bytes);
    this.#sink.receive(message, bytes);
  }

  #webSocketOnClose({ code, reason, wasClean }: BrowserClose): void {
    if (this.#isOver) return;
    this.#stop();
    this.#sink.end(this.#endOf(code, reason, wasClean));
  }

  #endOf(code: number, reason: string, wasClean: boolean): LinkEnd {
    if (this.#closing !== undefined) return { ...this.#closing, clean: wasClean, by: 'local' };
    if (wasClean) return { code, reason, clean: true, by: 'peer' };
    return { code: 1006, reason: '', clean: false, by: 'link' };
  }

  #refuse(bytes: number): void {
    this.#stop();
    this.#ws.close(1009 + BROWSER_CLOSE_OFFSET);
    this.#sink.end(
      this.#closing === undefined ? tooBig(bytes, this.#maxMessageBytes) : this.#endOf(1006, '', false),
    );
  }

  #stop(): void {
    this.#isOver = true;
    this.#clock.clearTimeout(this.#look);
  }

  /** Looks again while the browser has not taken all. */
  #watch(): void {
    this.#unflushedBytes = this.#ws.bufferedAmount;
    if (this.#unflushedBytes > 0) this.#look = this.#clock.setTimeout(this.#onLook, DRAIN_LOOK_MS);
  }

  readonly #onLook = (): void => {
    const before = this.#unflushedBytes;
    this.#watch();
    if (this.#unflushedBytes < before) this.#sink.drain();
  };
}

function tooBig(bytes: number, limit: number): LinkEnd {
  const cause = new RangeError(`A message of ${bytes} bytes is above the limit of ${limit}`);
  return { code: 1009, reason: '', clean: false, by: 'limit', cause };
}

/** Tells whether a page may send a close code (WHATWG: 1000, or 3000 to 4999). */
export function isBrowserCloseCode(code: number): boolean {
  return code === 1000 || (code >= 3000 && code <= 4999);
}
