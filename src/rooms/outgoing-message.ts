// One message as the members of one node get it: what was published, or what a `frame` has made of
// it. All sends share it, so that a transport encodes it once (promise 23 of the Transport port).

import { bytesOf } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import type { SendOptions, SharedMessage } from '../transport/transport.ts';

/** A message on its way to many members. */
export class OutgoingMessage {
  readonly data: Data;
  readonly #shared: SharedMessage = { frame: undefined };
  /** How a socket sends it that does not send text as binary. */
  readonly typed: SendOptions;
  /** Made for the first member that sends binary messages only. */
  #binary: SendOptions | undefined;
  #bytes = -1;

  constructor(data: Data) {
    this.data = data;
    this.typed = { binary: false, compress: true, shared: this.#shared };
  }

  /** Its size on the wire, counted once. */
  get bytes(): number {
    if (this.#bytes < 0) this.#bytes = bytesOf(this.data);
    return this.#bytes;
  }

  /** How a socket sends it: as one of its own writes. */
  optionsFor(writer: { readonly isBinary: boolean }): SendOptions {
    if (!writer.isBinary) return this.typed;
    this.#binary ??= { binary: true, compress: true, shared: this.#shared };
    return this.#binary;
  }
}
