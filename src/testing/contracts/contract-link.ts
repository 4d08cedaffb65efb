// What the checks of the transport contract hold: both ends of a link, each with
// a sink that writes down what it hears. The promises themselves are checked in
// transport-contract.ts.

import { deepStrictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Transport, TransportSink } from '../../transport/transport.ts';
import type { LinkEnd } from '../../core/close-info.ts';
import type { Data } from '../../core/data.ts';
import { noop } from '../../core/noop.ts';

/** One call of a sink. */
export type Heard =
  | { readonly kind: 'message'; readonly data: Data; readonly bytes: number }
  | { readonly kind: 'drain'; readonly bufferedBytes: number }
  | { readonly kind: 'end'; readonly end: LinkEnd };

/** How a check sends a part; by default more follows. */
export interface SentFragment {
  readonly last?: boolean;
  readonly binary?: boolean;
}

/** Both ends, and whether a sink was called inside a call of theirs. */
export class ContractLink {
  readonly near: ContractEnd;
  readonly far: ContractEnd;
  /** The call of a transport that has not returned. */
  #call: string | undefined;
  /** Calls that called a sink. */
  readonly breaches: Set<string> = new Set();

  constructor(pair: { readonly near: Transport; readonly far: Transport }) {
    this.near = new ContractEnd(pair.near, this);
    this.far = new ContractEnd(pair.far, this);
  }

  /** Opens both ends. */
  open(): this {
    this.near.open();
    this.far.open();
    return this;
  }

  /** Calls a transport; what its sink hears meanwhile is a breach of promise 2. */
  during<T>(call: string, run: () => T): T {
    const outer = this.#call;
    this.#call = call;
    try {
      return run();
    } finally {
      this.#call = outer;
    }
  }

  /** A sink was called. */
  sinkOnCall(): void {
    if (this.#call !== undefined) this.breaches.add(this.#call);
  }
}

/** One end of a link, and all that its sink has heard. */
export class ContractEnd implements TransportSink {
  readonly heard: Heard[] = [];
  /** Called inside each call of the sink. */
  onHeard: (heard: Heard) => void = noop;
  readonly #transport: Transport;
  readonly #link: ContractLink;
  /** Waits that look again whenever something is heard. */
  readonly #waits = new Set<() => void>();

  constructor(transport: Transport, link: ContractLink) {
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

  // What a check does.

  open(): void {
    this.#link.during('open', () => this.#transport.open(this));
  }

  /** Sends text as text and bytes as bytes, unless `binary`. */
  send(data: Data, { binary = false }: { readonly binary?: boolean } = {}): boolean {
    return this.#link.during('send', () => this.#transport.send(data, { binary, compress: true }));
  }

  ping(): boolean {
    return this.#link.during('ping', () => this.#transport.ping());
  }

  pong(): boolean {
    return this.#link.during('pong', () => this.#transport.pong());
  }

  /** Sends a part of a message as `send` does a whole one. */
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

  // What a check sees.

  /** Messages heard before the end, oldest first. */
  get messages(): readonly Data[] {
    const end = this.heard.findIndex(({ kind }) => kind === 'end');
    const before = end < 0 ? this.heard : this.heard.slice(0, end);
    return before.flatMap((heard) => (heard.kind === 'message' ? [heard.data] : []));
  }

  /** Waits until so many messages were heard. */
  untilMessages(count: number): Promise<void> {
    return this.until(() => this.messages.length >= count);
  }

  /** Waits for the end. */
  async untilEnd(): Promise<LinkEnd> {
    await this.until(() => this.#end !== undefined);
    return this.#end as LinkEnd;
  }

  /** Waits for the end, and compares it. */
  async expectEnd(expected: Omit<LinkEnd, 'cause'>): Promise<void> {
    const { code, reason, clean, by } = await this.untilEnd();
    deepStrictEqual({ code, reason, clean, by }, expected);
  }

  /** Compares the messages heard before the end. */
  expectMessages(expected: readonly Data[]): void {
    deepStrictEqual(this.messages.map(label), expected.map(label));
  }

  /** Compares all ends that were heard, and their place, with one that is the last. */
  expectOneEnd(): void {
    const ends = this.heard.flatMap(({ kind }, index) => (kind === 'end' ? [index] : []));
    deepStrictEqual(ends, [this.heard.length - 1], 'expected one end, and nothing behind it');
  }

  /** Waits until what was heard is enough. */
  until(isEnough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const wait = (): void => {
        if (!isEnough()) return;
        this.#waits.delete(wait);
        resolve();
      };
      this.#waits.add(wait);
      wait();
    });
  }

  get #end(): LinkEnd | undefined {
    return this.heard.find((heard) => heard.kind === 'end')?.end;
  }

  // Called by the transport.

  receive(data: Data, bytes: number): void {
    // A plain copy: a Buffer does not equal the Uint8Array that was sent.
    this.#hear({ kind: 'message', data: typeof data === 'string' ? data : new Uint8Array(data), bytes });
  }

  drain(): void {
    this.#hear({ kind: 'drain', bufferedBytes: this.bufferedBytes });
  }

  end(end: LinkEnd): void {
    this.#hear({ kind: 'end', end });
  }

  #hear(heard: Heard): void {
    this.#link.sinkOnCall();
    this.heard.push(heard);
    this.onHeard(heard);
    for (const wait of this.#waits) wait();
  }
}

/** As text, and of large bytes a digest: from Node 22 on assert's own diff of those takes gigabytes. */
function label(data: Data): string {
  if (typeof data === 'string') return `text: ${data}`;
  return `${data.length} bytes: ${createHash('sha256').update(data).digest('hex')}`;
}
