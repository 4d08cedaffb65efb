// What comes in on one socket, by the clock: the time that each message may take from its first
// byte to its last, and the rate of messages and bytes. A host gives it to its conversations, which
// make it with the first message that comes in part, or at once where there is a rate, and pass
// their deadline on. Frames are followed in transport/ws/inbound-frames.ts, the buckets of a rate
// are in rate-meter.ts.

import { RateMeter } from './rate-meter.ts';
import type { RateLimit } from './rate-meter.ts';
import type { ReceiveQueue } from './receive-queue.ts';
import { limitCause } from '../core/errors.ts';
import { MESSAGE_OVERHEAD_BYTES } from '../core/limits.ts';
import { afterPoll } from '../time/scheduling.ts';
import type { Clock } from '../time/clock.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Transport } from '../transport/transport.ts';

/** How much a peer may send, and how slowly. */
export interface InflowLimits {
  readonly clock: Clock;
  /** From the first byte of a message to its last. */
  readonly messageTimeoutMs: number;
  readonly rate?: RateLimit | undefined;
}

/** The conversation; an interface, so that the two do not import each other. */
export interface ReceivingPeer {
  readonly transport: Pick<Transport, 'unfinished' | 'watchControls'>;
  readonly queue: Pick<ReceiveQueue, 'isHolding' | 'hold' | 'release'>;
  close(code: number, reason: string, closer: 'limit', cause: Error): void;
}

/** Watches the conversations of one host. */
export class Inflows {
  readonly limits: InflowLimits;

  constructor(limits: InflowLimits) {
    this.limits = limits;
  }

  /** Whether each message counts from the first on. */
  get hasRate(): boolean {
    return this.limits.rate !== undefined;
  }

  of(peer: ReceivingPeer, deadline: Deadline): Inflow {
    return new Inflow(peer, this.limits, deadline);
  }
}

/**
 * The longest time that a rate holds a link, unless one of its windows is longer: while it is held,
 * neither a close nor the loss of the link is seen.
 *
 * @limit Time by which a client may be ahead of its `rate` | close 1008
 */
const LONGEST_HOLD_MS = 300_000;

/** No time. */
const NONE = -1;

/** Closes a peer that is too slow with a message, and holds or closes one that sends too much. */
export class Inflow {
  readonly #peer: ReceivingPeer;
  readonly #limits: InflowLimits;
  /** Shared with reader, writer and heartbeat: a socket keeps one timer (I7). */
  readonly #deadline: Deadline;
  readonly #meter: RateMeter | undefined;
  /** The number of the message that is waited for, 0 for none; and until when. */
  #number = 0;
  #dueMs = NONE;
  /** Since when the link is paused, or since the message has begun, if that is later. */
  #pausedMs: number;
  /** Until when the rate holds the link. */
  #holdMs = NONE;

  constructor(peer: ReceivingPeer, limits: InflowLimits, deadline: Deadline) {
    this.#peer = peer;
    this.#limits = limits;
    this.#deadline = deadline;
    this.#pausedMs = peer.queue.isHolding ? limits.clock.now() : NONE;
    this.#meter = limits.rate && new RateMeter(limits.rate);
    if (limits.rate?.bytes !== undefined)
      peer.transport.watchControls?.((_, { length }) => this.#count(0, length + MESSAGE_OVERHEAD_BYTES));
  }

  /** Whether nothing is due: no message comes in part, and the rate does not hold the link. */
  get isIdle(): boolean {
    return this.#holdMs === NONE && !(this.#isWaiting && this.#pausedMs === NONE);
  }

  /** A message has come in part: its time begins. */
  begin(): void {
    const { clock, messageTimeoutMs } = this.#limits;
    const nowMs = clock.now();
    this.#number = this.#peer.transport.unfinished ?? 0;
    this.#dueMs = nowMs + messageTimeoutMs;
    if (this.#pausedMs !== NONE) this.#pausedMs = nowMs;
    this.#setDeadline();
  }

  /** Counts a message that has come whole. Called before it is read or queued. */
  receive(bytes: number): void {
    this.#count(1, bytes + MESSAGE_OVERHEAD_BYTES);
  }

  /** The link is paused: the time of a message stands still. */
  pause(): void {
    this.#pausedMs = this.#limits.clock.now();
  }

  resume(): void {
    if (this.#pausedMs === NONE) return;
    this.#dueMs += this.#limits.clock.now() - this.#pausedMs;
    this.#pausedMs = NONE;
    this.#setDeadline();
  }

  /** Does what is due, and sets the deadline for the rest. */
  onDeadline(nowMs: number): void {
    if (this.#holdMs !== NONE && this.#holdMs <= nowMs) {
      this.#holdMs = NONE;
      this.#peer.queue.release();
    }
    if (this.#holdMs !== NONE) this.#deadline.setAt(this.#holdMs);
    if (this.#isLate(nowMs)) this.#judge();
    else this.#setDeadline();
  }

  get #isWaiting(): boolean {
    return this.#number !== 0 && this.#peer.transport.unfinished === this.#number;
  }

  /** Whether the message that is waited for has taken too long, while the link was not paused. */
  #isLate(nowMs: number): boolean {
    return this.#isWaiting && this.#pausedMs === NONE && this.#dueMs <= nowMs;
  }

  #setDeadline(): void {
    if (this.#isWaiting && this.#pausedMs === NONE) this.#deadline.setAt(this.#dueMs);
  }

  /** Its rest may lie in the kernel while the process stood still: reads that first. */
  #judge(): void {
    const { clock, messageTimeoutMs } = this.#limits;
    afterPoll(clock, () => {
      if (!this.#isLate(clock.now())) return;
      const text = `The peer has not completed a message in ${messageTimeoutMs} ms`;
      const cause = limitCause('messageTimeoutMs', text);
      this.#peer.close(1008, '', 'limit', cause);
    });
  }

  #count(messages: number, bytes: number): void {
    const meter = this.#meter;
    if (meter === undefined) return;
    const nowMs = this.#limits.clock.now();
    if (this.#limits.rate?.over === 'close' && meter.waitFor(messages, bytes, nowMs) > 0) {
      const cause = limitCause('rate', 'The peer has sent more than the option `rate` allows');
      return this.#peer.close(1008, '', 'limit', cause);
    }
    meter.take(messages, bytes, nowMs);
    if (this.#limits.rate?.over !== 'close') this.#hold(meter, nowMs);
  }

  /** Holds the link until there is room for one more message and byte. */
  #hold(meter: RateMeter, nowMs: number): void {
    const waitMs = meter.waitFor(1, 1, nowMs);
    if (waitMs === 0) return;
    if (waitMs > Math.max(LONGEST_HOLD_MS, meter.windowMs)) {
      const cause = limitCause('rate', 'The peer is too far ahead of the option `rate`');
      return this.#peer.close(1008, '', 'limit', cause);
    }
    this.#holdMs = nowMs + waitMs;
    this.#peer.queue.hold();
    this.#deadline.setAt(this.#holdMs);
  }
}
