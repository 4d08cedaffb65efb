// What the checks of the transport contract hold: both ends of a link, each with a sink that
// records its calls. `link-check.ts` makes it for each check; the promises are checked in the
// `*-checks.ts` beside.

import { deepStrictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { SharedMessage, Transport, TransportSink } from '../../transport/transport.ts';
import type { LinkEnd } from '../../core/close-info.ts';
import type { Data } from '../../core/data.ts';
import { noop } from '../../core/noop.ts';

const LOOK_BYTES = 65_536;

/** One call of a sink. */
export type SinkCall =
  | { readonly kind: 'message'; readonly data: Data; readonly bytes: number }
  | { readonly kind: 'drain'; readonly bufferedBytes: number }
  | { readonly kind: 'stall' }
  | { readonly kind: 'begin'; readonly unfinished: number | undefined }
  | { readonly kind: 'end'; readonly end: LinkEnd };

/** How a check sends a whole message. By default compressed, and to one peer. */
export interface SentMessage {
  readonly binary?: boolean;
  readonly compress?: boolean;
  readonly shared?: SharedMessage | undefined;
}

/** How a check sends a fragment. By default more fragments follow. */
export interface SentFragment {
  readonly last?: boolean;
  readonly binary?: boolean;
}

/** Both ends of a link. Records which methods of the transports called a sink (promise 2). */
export class RecordedLink {
  readonly near: RecordedEnd;
  readonly far: RecordedEnd;
  /** The method of a transport that has not returned. */
  #method: string | undefined;
  /** Methods that called a sink before they returned. */
  readonly breaches: Set<string> = new Set();

  constructor(pair: { readonly near: Transport; readonly far: Transport }) {
    this.near = new RecordedEnd(pair.near, this);
    this.far = new RecordedEnd(pair.far, this);
  }

  /** Opens both ends. */
  open(): this {
    this.near.open();
    this.far.open();
    return this;
  }

  /** Calls a method of a transport. A sink that is called meanwhile is a breach of promise 2. */
  during<T>(method: string, run: () => T): T {
    const outer = this.#method;
    this.#method = method;
    try {
      return run();
    } finally {
      this.#method = outer;
    }
  }

  /** Called when a sink is called. */
  sinkOnCall(): void {
    if (this.#method !== undefined) this.breaches.add(this.#method);
  }
}

/** One end of a link, with all calls of its sink. */
export class RecordedEnd implements TransportSink {
  /** All calls of the sink, oldest first. */
  readonly calls: SinkCall[] = [];
  /** The class of each binary message, oldest first. */
  readonly classes: unknown[] = [];
  /** Called inside each call of the sink. */
  onCall: (call: SinkCall) => void = noop;
  /** Called when the peer has closed. Answers at once, unless a check has its last words. */
  onPeerClosed: () => void = () => this.close(1000);
  readonly #transport: Transport;
  readonly #link: RecordedLink;
  /** Waits that look again after each call of the sink. */
  readonly #waits = new Set<() => void>();

  constructor(transport: Transport, link: RecordedLink) {
    this.#transport = transport;
    this.#link = link;
  }

  get bufferedBytes(): number {
    return this.#transport.bufferedBytes;
  }

  get receivedBytes(): number {
    return this.#transport.receivedBytes;
  }

  get flushedBytes(): number {
    return this.#transport.flushedBytes;
  }

  get hasLost(): boolean | undefined {
    return this.#transport.hasLost;
  }

  // What a check does.

  open(): void {
    this.#link.during('open', () => this.#transport.open(this));
  }

  /** Sends text as text and bytes as bytes, unless `binary`. */
  send(data: Data, { binary = false, compress = true, shared }: SentMessage = {}): boolean {
    return this.#link.during('send', () => this.#transport.send(data, { binary, compress, shared }));
  }

  /** Offers text, by default as a shared message. @returns undefined where there is no outlet. */
  offer(text: string, limitBytes: number, { shared }: SentMessage = { shared: {} }): boolean | undefined {
    const { outlet } = this.#transport;
    if (outlet === undefined) return undefined;
    outlet.limitBytes = limitBytes;
    return this.#link.during('offer', () => outlet.offer(text, { binary: false, compress: true, shared }));
  }

  ping(): boolean {
    return this.#link.during('ping', () => this.#transport.ping());
  }

  pong(): boolean {
    return this.#link.during('pong', () => this.#transport.pong());
  }

  /** Sends a fragment of a message, as `send` sends a whole one. */
  sendFragment(data: Data, { last = false, binary = false }: SentFragment = {}): boolean {
    return this.#link.during('sendFragment', () =>
      this.#transport.sendFragment(data, { binary, compress: true, last }),
    );
  }

  pause(): void {
    this.#link.during('pause', () => this.#transport.pause());
  }

  resume(): void {
    this.#link.during('resume', () => this.#transport.resume());
  }

  close(code: number, reason = ''): void {
    this.#link.during('close', () => this.#transport.close(code, reason));
  }

  terminate(): void {
    this.#link.during('terminate', () => this.#transport.terminate());
  }

  /** @returns Whether the end reads on behind its pause. */
  look(): boolean {
    return this.#link.during('look', () => this.#transport.look?.(LOOK_BYTES)) === true;
  }

  endLook(): boolean {
    return this.#link.during('endLook', () => this.#transport.endLook?.()) === true;
  }

  // What a check sees.

  /** Messages received before the end, oldest first. */
  get messages(): readonly Data[] {
    const end = this.calls.findIndex(({ kind }) => kind === 'end');
    const before = end < 0 ? this.calls : this.calls.slice(0, end);
    return before.flatMap((call) => (call.kind === 'message' ? [call.data] : []));
  }

  /** The number of the message that has come in part; undefined where that is not seen. */
  get unfinished(): number | undefined {
    return this.#transport.unfinished;
  }

  /** The numbers of the messages that have begun, oldest first. */
  get begun(): readonly (number | undefined)[] {
    return this.calls.flatMap((call) => (call.kind === 'begin' ? [call.unfinished] : []));
  }

  /** How often bytes had to wait for the peer. */
  get stalls(): number {
    return this.calls.filter(({ kind }) => kind === 'stall').length;
  }

  /** Waits until so many messages were received. */
  untilMessages(count: number): Promise<void> {
    return this.until(() => this.messages.length >= count);
  }

  /** Waits for the end. */
  async untilEnd(): Promise<LinkEnd> {
    await this.until(() => this.#end !== undefined);
    return this.#end as LinkEnd;
  }

  /** Waits for the end, and compares all of it but the cause. */
  async expectEnd(expected: Omit<LinkEnd, 'cause'>): Promise<void> {
    const { code, reason, clean, by } = await this.untilEnd();
    deepStrictEqual({ code, reason, clean, by }, expected);
  }

  /** Compares the messages received before the end. */
  expectMessages(expected: readonly Data[]): void {
    deepStrictEqual(this.messages.map(label), expected.map(label));
  }

  /** Checks that there was one end, and that it was the last call. */
  expectOneEnd(): void {
    const ends = this.calls.flatMap(({ kind }, index) => (kind === 'end' ? [index] : []));
    deepStrictEqual(ends, [this.calls.length - 1], 'expected one end, and nothing behind it');
  }

  /** Waits for a condition, which is checked after each call of the sink. */
  until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const wait = (): void => {
        if (!isMet()) return;
        this.#waits.delete(wait);
        resolve();
      };
      this.#waits.add(wait);
      wait();
    });
  }

  get #end(): LinkEnd | undefined {
    return this.calls.find((call) => call.kind === 'end')?.end;
  }

  // Called by the transport.

  receive(data: Data, bytes: number): void {
    if (typeof data !== 'string') this.classes.push(data.constructor);
    // A plain copy: a Buffer does not equal the Uint8Array that was sent.
    this.#record({ kind: 'message', data: typeof data === 'string' ? data : new Uint8Array(data), bytes });
  }

  drain(): void {
    this.#record({ kind: 'drain', bufferedBytes: this.bufferedBytes });
  }

  peerClosed(): void {
    this.#link.sinkOnCall();
    this.onPeerClosed();
  }

  begin(): void {
    this.#record({ kind: 'begin', unfinished: this.unfinished });
  }

  /** May come inside `send`: no breach of promise 2. */
  stall(): void {
    this.#add({ kind: 'stall' });
  }

  end(end: LinkEnd): void {
    this.#record({ kind: 'end', end });
  }

  #record(call: SinkCall): void {
    this.#link.sinkOnCall();
    this.#add(call);
  }

  #add(call: SinkCall): void {
    this.calls.push(call);
    this.onCall(call);
    for (const wait of this.#waits) wait();
  }
}

/**
 * Gives data as text: of bytes a digest, because from Node 22 on the diff that `assert` makes of
 * large ones takes gigabytes.
 */
function label(data: Data): string {
  if (typeof data === 'string') return `text: ${data}`;
  return `${data.length} bytes: ${createHash('sha256').update(data).digest('hex')}`;
}
