// What keeps the waits of one place in step with the event loop: its clock and alarms, its
// share of a turn, and the guard of its loops. A socket has that of its host;
// what belongs to no host shares one by clock.

import { Alarms } from './alarms.ts';
import type { Clock } from './clock.ts';
import { SpinGuard } from './spin-guard.ts';
import { TurnBudget } from './turn-budget.ts';
import type { SourcePort } from '../words/source.ts';

/** Whose time a wait keeps. */
export interface Pace {
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** Spent by what is served without waiting. */
  readonly budget: TurnBudget;
  /** Counts calls in a row that could not wait. */
  readonly spin: SpinGuard;
}

/** A source of ours: it says besides whose time it keeps, and whether only its end is left. */
export abstract class PacedPort<T> implements SourcePort<T> {
  /** Undefined where it has none of its own. */
  abstract readonly pace: Pace | undefined;
  /** Whether it is ready for ever, with nothing but the same answer: a loop around it would never wait. */
  abstract readonly isOver: boolean;
  abstract ready(): boolean;
  abstract take(): T;
  abstract subscribe(wake: () => void): () => void;
}

/** A turn of the event loop has one budget, however many channels there are. */
const paces = new WeakMap<Clock, Pace>();

/** Finds what is shared by all that keep this clock and belong to no host. */
export function paceOf(clock: Clock): Pace {
  let pace = paces.get(clock);
  if (pace === undefined) {
    pace = { clock, alarms: new Alarms(clock), budget: new TurnBudget(clock), spin: new SpinGuard() };
    paces.set(clock, pace);
  }
  return pace;
}
