// What a read asks for and on whose behalf. Types only: the socket makes them,
// the reader answers, the waiting line keeps them meanwhile.

import type { SourcePort } from '../words/source.ts';
import type { ReadResult } from '../words/status.ts';

/** What one holder of a socket has set, and where its last read stopped. Several hold a shared one. */
export interface ReadView {
  /** Every read gives bytes. */
  binaryData: boolean;
  /** Whether the last read reached the end of its message. */
  atEnd: boolean;
  /** Reads after the end. */
  closedReads: number;
  /** For `select`; made on first use, and kept here so that an idle socket pays nothing for it. */
  port?: SourcePort<ReadResult>;
}

/** One call of `read` or `readMessage`. */
export interface ReadRequest {
  /** Most to return; undefined: the seed's default, which warns when it cuts. */
  readonly len: number | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** The public method that was called: where its caller stands is traced from here. */
  readonly method: (...args: never[]) => unknown;
}
