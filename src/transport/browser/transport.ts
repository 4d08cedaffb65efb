// The Transport port over one WebSocket of a browser. The class names the promises that a page
// cannot keep. `connector.ts` opens the WebSocket and makes the transport.

import { BufferingSink } from '../buffering-sink.ts';
import { limitEnd, LINK_LOST } from '../unclean-end.ts';
import { BROWSER_CLOSED, BROWSER_OPEN } from './web-socket.ts';
import type { BrowserClose, BrowserMessage, BrowserWebSocket } from './web-socket.ts';
import type { FragmentOptions, SendOptions, Transport, TransportSink } from '../transport.ts';
import type { Clock } from '../../time/clock.ts';
import type { LinkEnd } from '../../core/close-info.ts';
import { bytesOf, joined, toBytes } from '../../core/data.ts';
import type { Data } from '../../core/data.ts';

/**
 * Time between two polls of `bufferedAmount`: no event tells a page that the browser has flushed
 * bytes. A nested timer of the web cannot run more often (HTML §8.6).
 */
const DRAIN_POLL_MS = 4;
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
 * Carries messages over one open WebSocket of a browser.
 *
 * A page cannot keep these promises of the port fully:
 *
 * - 7: no event tells that the browser has flushed bytes: polls every {@link DRAIN_POLL_MS}.
 * - 8: `pause` does nothing. A full queue must close (`overflow: 'close'`).
 * - 9: a page may send 1000 and 3000 to 4999. For another code the peer gets that plus
 *   {@link BROWSER_CLOSE_OFFSET}: 4008 for 1008.
 * - 11: `terminate` ends this end at once. The peer gets a close without a code, or the `close`
 *   that is under way.
 * - 13: a message above the limit is received whole before it ends the link. If the peer breaks a
 *   rule, the browser reports a lost link.
 * - 14 and 15: a page cannot ping, and counts messages alone. The browser answers pings.
 * - 17: a page sends whole messages only. Fragments are kept until the last one, and do not count
 *   in `bufferedBytes` until then.
 * - 19: a browser answers a close frame by itself, and drops what comes after its own.
 */
export class BrowserTransport implements Transport {
  readonly #ws: BrowserWebSocket;
  readonly #maxMessageBytes: number;
  readonly #clock: Clock;
  /** A BufferingSink until `open`. */
  #sink: TransportSink = new BufferingSink();
  /** The code and the reason of our close. */
  #closing: { readonly code: number; readonly reason: string } | undefined;
  /** Fragments of a message whose last one was not sent. */
  #fragments: Data[] = [];
  /** Messages that have come. */
  #received = 0;
  /** Bytes that the browser has accepted. */
  #acceptedBytes = 0;
  /** Whether the link has ended: later events are ignored. */
  #isOver = false;
  /** `bufferedAmount` at the last poll; 0 while there is no poll. */
  #unflushedBytes = 0;
  /** The timer of the next poll. */
  #poll: unknown;

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

  /** 0 after the end: the browser would for ever count bytes that it has not sent. */
  get bufferedBytes(): number {
    return this.#isOver ? 0 : this.#ws.bufferedAmount;
  }

  open(sink: TransportSink): void {
    this.#sink = (this.#sink as BufferingSink).deliverTo(sink);
  }

  send(data: Data, { binary }: SendOptions): boolean {
    if (this.#isOver || this.#ws.readyState !== BROWSER_OPEN) return false;
    const before = this.#ws.bufferedAmount;
    this.#ws.send(binary ? toBytes(data) : data);
    this.#acceptedBytes += this.#ws.bufferedAmount - before;
    if (this.#unflushedBytes === 0) this.#schedulePoll();
    return true;
  }

  sendFragment(data: Data, { last, ...options }: FragmentOptions): boolean {
    if (this.#isOver || this.#ws.readyState !== BROWSER_OPEN) return false;
    this.#fragments.push(data);
    if (!last) return true;
    const message = joined(this.#fragments);
    this.#fragments = [];
    return this.send(message, options);
  }

  /** Counts messages: a page sees neither their parts nor control frames. */
  get receivedBytes(): number {
    return this.#received;
  }

  get flushedBytes(): number {
    return this.#acceptedBytes - this.#ws.bufferedAmount;
  }

  get hasLost(): boolean {
    return this.#isOver && this.#ws.bufferedAmount > 0;
  }

  /** False: a page cannot ping. */
  ping(): boolean {
    return false;
  }

  pong(): boolean {
    return false;
  }

  /** Does nothing: a page cannot pause a link. */
  pause(): void {}

  resume(): void {}

  close(code: number, reason: string): void {
    if (this.#isOver || this.#ws.readyState !== BROWSER_OPEN) return;
    this.#closing = { code, reason };
    this.#ws.close(isBrowserCloseCode(code) ? code : code + BROWSER_CLOSE_OFFSET, reason);
  }

  terminate(): void {
    // If it is closed, the browser is about to report the end.
    if (this.#isOver || this.#ws.readyState === BROWSER_CLOSED) return;
    this.#stop();
    this.#ws.close();
    const closing = this.#closing ?? { code: 1006, reason: '' };
    queueMicrotask(() => this.#sink.end({ ...closing, clean: false, by: 'local' }));
  }

  #webSocketOnMessage({ data }: BrowserMessage): void {
    if (this.#isOver) return;
    this.#received += 1;
    const message = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer);
    const bytes = bytesOf(message);
    if (bytes > this.#maxMessageBytes) return this.#endAboveLimit(bytes);
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
    return { code: 1006, reason: '', clean: false, by: 'link', cause: LINK_LOST };
  }

  #endAboveLimit(bytes: number): void {
    this.#stop();
    this.#ws.close(1009 + BROWSER_CLOSE_OFFSET);
    const isClosing = this.#closing !== undefined;
    this.#sink.end(isClosing ? this.#endOf(1006, '', false) : limitEnd(bytes, this.#maxMessageBytes));
  }

  #stop(): void {
    this.#isOver = true;
    this.#clock.clearTimeout(this.#poll);
  }

  /** Polls again while there are unflushed bytes. */
  #schedulePoll(): void {
    this.#unflushedBytes = this.#ws.bufferedAmount;
    if (this.#unflushedBytes > 0) this.#poll = this.#clock.setTimeout(this.#onPoll, DRAIN_POLL_MS);
  }

  readonly #onPoll = (): void => {
    const before = this.#unflushedBytes;
    this.#schedulePoll();
    if (this.#unflushedBytes < before) this.#sink.drain();
    if (this.#unflushedBytes > 0) this.#sink.stall();
  };
}

/** Tells whether a page may send a close code (WHATWG: 1000, or 3000 to 4999). */
export function isBrowserCloseCode(code: number): boolean {
  // A symbol, or an object without a prototype, cannot be compared with a number.
  return code === 1000 || (typeof code === 'number' && code >= 3000 && code <= 4999);
}
