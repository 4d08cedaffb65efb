// The link of a browser: one native WebSocket. It keeps the promises of the port as
// far as the web lets it; the others are named at the class. The opening is
// native-connector.ts's.

import { EarlySink } from './early-sink.ts';
import { NATIVE_CLOSED, NATIVE_OPEN } from './native-web-socket.ts';
import type { NativeClose, NativeMessage, NativeWebSocket } from './native-web-socket.ts';
import type { PartOptions, SendOptions, Transport, TransportSink } from './transport.ts';
import type { Clock } from '../time/clock.ts';
import type { LinkEnd } from '../words/close-info.ts';
import { bytesOf, joined, toBytes } from '../words/data.ts';
import type { Data } from '../words/data.ts';
import { DRAIN_LOOK_MS, NATIVE_CLOSE_OFFSET } from '../words/limits.ts';

export interface NativeTransportOptions {
  readonly maxMessageBytes: number;
  readonly clock: Clock;
}

/**
 * Carries messages over one open native WebSocket.
 *
 * What a page cannot do, it does as nearly as it can:
 * - 7: nothing tells that the browser has taken bytes; it looks every {@link DRAIN_LOOK_MS}.
 * - 8: `pause` does nothing. A full queue has to close (`overflow: 'close'`).
 * - 9: a page may send 1000 and 3000 to 4999; of another code the peer hears it and {@link NATIVE_CLOSE_OFFSET}: 4008 for 1008.
 * - 11: `terminate` ends this side at once, but the peer hears a close without a code, or the one under way.
 * - 13: a message above the limit has been received whole by then; of a rule that the peer breaks nothing is told but that the link is lost.
 * - 14 to 16: a page can neither ping nor count what comes and goes; the browser answers pings.
 * - 17: a page sends whole messages only. Parts are kept until the last one has come, and do not count until then.
 */
export class NativeTransport implements Transport {
  readonly #ws: NativeWebSocket;
  readonly #maxMessageBytes: number;
  readonly #clock: Clock;
  /** An early one until `open`. */
  #sink: TransportSink = new EarlySink();
  /** What we have closed with. */
  #closing: { readonly code: number; readonly reason: string } | undefined;
  /** Of a message whose last part was not sent. */
  #parts: Data[] = [];
  /** Nothing that comes later is heard. */
  #isOver = false;
  /** What the browser had not taken when we last looked; 0 while we do not look. */
  #untakenBytes = 0;
  #look: unknown;

  constructor(ws: NativeWebSocket, { maxMessageBytes, clock }: NativeTransportOptions) {
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
    this.#sink = (this.#sink as EarlySink).handOverTo(sink);
  }

  send(data: Data, { binary }: SendOptions): boolean {
    if (this.#isOver || this.#ws.readyState !== NATIVE_OPEN) return false;
    this.#ws.send(binary ? toBytes(data) : data);
    if (this.#untakenBytes === 0) this.#watch();
    return true;
  }

  sendPart(data: Data, { last, ...options }: PartOptions): boolean {
    if (this.#isOver || this.#ws.readyState !== NATIVE_OPEN) return false;
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

  get takenBytes(): number {
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
    if (this.#isOver || this.#ws.readyState !== NATIVE_OPEN) return;
    this.#closing = { code, reason };
    this.#ws.close(isNativeCloseCode(code) ? code : code + NATIVE_CLOSE_OFFSET, reason);
  }

  terminate(): void {
    // The browser is about to say how it ended.
    if (this.#isOver || this.#ws.readyState === NATIVE_CLOSED) return;
    this.#stop();
    this.#ws.close();
    const closing = this.#closing ?? { code: 1006, reason: '' };
    queueMicrotask(() => this.#sink.end({ ...closing, clean: false, by: 'local' }));
  }

  #webSocketOnMessage({ data }: NativeMessage): void {
    if (this.#isOver) return;
    const message = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer);
    const bytes = bytesOf(message);
    if (bytes > this.#maxMessageBytes) return this.#refuse(bytes);
    this.#sink.receive(message, bytes);
  }

  #webSocketOnClose({ code, reason, wasClean }: NativeClose): void {
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
    this.#ws.close(1009 + NATIVE_CLOSE_OFFSET);
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
    this.#untakenBytes = this.#ws.bufferedAmount;
    if (this.#untakenBytes > 0) this.#look = this.#clock.setTimeout(this.#onLook, DRAIN_LOOK_MS);
  }

  readonly #onLook = (): void => {
    const before = this.#untakenBytes;
    this.#watch();
    if (this.#untakenBytes < before) this.#sink.drain();
  };
}

function tooBig(bytes: number, limit: number): LinkEnd {
  const cause = new RangeError(`A message of ${bytes} bytes is above the limit of ${limit}`);
  return { code: 1009, reason: '', clean: false, by: 'limit', cause };
}

/** Tells whether a page may send a close code (WHATWG: 1000, or 3000 to 4999). */
export function isNativeCloseCode(code: number): boolean {
  return code === 1000 || (code >= 3000 && code <= 4999);
}
