// The heartbeat that all sockets of a host share, or all of one client: its times, and when each
// socket asks its peer for the first time. Signs of life and their absence are in
// peer-liveness.ts, timers in time/deadline.ts.

import { PeerLiveness } from './peer-liveness.ts';
import type { WatchedPeer } from './peer-liveness.ts';
import type { Clock } from '../time/clock.ts';
import type { Deadline } from '../time/deadline.ts';

/**
 * Steps of an interval, over which the first pings of the sockets are spread: 20 pings at a time
 * for 5,000 sockets.
 */
const STEPS = 256;
/** From one socket to the next: the golden section, so that neighbours are far apart; odd. */
const STRIDE = 159;

export interface HeartbeatTimes {
  /** Time between two pings, 1 to 2³¹−1 ms. Give both times, or no option. Default 25 000. */
  readonly intervalMs: number;
  /** Longest time without a sign of life after a ping, 1 to 2³¹−1 ms. Default 20 000. */
  readonly timeoutMs: number;
}

/**
 * Ends conversations whose peer is not there any more: 1006, `by: 'heartbeat'`.
 *
 * Any inbound byte is a sign of life. A peer is pinged every `intervalMs`, and dead when no byte
 * has come `timeoutMs` later. The silence of a peer that takes what waits for it does not count
 * (taken-bytes.ts). While its socket holds it back its silence does not count either, unless a
 * look finds that it had sent nothing.
 */
export class Heartbeat {
  readonly clock: Clock;
  readonly times: HeartbeatTimes;
  /** Shortest wait before a first ping, and the difference between two such waits. */
  readonly stepMs: number;
  /** Sockets now. */
  #sockets = 0;
  /** Sockets since there was none. */
  #count = 0;
  /** When the first of them came: steps count from there. */
  #sinceMs = 0;

  constructor(clock: Clock, times: HeartbeatTimes) {
    this.clock = clock;
    this.times = times;
    this.stepMs = times.intervalMs / STEPS;
  }

  /** Asks a peer for signs of life until its conversation is over. */
  watch(peer: WatchedPeer, deadline: Deadline): PeerLiveness {
    return new PeerLiveness(peer, this, deadline);
  }

  /**
   * Adds a socket.
   *
   * @returns When to ping it first: at the end of a step, at most an interval from now. The sockets
   *   of a step wake the process together: 2,000 sockets that were each pinged at a time of their
   *   own took three hundredths of a core.
   */
  join(nowMs: number): number {
    if (this.#sockets === 0) {
      this.#count = 0;
      this.#sinceMs = nowMs;
    }
    const steps = STEPS - ((this.#count * STRIDE) % STEPS);
    this.#sockets += 1;
    this.#count += 1;
    return this.#sinceMs + Math.floor((nowMs - this.#sinceMs) / this.stepMs + steps) * this.stepMs;
  }

  leave(): void {
    this.#sockets -= 1;
  }
}
