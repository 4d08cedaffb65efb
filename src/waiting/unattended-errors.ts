// UsageErrors of calls that nothing awaits. Every rejection is marked as handled, so that no
// forgotten `await` ends the process; here the mistake of such a call is found, and told. A call
// counts as forgotten when its promise was collected, or its owner has ended, without any reaction.

import { isOwnFrame } from '../platform/own-frames.ts';
import { noop } from '../core/noop.ts';
import { propertyOf } from '../core/object-like.ts';

/** A mistake whose promise has no reaction yet. It does not hold the promise. */
interface Mistake<Owner> {
  readonly owner: Owner;
  readonly error: unknown;
}

/** A promise that tells of each reaction to it: `then`, `catch`, `await`, `Promise.all`. */
class WatchedPromise<T> extends Promise<T> {
  /** What is derived from it is a plain promise. An `await` of a subclass calls its `then`. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  onReaction: () => void = noop;

  // oxlint-disable-next-line unicorn/no-thenable -- a promise is one
  override then<R = T, E = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    this.onReaction();
    return super.then(onFulfilled, onRejected);
  }

  /** Marks a rejection as handled, without counting as a reaction. */
  markHandled(): void {
    void super.then(undefined, noop);
  }
}

/** So many mistakes of one owner are kept, and so many places of mistakes are told of. */
export const MOST_MISTAKES = 64;

/** Tells of mistakes in calls that nothing awaits, once for each place. */
export class UnattendedErrors<Owner extends object> {
  readonly #tell: (owner: Owner, error: unknown) => void;
  readonly #mistakes = new WeakMap<Owner, Set<Mistake<Owner>>>();
  /** The places of the errors that were told. */
  readonly #told = new Set<string>();
  /** Made with the first mistake. */
  #collected: FinalizationRegistry<Mistake<Owner>> | undefined;

  constructor(tell: (owner: Owner, error: unknown) => void) {
    this.#tell = tell;
  }

  /** Gives a promise of the same outcome, whose UsageError is told of if nothing reacts to it. */
  attend<T>(owner: Owner, call: Promise<T>): Promise<T> {
    let hasReaction = false;
    let mistake: Mistake<Owner> | undefined;
    const watched: WatchedPromise<T> = new WatchedPromise<T>((resolve, reject) => {
      call.then(resolve, (error: unknown) => {
        // Late: by its one reaction the engine finds the line that awaits it.
        watched.markHandled();
        reject(error);
        if (!hasReaction && isUsageError(error)) mistake = this.#keep({ owner, error }, watched);
      });
    });
    watched.onReaction = () => {
      hasReaction = true;
      if (mistake !== undefined) this.#forget(mistake);
    };
    return watched;
  }

  /** The owner has ended: a mistake that nothing has reacted to by the next turn is told. */
  end(owner: Owner, clock: { setImmediate(run: () => void): unknown }): void {
    const mistakes = this.#mistakes.get(owner);
    if (mistakes === undefined) return;
    clock.setImmediate(() => {
      for (const mistake of mistakes) this.#tellOf(mistake);
    });
  }

  /**
   * Rejects a call of an owner that may never end: a mistake that nothing has reacted to by the
   * next turn is told.
   */
  refuse(owner: Owner, error: unknown, clock: { setImmediate(run: () => void): unknown }): Promise<never> {
    clock.setImmediate(() => this.end(owner, clock));
    return this.attend<never>(owner, Promise.reject(error));
  }

  #keep(mistake: Mistake<Owner>, promise: Promise<unknown>): Mistake<Owner> {
    const mistakes = this.#mistakes.get(mistake.owner) ?? new Set();
    if (mistakes.size >= MOST_MISTAKES) return mistake;
    this.#mistakes.set(mistake.owner, mistakes.add(mistake));
    this.#collected ??= new FinalizationRegistry((collected) => this.#tellOf(collected));
    this.#collected.register(promise, mistake, mistake);
    return mistake;
  }

  #forget(mistake: Mistake<Owner>): void {
    this.#mistakes.get(mistake.owner)?.delete(mistake);
    this.#collected?.unregister(mistake);
  }

  #tellOf(mistake: Mistake<Owner>): void {
    this.#forget(mistake);
    const { owner, error } = mistake;
    const place = placeOf(error);
    if (this.#told.has(place) || this.#told.size >= MOST_MISTAKES) return;
    this.#told.add(place);
    this.#tell(owner, error);
  }
}

/** What an error says, and the frame of the call. */
function placeOf(error: unknown): string {
  const lines = String(propertyOf(error, 'stack')).split('\n');
  const frame = lines.find((line) => line.startsWith('    at ') && !isOwnFrame(line));
  return `${lines[0]} ${frame}`;
}

function isUsageError(error: unknown): boolean {
  return propertyOf(error, 'name') === 'UsageError';
}
