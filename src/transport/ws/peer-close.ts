// The close frame of a peer, from its coming to our answer: `ws` would answer at once, and end our
// side where the peer has ended its own. Here the sink has its last words first. WsTransport makes
// one where a close frame comes, or where the end of a stream is diverted (inbound-stream.ts).

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { nextTick } from './next-tick.ts';
import { inMicrotask } from '../../core/microtask.ts';

const ONE_BYTE = new Uint8Array(1);

/** Holds the answer to the peer's close frame back, and with it the end of the stream. */
export class PeerClose {
  readonly #ws: Pick<WebSocket, 'extensions'>;
  readonly #stream: Duplex | undefined;
  #answer: (() => void) | undefined;
  #isAnswered = false;
  /** Whether the stream is held: the answer is owed, or waits for zlib. */
  #isHolding = false;
  /** Has `ws` hear of the end of the stream. */
  #tellEnd: (() => void) | undefined;

  constructor(ws: Pick<WebSocket, 'extensions'>, stream: Duplex | undefined) {
    this.#ws = ws;
    this.#stream = stream;
  }

  /** Whether the close frame has come and is not answered. */
  get isPending(): boolean {
    return this.#answer !== undefined;
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /**
   * The close frame has come. Until the answer the stream is paused, with a byte in its buffer, so
   * that it does not end. What the peer sends behind its close frame is dropped in any case.
   */
  hold(answer: () => void): void {
    const stream = this.#stream;
    this.#answer = answer;
    this.#isHolding = true;
    // `ws` resumes the stream in the next tick, which was queued before this one.
    nextTick(() => {
      if (stream === undefined || !this.#isHolding) return;
      stream.pause();
      if (!stream.readableEnded) stream.unshift(ONE_BYTE);
    });
  }

  /**
   * Answers a close frame that waits. The stream goes on behind ours, which waits for zlib on a
   * compressed link.
   */
  answer(): void {
    const answer = this.#answer as () => void;
    this.#answer = undefined;
    this.#isAnswered = true;
    answer();
    if (this.#ws.extensions === '') this.#goOn();
    else this.#stream?.once('finish', () => this.#goOn());
  }

  /**
   * The stream has ended: `ws` ends our side when it hears of it, so the answer goes first. That a
   * rule was broken, `ws` says in ticks of its own, which come before the microtask.
   */
  streamEnded(tellEnd: () => void): void {
    this.#tellEnd = tellEnd;
    inMicrotask(() => {
      if (!this.#isHolding) this.#goOn();
    });
  }

  #goOn(): void {
    const tellEnd = this.#tellEnd;
    this.#tellEnd = undefined;
    this.#isHolding = false;
    this.#stream?.resume();
    if (this.#stream?.destroyed === false) tellEnd?.();
  }
}
