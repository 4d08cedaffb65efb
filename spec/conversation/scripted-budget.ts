// A fairness budget whose answers a spec gives: whether the turn of the event loop is over for the
// read or write that asks.

import { TurnBudget } from '../../src/time/turn-budget.ts';
import { HandClock } from '../time/hand-clock.ts';

/** Gives its answers over and over. */
export class ScriptedBudget extends TurnBudget {
  readonly #answers: readonly boolean[];
  #asked = 0;

  constructor(answers: readonly boolean[]) {
    super(new HandClock());
    this.#answers = answers;
  }

  override spend(): boolean {
    this.#asked += 1;
    return this.#answers[this.#asked % this.#answers.length] as boolean;
  }
}
