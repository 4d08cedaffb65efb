// The fairness budget: what one turn of the event loop may serve, by the clock.

import { describe, expect, it } from 'vitest';
import { HandClock, turn } from './hand-clock.ts';
import {
  SAME_SOCKET_MS,
  BUDGET_MESSAGES,
  BUDGET_MS,
  RESERVE_MESSAGES,
  RESERVE_MS,
  TurnBudget,
} from '../../src/time/turn-budget.ts';

/** They stand for sockets. */
const [ONE, TWO, THREE, FOUR] = [{}, {}, {}, {}];

/** Spends until the budget asks to go on later, or the limit is met; each message takes `costMs` of the clock. */
function spendAll(clock: HandClock, budget: TurnBudget, costMs: number, limit = 100_000): number {
  for (let messages = 1; messages <= limit; messages += 1) {
    if (budget.spend(ONE)) return messages;
    clock.nowMs += costMs;
  }
  return limit;
}

/** Serves a socket until the budget looks at the clock. @returns Whether it goes on. */
function goesOn(budget: TurnBudget, socket: object): boolean {
  return !Array.from({ length: BUDGET_MESSAGES }, () => budget.spend(socket)).includes(true);
}

describe('TurnBudget', () => {
  it('lets a turn go on for ever as long as no time passes', () => {
    const clock = new HandClock();
    expect(spendAll(clock, new TurnBudget(clock), 0, 10_000)).toBe(10_000);
  });

  it('looks at the clock once in 61 messages', () => {
    const clock = new HandClock();
    spendAll(clock, new TurnBudget(clock), 0, 6100);
    expect([BUDGET_MESSAGES, clock.looks]).toEqual([61, 100]);
  });

  it('asks for a later turn once this one has lasted more than 6 ms', () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    goesOn(budget, ONE);
    clock.nowMs += BUDGET_MS;
    expect([goesOn(budget, TWO), BUDGET_MS]).toEqual([true, 6]);
    clock.nowMs += 0.1;
    expect(goesOn(budget, THREE)).toBe(false);
  });

  it('asks a socket that all looks of more than 3 ms have found', () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    goesOn(budget, ONE);
    clock.nowMs += SAME_SOCKET_MS;
    expect([goesOn(budget, ONE), SAME_SOCKET_MS]).toEqual([true, 3]);
    clock.nowMs += 0.1;
    expect([goesOn(budget, ONE), budget.spend(ONE)]).toEqual([false, true]);
    // The others go on, each for 3 ms at most, within the 6.
    expect([budget.spend(TWO), goesOn(budget, TWO)]).toEqual([false, true]);
    clock.nowMs += 2.8;
    expect(goesOn(budget, TWO)).toBe(true);
    // With the time of all of them the budget of the turn is spent.
    clock.nowMs += 0.2;
    expect(goesOn(budget, TWO)).toBe(false);
  });

  it('gives a socket that has had its 3 ms as many again in the next turn', async () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    const serve = (): number => {
      let messages = 0;
      for (; !budget.spend(ONE); messages += 1) clock.nowMs += 0.01;
      return messages;
    };
    const first = serve();
    await turn();
    expect([first, serve()]).toEqual([365, 365]);
  });

  it('has 32 messages in a row for each other socket behind that, for 1 ms', () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    goesOn(budget, TWO);
    clock.nowMs += 10 * BUDGET_MS;
    goesOn(budget, ONE);
    const isServed = (socket: object): boolean => !budget.spend(socket);
    expect([ONE, TWO, THREE].map(isServed)).toEqual([false, true, true]);
    const ofTwo = Array.from({ length: 33 }, () => isServed(TWO));
    expect([ofTwo.indexOf(false), RESERVE_MESSAGES, RESERVE_MS]).toEqual([32, 32, 1]);
    clock.nowMs += RESERVE_MS;
    expect([THREE, TWO].map(isServed)).toEqual([true, true]);
    clock.nowMs += 0.1;
    expect([ONE, TWO, THREE].map(isServed)).toEqual([false, false, false]);
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
    const first = budget.okLater(ONE);
    expect(budget.okLater(TWO)).toBe(first);
    let answer: string | undefined;
    void first.then((status) => (answer = status));
    await turn();
    expect(answer).toBeUndefined();
    await turn();
    expect([answer, budget.okLater(ONE) === first]).toEqual(['ok', false]);
  });

  it('lets a socket whose 3 ms are over before the turn is go on behind the others', async () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    const wentOn: number[] = [];
    const shares: number[] = [];
    const refuse = (socket: object, index: number): void => {
      const sinceMs = clock.nowMs;
      while (!budget.spend(socket)) clock.nowMs += 0.01;
      shares.push(Math.floor(clock.nowMs - sinceMs));
      if (index < 2) budget.later(() => void wentOn.push(index), socket);
      else void budget.okLater(socket).then(() => void wentOn.push(index));
    };
    [ONE, TWO, THREE, FOUR].forEach(refuse);
    // The second one ends the budget of the turn.
    await turn();
    expect([wentOn, shares]).toEqual([[], [3, 3, 0, 0]]);
    await turn();
    expect(wentOn).toEqual([1, 2, 3, 0]);
    // Once: not again with those that wait next.
    await budget.okLater(ONE);
    await turn();
    expect(wentOn).toEqual([1, 2, 3, 0]);
  });

  it.each([1, 2, 4, 8, 16, 32, 64])('finds %d sockets that are served in turn', (sockets) => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    const all = Array.from({ length: sockets }, () => ({}));
    let calls = 0;
    while (!budget.spend(all[calls % sockets] as object)) {
      clock.nowMs += 0.001;
      calls += 1;
    }
    const ms = sockets === 1 ? SAME_SOCKET_MS : BUDGET_MS;
    expect(calls / 1000 - ms).toBeGreaterThan(0);
    expect(calls / 1000 - ms).toBeLessThanOrEqual((2 * BUDGET_MESSAGES) / 1000);
  });

  it('goes on behind the others with every call of a socket whose 3 ms are over', async () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    const wentOn: string[] = [];
    while (!budget.spend(ONE)) clock.nowMs += 0.01;
    budget.later(() => void wentOn.push('a read of one'), ONE);
    void budget.okLater(ONE).then(() => void wentOn.push('a write of one'));
    void budget.okLater(TWO).then(() => void wentOn.push('a write of two'));
    budget.later(() => void wentOn.push('a read of two'), TWO);
    await budget.okLater(ONE);
    expect(wentOn).toEqual(['a write of two', 'a read of two', 'a read of one', 'a write of one']);
    // It has its 3 ms anew.
    await turn();
    budget.later(() => void wentOn.push('one'), ONE);
    budget.later(() => void wentOn.push('two'), TWO);
    await budget.okLater(TWO);
    expect(wentOn.slice(4)).toEqual(['one', 'two']);
  });

  it('begins anew in the next turn', async () => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    const first = spendAll(clock, budget, 1);
    await turn();
    expect(spendAll(clock, budget, 1)).toBe(first);
  });
});
