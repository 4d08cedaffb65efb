// Signs of life of one peer: pings it, compares what has come since, probes a link that is held
// back, and terminates a dead one. The conversation makes it and passes on its deadline. What the
// peer takes is taken-bytes.ts's. A passing message costs nothing here: counters are compared.

import type { Heartbeat } from './heartbeat.ts';
import type { ReceiveQueue } from './receive-queue.ts';
import { afterPoll } from '../time/scheduling.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Transport } from '../transport/transport.ts';

/** The link of a socket with a full queue is read for one turn so often. */
const PROBE_MS = 5000;
/** No time, no count. Times are whole milliseconds: small integers cost no object of their own. */
const NONE = -1;

/** The conversation; an interface, so that the two do not import each other. */
export interface WatchedPeer {
  readonly transport: Pick<Transport, 'bufferedBytes' | 'receivedBytes' | 'ping' | 'pong'>;
  readonly queue: Pick<ReceiveQueue, 'isHolding' | 'probe' | 'endProbe'>;
  /** Whether its end has begun, or it is over. */
  readonly isEnding: boolean;
  /** Whether it takes what waits for it: it answers a ping once it has read so far. */
  readonly isReading: boolean;
  /** Bytes wait for it. */
  stall(): void;
  terminate(closer: 'heartbeat', cause: Error): void;
}

/** Asks one peer for signs of life, and terminates its conversation when there is none. */
export class PeerLiveness {
  readonly #peer: WatchedPeer;
  readonly #heartbeat: Heartbeat;
  /** Shared with the reader and the writer: a socket keeps one timer (I7). */
  readonly #deadline: Deadline;
  /** When to ask next. */
  #askMs: number;
  /** Since when a sign is waited for. */
  #sinceMs = NONE;
  /** When to probe the link next; {@link NONE} while it is not held back. */
  #probeMs = NONE;
  /** Bytes received when it was asked. */
  #received = 0;
  /** Whether the link runs for a turn though it is held back. */
  #isProbing = false;

  constructor(peer: WatchedPeer, heartbeat: Heartbeat, deadline: Deadline) {
    this.#peer = peer;
    this.#heartbeat = heartbeat;
    this.#deadline = deadline;
    const nowMs = heartbeat.clock.now();
    this.#askMs = Math.ceil(nowMs + heartbeat.join());
    // The same wait for all sockets: those that close within it share one timer.
    deadline.setAt(nowMs + heartbeat.stepMs);
  }

  /** The conversation is over. */
  stop(): void {
    this.#askMs = NONE;
    this.#sinceMs = NONE;
    this.#probeMs = NONE;
    this.#heartbeat.leave();
  }

  /** Does what is due, and sets the deadline for the rest. */
  onDeadline(nowMs: number): void {
    // Asks before it judges: the counts of the earlier question are kept, and decide.
    if (isDue(this.#askMs, nowMs)) this.#ask(nowMs);
    if (isDue(this.#judgeMs, nowMs)) this.#judge();
    if (isDue(this.#probeMs, nowMs)) this.#probe(nowMs);
    for (const dueMs of [this.#askMs, this.#judgeMs, this.#probeMs]) {
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
    if (this.#probeMs === NONE) this.#probeMs = Math.floor(nowMs);
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
   * Whether there was no sign. Lets a link that is held back run for a turn: until then its silence
   * does not count.
   */
  #isSuspect(): boolean {
    if (this.#peer.isEnding || !this.#isSilent || this.#peer.isReading) return false;
    return !this.#isHeld || this.#resume();
  }

  /** Whether there was no sign in that turn either. */
  #isDead(): boolean {
    const sawNothing = this.#endProbe();
    if (this.#peer.isEnding || this.#peer.isReading) return false;
    return this.#isSilent && sawNothing;
  }

  #deadError(): Error {
    return new Error(`The peer has given no sign of life for ${this.#heartbeat.times.timeoutMs} ms`);
  }

  /**
   * Gives a peer that is held back a sign of life, as its pings are not seen, and reads the link
   * for a turn, so that a close and a reset are noticed. Again every {@link PROBE_MS} while it is
   * held back.
   */
  #probe(nowMs: number): void {
    this.#probeMs = this.#isHeld ? Math.ceil(nowMs) + PROBE_MS : NONE;
    if (this.#probeMs === NONE) return;
    this.#peer.transport.pong();
    this.#resume();
    afterPoll(this.#heartbeat.clock, () => void this.#endProbe());
  }

  /** Whether the link is held back: bytes of the peer are not seen. */
  get #isHeld(): boolean {
    return this.#isProbing || this.#peer.queue.isHolding;
  }

  /**
   * Lets a link that is held back run for a turn.
   *
   * @returns Whether the bounds of the queue allow it.
   */
  #resume(): boolean {
    this.#isProbing ||= this.#peer.queue.probe();
    return this.#isProbing;
  }

  /** Ends that turn. @returns Whether the peer had sent nothing, as far as it was seen. */
  #endProbe(): boolean {
    if (!this.#isProbing) return !this.#isHeld;
    this.#isProbing = false;
    return this.#peer.queue.endProbe();
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
