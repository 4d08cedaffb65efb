// Finding out that a peer has gone without a word: one timer for all sockets of a
// host, or for the one of a client, which are spread over the phases of an interval.
// What is a sign of life is peer-liveness.ts's.

import { PeerLiveness } from './peer-liveness.ts';
import type { WatchedPeer, LivenessOwner } from './peer-liveness.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner } from '../time/deadline.ts';
import { Deadlines } from '../time/deadlines.ts';
import type { Clock } from '../time/clock.ts';

/**
 * Phases of an interval, over which the sockets of a host are spread: 20 pings at a time for
 * 5,000 sockets.
 */
const HEARTBEAT_PHASES = 256;
/** The link of a socket with a full queue is read for one turn so often. */
const PROBE_MS = 5000;

export interface HeartbeatTimes {
  /** A ping so often. */
  readonly intervalMs: number;
  /** After a ping so long without a sign of life means that nobody is there. */
  readonly timeoutMs: number;
}

/** One phase of the interval: the sockets that are asked together, and when something is to be done. */
class Phase implements LivenessOwner {
  readonly peers: PeerLiveness[] = [];
  readonly #onStop: () => void;
  askMs = Infinity;
  judgeMs = Infinity;
  probeMs = Infinity;

  /** @param onStop - Called for each watched peer that stops. */
  constructor(onStop: () => void) {
    this.#onStop = onStop;
  }

  get dueMs(): number {
    return Math.min(this.askMs, this.judgeMs, this.probeMs);
  }

  add(conversation: WatchedPeer): PeerLiveness {
    const liveness = new PeerLiveness(conversation, this);
    liveness.place = this.peers.push(liveness) - 1;
    return liveness;
  }

  livenessOnStop(liveness: PeerLiveness): void {
    const last = this.peers.pop() as PeerLiveness;
    if (last !== liveness) {
      this.peers[liveness.place] = last;
      last.place = liveness.place;
    }
    if (this.peers.length === 0) this.#rest();
    this.#onStop();
  }

  /** There is nobody to be asked. */
  #rest(): void {
    this.askMs = Infinity;
    this.judgeMs = Infinity;
    this.probeMs = Infinity;
  }

  /** When the first of those that wait for a sign has waited for long enough. */
  planToJudge(timeoutMs: number): void {
    this.judgeMs = Infinity;
    for (const { sinceMs } of this.peers) this.judgeMs = Math.min(this.judgeMs, sinceMs + timeoutMs);
  }
}

/**
 * Ends conversations whose peer is not there any more: 1006, `by: 'heartbeat'`.
 *
 * Whatever comes is a sign of life. A peer is asked for one every `intervalMs`, and
 * dead when none has come `timeoutMs` later, or when bytes that wait for it have not
 * been taken in that time. While its socket holds it back its silence does not count,
 * unless a look finds that it had nothing to say. A host without sockets has no timer.
 */
export class Heartbeat implements DeadlineOwner {
  readonly #clock: Clock;
  readonly #times: HeartbeatTimes;
  readonly #deadline: Deadline;
  /** Made when a socket comes to them, and kept: sockets come and go faster than an interval passes. */
  readonly #phases: (Phase | undefined)[] = [];
  /** When the phases began to be counted. */
  #originMs = 0;
  /** Sockets since then. */
  #count = 0;
  /** Sockets now. */
  #watched = 0;

  constructor(clock: Clock, times: HeartbeatTimes) {
    this.#clock = clock;
    this.#times = times;
    this.#deadline = new Deadline(new Deadlines(clock), this);
  }

  /** Watches over a conversation until its watch is stopped; asks for the first time within an interval. */
  watch(conversation: WatchedPeer): PeerLiveness {
    if (this.#watched === 0) this.#begin();
    this.#watched += 1;
    // Sockets that come one after the other are far apart: the golden section, odd.
    const number = (this.#count * 159) % HEARTBEAT_PHASES;
    this.#count += 1;
    const phase = this.#phases[number] ?? this.#make(number);
    if (phase.peers.length === 0) this.#plan(phase, number);
    return phase.add(conversation);
  }

  // Called by the deadline.

  onDeadline(nowMs: number): void {
    let dueMs = Infinity;
    for (const phase of this.#phases) {
      if (phase === undefined) continue;
      // What is asked first keeps what was seen before; else it would be judged by what it is since now.
      if (phase.askMs <= nowMs) this.#ask(phase, nowMs);
      if (phase.judgeMs <= nowMs) this.#judge(phase, nowMs);
      if (phase.probeMs <= nowMs) this.#probe(phase, nowMs);
      dueMs = Math.min(dueMs, phase.dueMs);
    }
    this.#deadline.setAt(dueMs);
  }

  #begin(): void {
    this.#originMs = this.#clock.now();
    this.#count = 0;
  }

  #make(number: number): Phase {
    const phase = new Phase(() => this.#end());
    this.#phases[number] = phase;
    return phase;
  }

  /** It gets its first socket. */
  #plan(phase: Phase, number: number): void {
    const { intervalMs } = this.#times;
    const firstMs = this.#originMs + (number * intervalMs) / HEARTBEAT_PHASES;
    phase.askMs = nextMs(firstMs, intervalMs, this.#clock.now());
    this.#deadline.setAt(phase.askMs);
  }

  #end(): void {
    this.#watched -= 1;
    if (this.#watched === 0) this.#deadline.stop();
  }

  #ask(phase: Phase, nowMs: number): void {
    const { intervalMs, timeoutMs } = this.#times;
    // First: a link that breaks the promises of the port may end while it is asked, and leave a phase that rests.
    phase.askMs = nextMs(phase.askMs, intervalMs, nowMs);
    for (const liveness of phase.peers) liveness.ask(nowMs);
    phase.planToJudge(timeoutMs);
    if (phase.probeMs === Infinity) phase.probeMs = nowMs;
  }

  #judge(phase: Phase, nowMs: number): void {
    const { timeoutMs } = this.#times;
    const due = phase.peers.filter(({ sinceMs }) => sinceMs + timeoutMs <= nowMs);
    const suspects = due.filter((liveness) => liveness.isSuspect());
    phase.planToJudge(timeoutMs);
    if (suspects.length === 0) return;
    this.#afterTurn(() => {
      for (const liveness of suspects) if (liveness.isDead()) liveness.terminate();
    });
  }

  /** Looks after those that are held back, for as long as there are any. */
  #probe(phase: Phase, nowMs: number): void {
    const held = phase.peers.filter(({ isHeld }) => isHeld);
    phase.probeMs = held.length === 0 ? Infinity : nowMs + PROBE_MS;
    if (held.length === 0) return;
    for (const liveness of held) liveness.probe();
    this.#afterTurn(() => {
      for (const liveness of held) liveness.endProbe();
    });
  }

  /** The first time may come before the event loop has read what is there. */
  #afterTurn(run: () => void): void {
    this.#clock.setImmediate(() => void this.#clock.setImmediate(run));
  }
}

/** The first moment after now that is a whole number of periods after a first one. */
function nextMs(firstMs: number, periodMs: number, nowMs: number): number {
  return firstMs + periodMs * (Math.floor((nowMs - firstMs) / periodMs) + 1);
}
