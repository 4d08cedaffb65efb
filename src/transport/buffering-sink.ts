// Buffers the sink calls that a transport makes before it is opened, in order (promises 1 and 2 of
// the Transport port). All three transports use it; `transport.ts` has the port.

import type { TransportSink } from './transport.ts';
import type { LinkEnd } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';
import { inMicrotask } from '../core/microtask.ts';

type Call = (sink: TransportSink) => void;

/** Takes the place of the sink until `open` sets it. */
export class BufferingSink implements TransportSink {
  readonly #calls: Call[] = [];
  /** Set once all buffered calls were passed on; later calls go to it directly. */
  #sink: TransportSink | undefined;

  receive(data: Data, bytes: number): void {
    this.#pass((sink) => sink.receive(data, bytes));
  }

  begin(): void {
    this.#pass((sink) => sink.begin());
  }

  drain(): void {
    this.#pass((sink) => sink.drain());
  }

  peerClosed(): void {
    this.#pass((sink) => sink.peerClosed());
  }

  stall(): void {
    this.#pass((sink) => sink.stall());
  }

  end(end: LinkEnd): void {
    this.#pass((sink) => sink.end(end));
  }

  /**
   * Delivers all buffered calls in a microtask, because `open` must not call the sink (promise 2).
   *
   * @returns The sink that the transport uses from now on: the given one if nothing was buffered,
   *   else this one, which keeps the order of the calls that come before the microtask.
   */
  deliverTo(sink: TransportSink): TransportSink {
    if (this.#calls.length === 0) return sink;
    inMicrotask(() => {
      this.#sink = sink;
      for (const call of this.#calls) call(sink);
    });
    return this;
  }

  #pass(call: Call): void {
    if (this.#sink === undefined) this.#calls.push(call);
    else call(this.#sink);
  }
}
