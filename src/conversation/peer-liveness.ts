// The signs of life of one peer: what had come from it, and what it had taken,
// when it was asked. The heartbeat asks and judges at its times; nothing is done
// when a message passes.

import type { ReceiveQueue } from './receive-queue.ts';
import type { Transport } from '../transport/transport.ts';

/** What the heartbeat needs of a conversation. */
export interface WatchedPeer {
  readonly transport: Pick<Transport, 'bufferedBytes' | 'receivedBytes' | 'flushedBytes' | 'ping' | 'pong'>;
  readonly queue: Pick<ReceiveQueue, 'isHolding' | 'probe' | 'endProbe'>;
  /** Whether somebody else has begun to end it, or it is over. */
  readonly isEnding: boolean;
  terminate(closer: 'heartbeat'): void;
}

/** Where a watched peer is kept, and hears that it is not needed any more. */
export interface LivenessOwner {
  livenessOnStop(liveness: PeerLiveness): void;
}

/** No sign is waited for; no bytes of ours waited to be taken. Small integers cost no object of their own. */
const NONE = -1;

/** One peer, as far as it shows that it lives. */
export class PeerLiveness {
  readonly #conversation: WatchedPeer;
  readonly #keeper: LivenessOwner;
  /** Its place with the keeper, who alone changes it. */
  place = 0;
  #sinceMs = NONE;
  /** What had come by then. */
  #received = 0;
  /** What had been taken by then. */
  #taken = NONE;
  /** Whether the link runs for a turn though it is held back. */
  #isProbing = false;

  constructor(conversation: WatchedPeer, keeper: LivenessOwner) {
    this.#conversation = conversation;
    this.#keeper = keeper;
  }

  /** Since when a sign is waited for, in whole milliseconds of the clock; Infinity while none is. */
  get sinceMs(): number {
    return this.#sinceMs === NONE ? Infinity : this.#sinceMs;
  }

  /** Whether the peer is held back: what it sends is not seen. */
  get isHeld(): boolean {
    return this.#isProbing || this.#conversation.queue.isHolding;
  }

  /** The conversation is over. */
  stop(): void {
    this.#sinceMs = NONE;
    this.#keeper.livenessOnStop(this);
  }

  /** Asks for a sign of life; waits from now on, unless it has waited in vain since an earlier call. */
  ask(nowMs: number): void {
    const { transport } = this.#conversation;
    if (this.#sinceMs === NONE || !(this.#isSilent || this.#isStuck)) {
      this.#sinceMs = Math.ceil(nowMs);
      this.#received = transport.receivedBytes;
      this.#taken = transport.bufferedBytes > 0 ? transport.flushedBytes : NONE;
    }
    // Where the end has begun, others count the time.
    if (!transport.ping()) this.#sinceMs = NONE;
  }

  /**
   * The time is up: looks whether there was a sign, and lets a link that is held back
   * run for a turn.
   *
   * @returns Whether to ask `isDead` when the event loop has had a turn: what has come
   *   while this process stood still is read then. It waits no more.
   */
  isSuspect(): boolean {
    this.#sinceMs = NONE;
    if (this.#conversation.isEnding) return false;
    if (this.#isStuck) return true;
    if (!this.#isSilent) return false;
    // Its silence does not count while we do not listen.
    return !this.isHeld || this.#probe();
  }

  /** @returns Whether there was no sign in that turn either. */
  isDead(): boolean {
    const sawNothing = this.endProbe();
    if (this.#conversation.isEnding) return false;
    return this.#isStuck || (this.#isSilent && sawNothing);
  }

  /** Gives a peer that is held back, and whose pings are not seen, a sign of life, and listens for a turn. */
  probe(): void {
    this.#conversation.transport.pong();
    this.#probe();
  }

  /** That turn is over. @returns Whether all that there was has been seen. */
  endProbe(): boolean {
    if (!this.#isProbing) return !this.isHeld;
    this.#isProbing = false;
    return this.#conversation.queue.endProbe();
  }

  terminate(): void {
    this.#conversation.terminate('heartbeat');
  }

  /** Whether nothing has come. */
  get #isSilent(): boolean {
    return this.#conversation.transport.receivedBytes === this.#received;
  }

  /** Whether bytes of ours waited to be taken, and none was. */
  get #isStuck(): boolean {
    const { bufferedBytes, flushedBytes } = this.#conversation.transport;
    return this.#taken !== NONE && bufferedBytes > 0 && flushedBytes === this.#taken;
  }

  #probe(): boolean {
    this.#isProbing ||= this.#conversation.queue.probe();
    return this.#isProbing;
  }
}
