// Signs of life of one peer: pings it, compares what has come since, has a look at a paused link,
// and terminates a dead one. The conversation makes it and passes on its deadline. What the peer
// takes is taken-bytes.ts's. A passing message costs nothing here: counters are compared.

import type { PausedLink } from './paused-link.ts';
import { afterPoll } from '../time/scheduling.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Clock } from '../time/clock.ts';
import type { Transport } from '../transport/transport.ts';

/** No time, no count. Times are whole milliseconds: small integers cost no object of their own. */
const NONE = -1;

/** The conversation; an interface, so that the two do not import each other. */
export interface WatchedPeer {
  readonly transport: Pick<Transport, 'bufferedBytes' | 'receivedBytes' | 'ping'>;
  /** Undefined where the link was never paused. */
  readonly pausedLink: Pick<PausedLink, 'isHeld' | 'look' | 'endLook'> | undefined;
  /** Whether its end has begun, or it is over. */
  readonly isEnding: boolean;
  /** Whether it takes what waits for it: it answers a ping once it has read so far. */
  readonly isReading: boolean;
  /** Bytes wait for it. */
  stall(): void;
  terminate(closer: 'heartbeat', cause: Error): void;
}

/** The heartbeat that all sockets of a host share; an interface, for the same reason. */
export interface SharedHeartbeat {
  readonly clock: Clock;
  readonly times: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly stepMs: number;
  join(nowMs: number): number;
  leave(): void;
}

/** Asks one peer for signs of life, and terminates its conversation when there is none. */
export class PeerLiveness {
  readonly #peer: WatchedPeer;
  readonly #heartbeat: SharedHeartbeat;
  /** Shared with the reader and the writer: a socket keeps one timer (I7). */
  readonly #deadline: Deadline;
  /** When to ask next. */
  #askMs: number;
  /** Since when a sign is waited for. */
  #sinceMs = NONE;
  /** Bytes received when it was asked. */
  #received = 0;

  constructor(peer: WatchedPeer, heartbeat: SharedHeartbeat, deadline: Deadline) {
    this.#peer = peer;
    this.#heartbeat = heartbeat;
    this.#deadline = deadline;
    const nowMs = heartbeat.clock.now();
    this.#askMs = Math.ceil(heartbeat.join(nowMs));
    // The same wait for all sockets: those that close within it share one timer.
    deadline.setAt(nowMs + heartbeat.stepMs);
  }

  /** The conversation is over. */
  stop(): void {
    this.#askMs = NONE;
    this.#sinceMs = NONE;
    this.#heartbeat.leave();
  }

  /** Does what is due, and sets the deadline for the rest. */
  onDeadline(nowMs: number): void {
    // Asks before it judges: the counts of the earlier question are kept, and decide.
    if (isDue(this.#askMs, nowMs)) this.#ask(nowMs);
    if (isDue(this.#judgeMs, nowMs)) this.#judge();
    for (const dueMs of [this.#askMs, this.#judgeMs]) {
      if (dueMs !== NONE) this.#deadline.setAt(dueMs);
    }
  }

  get #judgeMs(): number {
    return this.#sinceMs === NONE ? NONE : this.#sinceMs + this.#heartbeat.times.timeoutMs;
  }

  /** Asks for a sign of life. Waits for it from now on, or since an earlier vain question. */
  #ask(nowMs: number): void {
    const { transport } = this.#peer;
    // Before the ping: a transport that breaks promise 2 of its port ends the conversation there.
    this.#askMs = nextMs(this.#askMs, this.#heartbeat.times.intervalMs, nowMs);
    if (this.#sinceMs === NONE || !this.#isSilent) {
      this.#sinceMs = Math.ceil(nowMs);
      this.#received = transport.receivedBytes;
    }
    if (transport.bufferedBytes > 0) this.#peer.stall();
    // The end of the link has begun: closeTimeoutMs bounds it.
    if (!transport.ping()) this.#sinceMs = NONE;
  }

  /**
   * The time is up. A silent peer is judged after a poll: its bytes may lie in the kernel while the
   * process stood still.
   */
  #judge(): void {
    this.#sinceMs = NONE;
    if (!this.#isSuspect()) return;
    afterPoll(this.#heartbeat.clock, () => {
      if (this.#isDead()) this.#peer.terminate('heartbeat', this.#deadError());
    });
  }

  /**
   * Whether there was no sign. Lets a paused link run for a turn: until then its silence does not
   * count.
   */
  #isSuspect(): boolean {
    const { isEnding, isReading, pausedLink } = this.#peer;
    if (isEnding || !this.#isSilent || isReading) return false;
    return pausedLink?.isHeld !== true || pausedLink.look();
  }

  /** Whether there was no sign in that turn either. */
  #isDead(): boolean {
    const sawNothing = this.#peer.pausedLink?.endLook() !== false;
    if (this.#peer.isEnding || this.#peer.isReading) return false;
    return this.#isSilent && sawNothing;
  }

  #deadError(): Error {
    return new Error(`The peer has given no sign of life for ${this.#heartbeat.times.timeoutMs} ms`);
  }

  /** Whether nothing has come since it was asked. */
  get #isSilent(): boolean {
    return this.#peer.transport.receivedBytes === this.#received;
  }
}

function isDue(dueMs: number, nowMs: number): boolean {
  return dueMs !== NONE && dueMs <= nowMs;
}

/** Finds the first moment after now that is a whole number of periods after a first one. */
function nextMs(firstMs: number, periodMs: number, nowMs: number): number {
  return firstMs + periodMs * (Math.floor((nowMs - firstMs) / periodMs) + 1);
}
