// An end of a link in memory that a script can stall: what arrives waits until the link is healed,
// as behind a network that has stopped.

import type {
  FragmentOptions,
  SendOptions,
  Transport,
  TransportSink,
} from '../../src/transport/transport.ts';
import type { Data } from '../../src/core/data.ts';

export class ShakyTransport implements Transport {
  readonly #inner: Transport;
  #isStalled = false;
  /** Whether the conversation above has paused this end. */
  #isPaused = false;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  /** From now on nothing arrives at this end. */
  stall(): void {
    this.#isStalled = true;
    this.#inner.pause();
  }

  heal(): void {
    this.#isStalled = false;
    if (!this.#isPaused) this.#inner.resume();
  }

  get protocol(): string {
    return this.#inner.protocol;
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes;
  }

  get receivedBytes(): number {
    return this.#inner.receivedBytes;
  }

  get flushedBytes(): number {
    return this.#inner.flushedBytes;
  }

  get unfinished(): number | undefined {
    return this.#inner.unfinished;
  }

  open(sink: TransportSink): void {
    this.#inner.open(sink);
  }

  send(data: Data, options: SendOptions): boolean {
    return this.#inner.send(data, options);
  }

  sendFragment(data: Data, options: FragmentOptions): boolean {
    return this.#inner.sendFragment(data, options);
  }

  ping(): boolean {
    return this.#inner.ping();
  }

  pong(): boolean {
    return this.#inner.pong();
  }

  pause(): void {
    this.#isPaused = true;
    this.#inner.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isStalled) this.#inner.resume();
  }

  close(code: number, reason: string): void {
    this.#inner.close(code, reason);
  }

  terminate(): void {
    this.#inner.terminate();
  }
}
