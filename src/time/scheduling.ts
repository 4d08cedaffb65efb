// What a wait needs from its host: the clock and its deadlines, the budget of a turn, and the
// guard against loops. A socket uses those of its host. What belongs to no host (a channel, a
// select over promises) shares one set per clock.

import { Deadlines } from './deadline.ts';
import type { Clock, TimerOwner } from './clock.ts';
import type { LinkedList, ListNode } from '../structures/linked-list.ts';
import { SpinGuard } from './spin-guard.ts';
import { TurnBudget } from './turn-budget.ts';
import type { ParkedWait } from '../core/parked-wait.ts';
import type { SourcePort } from '../core/source.ts';

/** The clock, budget and guard that a wait uses. */
export interface Scheduling {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Spent by calls that are served without waiting. */
  readonly budget: TurnBudget;
  /** Counts calls in a row that could not wait. */
  readonly spin: SpinGuard;
  /** Stands for the socket or channel where the budget is spent. */
  readonly spender: object;
}

/** Sets timers that no code of users waits for: those of a heartbeat, for example. */
export const IDLE_TIMER: TimerOwner = { isIdle: true };

/**
 * Calls back at a time of the clock, or in a millisecond where that has passed: a timer that sets
 * itself again leaves a turn to others. Its owner is {@link IDLE_TIMER}.
 */
export function idleTimerAt(clock: Clock, dueMs: number, run: () => void): unknown {
  return clock.setTimeout(run, Math.max(Math.ceil(dueMs - clock.now()), 1), IDLE_TIMER);
}

/** A select that waits. */
export interface ParkedSelect extends ParkedWait, ListNode<ParkedSelect> {}

/** The selects that wait for the sockets of a host. */
export type ParkedSelects = LinkedList<ParkedSelect>;

/** A port of our own sources. Besides the promises of `SourcePort` it knows its scheduling. */
export abstract class ScheduledPort<T> implements SourcePort<T> {
  /** Undefined where the source has none of its own. */
  abstract readonly scheduling: Scheduling | undefined;
  /**
   * Whether the source is ready for ever and gives the same answer each time. A loop over it
   * would never wait.
   */
  abstract readonly isOver: boolean;
  /** The selects that wait, of the host of a socket; undefined for other sources. */
  get selects(): ParkedSelects | undefined {
    return undefined;
  }
  abstract ready(): boolean;
  abstract take(): T;
  abstract subscribe(wake: () => void): () => void;
}

/** One per clock: a turn of the event loop has one budget for all channels. */
const schedulings = new WeakMap<Clock, Scheduling>();

/** Gives the scheduling that everything on this clock shares that belongs to no host. */
export function schedulingOf(clock: Clock): Scheduling {
  let scheduling = schedulings.get(clock);
  if (scheduling === undefined) {
    scheduling = ownerless(clock, new Deadlines(clock), new TurnBudget(clock));
    schedulings.set(clock, scheduling);
  }
  return scheduling;
}

/** Lets all that is on a clock use the deadlines and the budget of a host, whose time it tells. */
export function adoptClock(clock: Clock, deadlines: Deadlines, budget: TurnBudget): void {
  schedulings.set(clock, ownerless(clock, deadlines, budget));
}

/** What is neither a socket nor a channel, such as a select over promises, spends as one. */
function ownerless(clock: Clock, deadlines: Deadlines, budget: TurnBudget): Scheduling {
  const spin = new SpinGuard();
  return { clock, deadlines, budget, spin, spender: spin };
}

/**
 * Calls back once the event loop has read from and written to the network. The first immediate may
 * come before it has.
 */
export function afterPoll(clock: Clock, run: () => void): void {
  clock.setImmediate(() => void clock.setImmediate(run));
}
