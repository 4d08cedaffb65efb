// The connections of `serve` whose request is not whole yet, and the time that they have for it.
// serve.ts tells of each connection and each request. The times of node:http do not do: they begin
// anew with the first byte, so that a client has twice as long.

import type { Duplex } from 'node:stream';
import { refuse, REFUSALS } from '../handshake/refusal.ts';
import type { Clock } from '../time/clock.ts';
import { noop } from '../core/noop.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

interface PendingRequest extends ListNode<PendingRequest> {
  readonly stream: Duplex;
  readonly dueMs: number;
  readonly line: LinkedList<PendingRequest>;
}

/** On a stream while its request is not whole: a Map would cost more, once for each handshake. */
const PENDING: unique symbol = Symbol('pending request');
type PendingStream = Duplex & { [PENDING]?: PendingRequest | undefined };

/**
 * Answers 408 to connections whose request is not whole in time. All have the same time, so they
 * stand in one line, under one timer: that stays set until it rings, also where the line is empty.
 */
export class PendingRequests {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onLate: () => void;
  readonly #line = new LinkedList<PendingRequest>();
  #timer: unknown;

  /** @param onLate - Called for each connection that is refused. */
  constructor(clock: Clock, timeoutMs: number, onLate: () => void = noop) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onLate = onLate;
  }

  /** A connection has come: its time begins. */
  begin(stream: PendingStream): void {
    const dueMs = this.#clock.now() + this.#timeoutMs;
    const line = this.#line;
    const pending: PendingRequest = { stream, dueMs, line, previous: undefined, next: undefined };
    stream[PENDING] = pending;
    stream.on('close', forget);
    line.append(pending);
    if (this.#timer === undefined) this.#wait(this.#timeoutMs);
  }

  /**
   * The request of a connection is whole, or cannot become one.
   *
   * @returns false for a connection that has had its answer: what still comes on it is no request.
   */
  end(stream: PendingStream): boolean {
    if (stream[PENDING] === undefined) return false;
    forget.call(stream);
    stream.off('close', forget);
    return true;
  }

  /** Cancels the timer. */
  stop(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#onTimer(), Math.max(Math.ceil(ms), 0));
  }

  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    for (let { first } = this.#line; first !== undefined; { first } = this.#line) {
      const { stream, dueMs } = first;
      if (dueMs > nowMs) return this.#wait(dueMs - nowMs);
      this.end(stream);
      refuse(stream, REFUSALS.tooLate, this.#clock);
      this.#onLate();
    }
  }
}

function forget(this: PendingStream): void {
  const pending = this[PENDING];
  this[PENDING] = undefined;
  pending?.line.remove(pending);
}
