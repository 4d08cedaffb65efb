// What keeps the waits of one place in step with the event loop: its clock and deadlines, its
// share of a turn, and the guard of its loops. A socket has that of its host;
// what belongs to no host shares one by clock.

import { Deadlines } from './deadlines.ts';
import type { Clock } from './clock.ts';
import { SpinGuard } from './spin-guard.ts';
import { TurnBudget } from './turn-budget.ts';
import type { SourcePort } from '../core/source.ts';

/** Whose time a wait keeps. */
export interface Scheduling {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Spent by what is served without waiting. */
  readonly budget: TurnBudget;
  /** Counts calls in a row that could not wait. */
  readonly spin: SpinGuard;
}

/** A source of ours: it says besides whose time it keeps, and whether only its end is left. */
export abstract class ScheduledPort<T> implements SourcePort<T> {
  /** Undefined where it has none of its own. */
  abstract readonly scheduling: Scheduling | undefined;
  /** Whether it is ready for ever, with nothing but the same answer: a loop around it would never wait. */
  abstract readonly isOver: boolean;
  abstract ready(): boolean;
  abstract take(): T;
  abstract subscribe(wake: () => void): () => void;
}

/** A turn of the event loop has one budget, however many channels there are. */
const schedulings = new WeakMap<Clock, Scheduling>();

/** Finds what is shared by all that keep this clock and belong to no host. */
export function schedulingOf(clock: Clock): Scheduling {
  let scheduling = schedulings.get(clock);
  if (scheduling === undefined) {
    scheduling = {
      clock,
      deadlines: new Deadlines(clock),
      budget: new TurnBudget(clock),
      spin: new SpinGuard(),
    };
    schedulings.set(clock, scheduling);
  }
  return scheduling;
}
