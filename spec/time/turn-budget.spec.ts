// The fairness budget: what one turn of the event loop may serve, by the clock.

import { describe, expect, it } from 'vitest';
import { HandClock, turn } from './hand-clock.ts';
import {
  BUDGET_MESSAGES,
  BUDGET_MS,
  RESERVE_MESSAGES,
  RESERVE_MS,
  TurnBudget,
} from '../../src/time/turn-budget.ts';

/** They stand for sockets. */
const [ONE, TWO, THREE] = [{}, {}, {}];

/** Spends until the budget asks to go on later, or the limit is met; each message takes `costMs` of the clock. */
function spendAll(clock: HandClock, budget: TurnBudget, costMs: number, limit = 100_000): number {
  for (let messages = 1; messages <= limit; messages += 1) {
    if (budget.spend(ONE)) return messages;
    clock.nowMs += costMs;
  }
  return limit;
}

describe('TurnBudget', () => {
  it('lets a turn go on for ever as long as no time passes', () => {
    const clock = new HandClock();
    expect(spendAll(clock, new TurnBudget(clock), 0, 10_000)).toBe(10_000);
  });

  it('looks at the clock once in 64 messages', () => {
    const clock = new HandClock();
    spendAll(clock, new TurnBudget(clock), 0, 6400);
    expect([BUDGET_MESSAGES, clock.looks]).toEqual([64, 100]);
  });

  it('asks for a later turn once this one has lasted more than 6 ms', () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    spendAll(clock, budget, 0, 64);
    clock.nowMs += BUDGET_MS;
    expect([spendAll(clock, budget, 0, 64), BUDGET_MS]).toEqual([64, 6]);
    clock.nowMs += 0.1;
    expect(spendAll(clock, budget, 0)).toBe(64);
  });

  it('has 32 messages in a row for each other socket behind that, for 1 ms', () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    spendAll(clock, budget, 0, 64);
    clock.nowMs += 10 * BUDGET_MS;
    spendAll(clock, budget, 0);
    const goesOn = (socket: object): boolean => !budget.spend(socket);
    expect([ONE, TWO, THREE].map(goesOn)).toEqual([false, true, true]);
    const ofTwo = Array.from({ length: 33 }, () => goesOn(TWO));
    expect([ofTwo.indexOf(false), RESERVE_MESSAGES, RESERVE_MS]).toEqual([32, 32, 1]);
    clock.nowMs += RESERVE_MS;
    expect([THREE, TWO].map(goesOn)).toEqual([true, true]);
    clock.nowMs += 0.1;
    expect([ONE, TWO, THREE].map(goesOn)).toEqual([false, false, false]);
  });

  it('asks each further call for a later turn until this one is over', async () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    spendAll(clock, budget, 1);
    expect([budget.spend(ONE), budget.spend(ONE), budget.spend(ONE)]).toEqual([true, true, true]);
    await turn();
    expect([budget.spend(ONE), budget.spend(ONE), budget.spend(ONE)]).toEqual([false, false, false]);
  });

  it('resolves with ok in a later turn, and gives all calls of one turn the same promise', async () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    const first = budget.okLater;
    expect(budget.okLater).toBe(first);
    let answer: string | undefined;
    void first.then((status) => (answer = status));
    await turn();
    expect(answer).toBeUndefined();
    await turn();
    expect([answer, budget.okLater === first]).toEqual(['ok', false]);
  });

  it('begins anew in the next turn', async () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    const first = spendAll(clock, budget, 1);
    await turn();
    expect(spendAll(clock, budget, 1)).toBe(first);
  });
});
