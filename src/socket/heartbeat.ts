// Finding out that a peer has gone without a word: one timer for all sockets of a
// host, or for the one of a client, which are spread over the phases of an interval.
// What is a sign of life is pulse.ts's.

import { Pulse } from './pulse.ts';
import type { Beating, PulseKeeper } from './pulse.ts';
import { Alarm } from '../time/alarm.ts';
import type { AlarmOwner } from '../time/alarm.ts';
import { Alarms } from '../time/alarms.ts';
import type { Clock } from '../time/clock.ts';
import { HEARTBEAT_PHASES, PEEK_MS } from '../words/limits.ts';

export interface HeartbeatTimes {
  /** A ping so often. */
  readonly intervalMs: number;
  /** After a ping so long without a sign of life means that nobody is there. */
  readonly timeoutMs: number;
}

/** One phase of the interval: the sockets that are asked together, and when something is to be done. */
class Phase implements PulseKeeper {
  readonly pulses: Pulse[] = [];
  readonly #onStop: () => void;
  askMs = Infinity;
  judgeMs = Infinity;
  peekMs = Infinity;

  /** @param onStop - Called for each pulse that stops. */
  constructor(onStop: () => void) {
    this.#onStop = onStop;
  }

  get dueMs(): number {
    return Math.min(this.askMs, this.judgeMs, this.peekMs);
  }

  add(conversation: Beating): Pulse {
    const pulse = new Pulse(conversation, this);
    pulse.place = this.pulses.push(pulse) - 1;
    return pulse;
  }

  pulseOnStop(pulse: Pulse): void {
    const last = this.pulses.pop() as Pulse;
    if (last !== pulse) {
      this.pulses[pulse.place] = last;
      last.place = pulse.place;
    }
    if (this.pulses.length === 0) this.#rest();
    this.#onStop();
  }

  /** There is nobody to be asked. */
  #rest(): void {
    this.askMs = Infinity;
    this.judgeMs = Infinity;
    this.peekMs = Infinity;
  }

  /** When the first of those that wait for a sign has waited for long enough. */
  planToJudge(timeoutMs: number): void {
    this.judgeMs = Infinity;
    for (const { sinceMs } of this.pulses) this.judgeMs = Math.min(this.judgeMs, sinceMs + timeoutMs);
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
export class Heartbeat implements AlarmOwner {
  readonly #clock: Clock;
  readonly #times: HeartbeatTimes;
  readonly #alarm: Alarm;
  /** Made when a socket comes to them, and kept: sockets come and go faster than an interval passes. */
  readonly #phases: (Phase | undefined)[] = [];
  /** When the phases began to be counted. */
  #originMs = 0;
  /** Sockets since then. */
  #count = 0;
  /** Sockets now. */
  #beating = 0;

  constructor(clock: Clock, times: HeartbeatTimes) {
    this.#clock = clock;
    this.#times = times;
    this.#alarm = new Alarm(new Alarms(clock), this);
  }

  /** Watches over a conversation until its pulse is stopped; asks for the first time within an interval. */
  watch(conversation: Beating): Pulse {
    if (this.#beating === 0) this.#begin();
    this.#beating += 1;
    // Sockets that come one after the other are far apart: the golden section, odd.
    const number = (this.#count * 159) % HEARTBEAT_PHASES;
    this.#count += 1;
    const phase = this.#phases[number] ?? this.#make(number);
    if (phase.pulses.length === 0) this.#plan(phase, number);
    return phase.add(conversation);
  }

  // Called by the alarm.

  alarmOnRing(nowMs: number): void {
    let dueMs = Infinity;
    for (const phase of this.#phases) {
      if (phase === undefined) continue;
      // What is asked first keeps what was seen before; else it would be judged by what it is since now.
      if (phase.askMs <= nowMs) this.#ask(phase, nowMs);
      if (phase.judgeMs <= nowMs) this.#judge(phase, nowMs);
      if (phase.peekMs <= nowMs) this.#peek(phase, nowMs);
      dueMs = Math.min(dueMs, phase.dueMs);
    }
    this.#alarm.setAt(dueMs);
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
    this.#alarm.setAt(phase.askMs);
  }

  #end(): void {
    this.#beating -= 1;
    if (this.#beating === 0) this.#alarm.stop();
  }

  #ask(phase: Phase, nowMs: number): void {
    const { intervalMs, timeoutMs } = this.#times;
    // First: a link that breaks the promises of the port may end while it is asked, and leave a phase that rests.
    phase.askMs = nextMs(phase.askMs, intervalMs, nowMs);
    for (const pulse of phase.pulses) pulse.ask(nowMs);
    phase.planToJudge(timeoutMs);
    if (phase.peekMs === Infinity) phase.peekMs = nowMs;
  }

  #judge(phase: Phase, nowMs: number): void {
    const { timeoutMs } = this.#times;
    const due = phase.pulses.filter(({ sinceMs }) => sinceMs + timeoutMs <= nowMs);
    const suspects = due.filter((pulse) => pulse.isSuspect());
    phase.planToJudge(timeoutMs);
    if (suspects.length === 0) return;
    this.#afterTurn(() => {
      for (const pulse of suspects) if (pulse.isDead()) pulse.terminate();
    });
  }

  /** Looks after those that are held back, for as long as there are any. */
  #peek(phase: Phase, nowMs: number): void {
    const held = phase.pulses.filter(({ isHeld }) => isHeld);
    phase.peekMs = held.length === 0 ? Infinity : nowMs + PEEK_MS;
    if (held.length === 0) return;
    for (const pulse of held) pulse.peek();
    this.#afterTurn(() => {
      for (const pulse of held) pulse.endPeek();
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
