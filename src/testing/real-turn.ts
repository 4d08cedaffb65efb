// Node's own event loop, for tests that replace its timers: vitest, jest and node:test put fakes in
// place of `setImmediate` and `setTimeout`. This file keeps the originals, and has other ways where
// fakes were there before it was loaded. Everything in testing/ that waits for Node waits here.

import { noop } from '../core/noop.ts';

/** As they were when this file was loaded. */
const original = setImmediate;
const clearOriginal = clearImmediate;
const originalTimer = setTimeout;
const clearOriginalTimer = clearTimeout;
/** Whether that is Node's own, and no fake. Undefined before the first turn. */
let isNodesOwn: boolean | undefined;

/**
 * Waits for one turn of Node's event loop, in which all promise jobs and ticks that are ready run.
 * Takes some microseconds. Fake timers do not change it. Holds the process until it resolves.
 */
export function realTurn(): Promise<void> {
  return new Promise(afterRealTurn);
}

/** Runs a function after one turn of Node's event loop, in the order of the calls. */
export function afterRealTurn(run: () => void): void {
  isNodesOwn ??= isImmediateOfNode();
  if (isNodesOwn) return void original(run);
  const { port1, port2 } = new MessageChannel();
  const onTurn = (): void => {
    port1.close();
    run();
  };
  port1.addEventListener('message', onTurn, { once: true });
  port1.start();
  port2.postMessage(undefined);
}

/** Node's own answers with an `Immediate`, a fake with a timer of its own. */
function isImmediateOfNode(): boolean {
  const probe = original(noop);
  clearOriginal(probe);
  return probe.constructor.name === 'Immediate';
}

/** So many turns of a row share one turn of the event loop. */
const SHARED_TURNS = 8;

/**
 * Turns that follow each other at once, for one loop. All promise jobs and ticks run in each turn.
 * Only one in eight asks the operating system for I/O, which is most of what a turn costs; so code
 * that waits for I/O, or for an immediate of its own, waits longer.
 *
 * It calls a function, and makes no promise for each turn: that doubles the cost of a turn.
 */
export class TurnRow {
  /** Turns that are booked and have not come. */
  #booked = 0;
  /** Called in each turn; undefined while no loop runs. */
  #onTurn: (() => void) | undefined;

  /**
   * Whether no code waits for a turn but this row: nothing can go on without an event. Always false
   * where fake timers were installed before this file was loaded.
   */
  get isAlone(): boolean {
    if (isNodesOwn !== true) return false;
    let others = -this.#booked;
    for (const resource of process.getActiveResourcesInfo()) if (resource === 'Immediate') others += 1;
    return others <= 0;
  }

  /**
   * Calls a function in each turn while it gives true, from the next turn on. One loop at a time.
   *
   * @returns Resolves when it gives something else; rejects with what it throws.
   */
  each(goesOn: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onTurn = () => {
        try {
          if (goesOn()) return this.#book();
          resolve();
        } catch (error) {
          reject(error);
        }
        this.#onTurn = undefined;
      };
      this.#book();
    });
  }

  /** Books turns where none is left. */
  #book(): void {
    if (this.#booked > 0) return;
    for (; this.#booked < SHARED_TURNS; this.#booked += 1) afterRealTurn(this.#turn);
  }

  readonly #turn = (): void => {
    this.#booked -= 1;
    this.#onTurn?.();
  };
}

let isTimerNodesOwn: boolean | undefined;
/** A cell that no other thread knows: a wait for it takes its whole time. */
const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits for real milliseconds. Fake timers do not change it.
 *
 * Where fakes were there before this file was loaded, it blocks the thread meanwhile.
 *
 * @param holds - Whether it holds the process until it resolves.
 */
export function realPause(ms: number, { holds }: { readonly holds: boolean }): Promise<void> {
  isTimerNodesOwn ??= isTimerOfNode();
  if (!isTimerNodesOwn) {
    Atomics.wait(cell, 0, 0, ms);
    return realTurn();
  }
  return new Promise((resolve) => {
    const timer = originalTimer(resolve, ms);
    if (!holds) timer.unref();
  });
}

/**
 * Waits for a promise that never rejects, so many real milliseconds at most. Holds the process
 * meanwhile. Where fakes were there before this file was loaded, it waits as long as it takes.
 *
 * @returns Whether it has settled.
 */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = originalTimer(resolve, ms, false);
  });
  const isSettled = await Promise.race([promise.then(() => true), late]);
  clearOriginalTimer(timer);
  return isSettled;
}

/**
 * Runs a function after real milliseconds. Holds the process no longer. Where fakes were there
 * before this file was loaded, it never runs.
 */
export function realTimer(run: () => void, ms: number): void {
  isTimerNodesOwn ??= isTimerOfNode();
  if (isTimerNodesOwn) originalTimer(run, ms).unref();
}

/** Node's own timers have this field; those of `@sinonjs/fake-timers` and node:test do not. */
function isTimerOfNode(): boolean {
  const probe = originalTimer(noop, 0);
  clearOriginalTimer(probe);
  return '_idleTimeout' in probe;
}
