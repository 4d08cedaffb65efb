// What arrives between the making of a transport and the opening of its sink is
// kept here, in order (promise 1 of the Transport port).

import type { TransportSink } from './transport.ts';
import type { LinkEnd } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';

type Call = (sink: TransportSink) => void;

/** Stands in for the sink until there is one. */
export class BufferingSink implements TransportSink {
  readonly #calls: Call[] = [];
  /** Where the calls go, once those that were early have gone there. */
  #sink: TransportSink | undefined;

  receive(data: Data, bytes: number): void {
    this.#pass((sink) => sink.receive(data, bytes));
  }

  drain(): void {
    this.#pass((sink) => sink.drain());
  }

  end(end: LinkEnd): void {
    this.#pass((sink) => sink.end(end));
  }

  /** @returns What stands for the sink from now on: itself where nothing was early, else this, which tells it in a moment (promise 2). */
  handOverTo(sink: TransportSink): TransportSink {
    if (this.#calls.length === 0) return sink;
    queueMicrotask(() => {
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
