// A link that the receive queue has paused. The conversation makes it at the first pause and passes
// on its deadline. It gives the peer signs of life, looks for the end of the link every few
// seconds, and tells of a queue that stays full unread. receive-queue.ts counts what a look brings;
// peer-liveness.ts has a look before it judges. A browser cannot pause: its client goes without.

import type { ReceiveQueue } from './receive-queue.ts';
import type { Clock } from '../time/clock.ts';
import { afterPoll } from '../time/scheduling.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Transport } from '../transport/transport.ts';

/**
 * A paused link is read for one turn so often.
 *
 * @limit Time between two looks for the end of a paused link | the link is read for one turn
 */
const LOOK_MS = 3000;
/**
 * What the looks of one pause may bring beyond a full queue.
 *
 * @limit Bytes that are read behind a full queue to find the close of the peer | it is seen once
 * the queue is read
 */
const LOOKS_BYTES = 65_536;
/**
 * A link that is paused for so long without a read is told of.
 *
 * @limit Time that a full queue stays unread | it is reported
 */
const UNREAD_MS = 30_000;
/** No time. */
const NONE = -1;

/** The conversation; an interface, so that the two do not import each other. */
export interface PausedPeer {
  readonly transport: Pick<Transport, 'receivedBytes' | 'pong' | 'look' | 'endLook'>;
  readonly queue: Pick<
    ReceiveQueue,
    'isHolding' | 'isHeld' | 'isFull' | 'messages' | 'bytes' | 'look' | 'endLook'
  >;
  /** Whether its end has begun, or it is over. */
  readonly isEnding: boolean;
  /** The queue is full, and no read has taken anything for {@link UNREAD_MS}. */
  stayedUnread(): void;
}

/** Looks after a paused link, so that its end is noticed though no message is read. */
export class PausedLink {
  readonly #peer: PausedPeer;
  readonly #clock: Clock;
  /** Shared with the reader, the writer and the heartbeat: a socket keeps one timer (I7). */
  readonly #deadline: Deadline;
  /** When the link was paused last. */
  #pausedMs = 0;
  /** When to look next; {@link NONE} without a pause. */
  #lookMs = NONE;
  /**
   * Whether the link runs for a look, or is looked at while it stays paused, and whether a read or
   * a close has resumed it meanwhile.
   */
  #look: 'none' | 'running' | 'paused' | 'resumed' = 'none';
  /** Bytes received at the first look of this pause; undefined before. */
  #receivedAtFirst: number | undefined;
  /** Since when no read has taken anything, and what was queued when that was seen last. */
  #unreadMs = 0;
  #messages = 0;
  #bytes = 0;
  #isTold = false;

  constructor(peer: PausedPeer, clock: Clock, deadline: Deadline) {
    this.#peer = peer;
    this.#clock = clock;
    this.#deadline = deadline;
  }

  /** The link is paused, unless only a look has ended. */
  pause(): void {
    if (this.#look === 'running') return;
    const nowMs = Math.ceil(this.#clock.now());
    this.#pausedMs = nowMs;
    this.#receivedAtFirst = undefined;
    this.#setUnread(nowMs);
    if (this.#lookMs === NONE) this.#lookAt(nowMs + LOOK_MS);
  }

  /** The link runs, unless only a look begins. */
  resume(): void {
    if (this.#look !== 'none') this.#look = 'resumed';
  }

  /** The conversation is over. */
  stop(): void {
    this.#lookMs = NONE;
  }

  /** Whether bytes of the peer are not seen. */
  get isHeld(): boolean {
    return this.#look === 'running' || this.#peer.queue.isHolding;
  }

  onDeadline(nowMs: number): void {
    if (this.#lookMs === NONE) return;
    if (this.#lookMs > nowMs) return this.#deadline.setAt(this.#lookMs);
    this.#lookMs = NONE;
    if (!this.isHeld || this.#peer.isEnding) return;
    // It was resumed and paused again since the deadline was set.
    const firstMs = this.#pausedMs + LOOK_MS;
    if (firstMs > nowMs) return this.#lookAt(firstMs);
    this.#lookAt(Math.ceil(nowMs) + LOOK_MS);
    this.#countUnread(nowMs);
    // Its pings are not seen, and a reset answers the pong.
    this.#peer.transport.pong();
    if (this.look()) afterPoll(this.#clock, () => void this.endLook());
  }

  /**
   * Looks at a paused link until the end of the turn: a close and a reset are seen only while the
   * stream is read. A transport that can do so reads on behind the pause. Where it cannot, the link
   * runs, and what comes becomes messages.
   *
   * @returns Whether it does: the looks of one pause bring {@link LOOKS_BYTES}, and no more. Not
   *   where the rate of the peer holds the link: what came would be beyond the rate.
   */
  look(): boolean {
    const { transport, queue } = this.#peer;
    if (this.#look !== 'none') return true;
    this.#receivedAtFirst ??= transport.receivedBytes;
    const moreBytes = this.#receivedAtFirst + LOOKS_BYTES - transport.receivedBytes;
    if (moreBytes <= 0 || !queue.isHolding || queue.isHeld) return false;
    const isLooking = transport.look?.(moreBytes);
    if (isLooking === undefined) this.#run(moreBytes);
    else if (isLooking) this.#look = 'paused';
    return isLooking !== false;
  }

  /** Ends that turn. @returns Whether the peer had sent nothing, as far as it was seen. */
  endLook(): boolean {
    if (this.#look === 'none') return !this.isHeld;
    const sawNothing = this.#look === 'paused' ? this.#endPausedLook() : this.#endRun();
    this.#noteQueued();
    return sawNothing;
  }

  /** Where the peer's close waits, the link runs for a turn: nothing comes behind it. */
  #endPausedLook(): boolean {
    this.#look = 'none';
    if (this.#peer.transport.endLook?.() !== true) return true;
    this.#run(Infinity);
    afterPoll(this.#clock, () => void this.endLook());
    return false;
  }

  #run(moreBytes: number): void {
    this.#peer.queue.look(moreBytes);
    this.#look = 'running';
  }

  #endRun(): boolean {
    const sawNothing = this.#look === 'running' && this.#peer.queue.endLook();
    this.#look = 'none';
    return sawNothing;
  }

  #lookAt(ms: number): void {
    this.#lookMs = ms;
    this.#deadline.setAt(ms);
  }

  /** Only a read makes less of what is queued. */
  #countUnread(nowMs: number): void {
    const { messages, bytes, isFull } = this.#peer.queue;
    if (messages < this.#messages || bytes < this.#bytes) return this.#setUnread(nowMs);
    this.#noteQueued();
    if (this.#isTold || !isFull || nowMs < this.#unreadMs + UNREAD_MS) return;
    this.#isTold = true;
    this.#peer.stayedUnread();
  }

  #setUnread(nowMs: number): void {
    this.#unreadMs = nowMs;
    this.#isTold = false;
    this.#noteQueued();
  }

  #noteQueued(): void {
    this.#messages = this.#peer.queue.messages;
    this.#bytes = this.#peer.queue.bytes;
  }
}
