// `w.always` and `w.eventually`: what has to hold in a world. world-clock.ts calls `run` after each
// step. The first check that fails counts: what comes after it is its consequence.

import type { Agenda } from '../seeded/agenda.ts';
import { shortPlace } from '../../who-waits.ts';
import { isOfLibrary, placesIn } from '../../../platform/own-frames.ts';
import { badArgument, checkFunction, checkTimer } from '../../../core/arguments.ts';
import { shownError } from '../../../core/errors.ts';
import { isThenable, propertyOf } from '../../../core/object-like.ts';
import { unattended } from '../../../waiting/abortable.ts';

interface Always {
  readonly name: string;
  readonly check: () => unknown;
}

interface Eventually {
  readonly name: string;
  readonly check: () => boolean;
  readonly withinMs: number;
  readonly timer: unknown;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A check that has failed. `cause` is what it has thrown. */
export class CheckError extends Error {
  override readonly name = 'CheckError';

  /** Its text names the check: no other name is needed. */
  override toString(): string {
    return this.message;
  }
}

/** What has failed. */
export interface Thrown {
  readonly error: unknown;
  /** Such as `script 'Bob'`, where it is known. */
  readonly by?: string;
}

/** The checks of one world. */
export class Checks {
  readonly #agenda: Agenda;
  readonly #always: Always[] = [];
  readonly #awaited = new Set<Eventually>();
  #failure: CheckError | undefined;
  #broken: CheckError | undefined;
  #isStopped = false;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  /** The first check that has failed. */
  get failure(): CheckError | undefined {
    return this.#failure;
  }

  /** The first `always` that has failed, also where an `eventually` has failed before. */
  get broken(): CheckError | undefined {
    return this.#broken;
  }

  /** The names of what is still waited for. */
  get awaited(): readonly string[] {
    return [...this.#awaited].map(({ name }) => name);
  }

  /** Adds a check for the next step and each one after it. */
  always(name: string, check: () => unknown): void {
    checkClaim('w.always()', name, check);
    this.#always.push({ name, check });
  }

  /** Waits until a check gives true; at the latest for so many milliseconds. */
  eventually(name: string, check: () => boolean, withinMs: number): Promise<void> {
    checkClaim('w.eventually()', name, check);
    checkTimer('w.eventually()', 'withinMs', withinMs);
    return unattended(
      new Promise<void>((resolve, reject) => {
        const timer = this.#agenda.setTimeout(() => this.#onDeadline(entry), withinMs);
        const entry: Eventually = { name, check, withinMs, timer, resolve, reject };
        this.#awaited.add(entry);
        this.#look(entry);
      }),
    );
  }

  /**
   * Checks all once more, and nothing from then on: the world ends, and what holds in it need not
   * hold then. What was to come eventually has not come.
   */
  stop(): void {
    this.run();
    this.#isStopped = true;
    for (const entry of this.#awaited) this.#miss(entry, 'before the world has ended');
  }

  /** Runs all checks. Called after each step. */
  run(): void {
    if (this.#isStopped || this.#broken !== undefined) return;
    for (const always of this.#always) this.#check(always);
    for (const entry of this.#awaited) this.#look(entry);
  }

  #check({ name, check }: Always): void {
    try {
      if (answerOf(check) === false)
        this.#break(`always '${name}': the check gave false; an error that it throws can show values`);
    } catch (error) {
      this.#break(`always '${name}': ${shownError(error)}`, { cause: error });
    }
  }

  #break(message: string, options?: ErrorOptions): void {
    this.#broken ??= this.#fail(message, options);
  }

  #look(entry: Eventually): void {
    try {
      const answer = answerOf(entry.check);
      if (typeof answer !== 'boolean')
        throw badArgument('w.eventually()', 'a check that gives true or false', answer);
      if (answer) this.#settle(entry, entry.resolve);
    } catch (error) {
      const failure = this.#fail(`eventually '${entry.name}': ${shownError(error)}`, { cause: error });
      this.#settle(entry, () => entry.reject(failure));
    }
  }

  #onDeadline(entry: Eventually): void {
    this.#look(entry);
    if (this.#awaited.has(entry)) this.#miss(entry, `within ${entry.withinMs} ms`);
  }

  #miss(entry: Eventually, when: string): void {
    const failure = this.#fail(`eventually '${entry.name}': was not true ${when}`);
    this.#settle(entry, () => entry.reject(failure));
  }

  #settle(entry: Eventually, settle: () => void): void {
    this.#awaited.delete(entry);
    this.#agenda.clearTimeout(entry.timer);
    settle();
  }

  #fail(message: string, options?: ErrorOptions): CheckError {
    const failure = new CheckError(message, options);
    this.#failure ??= failure;
    return failure;
  }
}

/**
 * Calls a check.
 *
 * @throws CheckError where the check gives a promise of any library. A promise would count as true,
 *   and its rejection would be lost.
 */
function answerOf(check: () => unknown): unknown {
  const answer = check();
  if (!isThenable(answer)) return answer;
  void unattended(Promise.resolve(answer));
  throw new CheckError('expected a check that gives no promise: it runs between two steps');
}

/** What was thrown, by whom, and where: `Error: no (script 'Bob' at a.ts:12)`. */
export function thrownText({ error, by }: Thrown): string {
  const stack = error instanceof CheckError ? undefined : propertyOf(error, 'stack');
  const places = placesIn(typeof stack === 'string' ? stack : undefined);
  const place = places.find((at) => !isOfLibrary(at));
  const facts = [by, place && `at ${shortPlace(place)}`].filter((fact) => fact !== undefined);
  return facts.length === 0 ? shownError(error) : `${shownError(error)} (${facts.join(' ')})`;
}

function checkClaim(call: string, name: unknown, check: unknown): void {
  if (typeof name !== 'string') throw badArgument(call, 'name to be a string', name);
  checkFunction(call, 'check', check);
}
