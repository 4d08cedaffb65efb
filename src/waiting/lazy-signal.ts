// An AbortSignal that is not made until somebody asks for it: a controller and
// its signal cost half a kilobyte and five microseconds, and most sockets and
// handshakes never need one. Our own waits do without.

import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';
import { noop } from '../core/noop.ts';

/** Who waits without a signal. */
interface Wait extends ListNode<Wait> {
  /** Ends it with the reason. */
  readonly end: (reason: unknown) => void;
}

/** Holds back an AbortSignal, and the reason it is aborted with, until they are wanted. */
export class LazySignal {
  #controller: AbortController | undefined;
  #makeReason: (() => unknown) | undefined;
  /** Made once; undefined until then. */
  #reason: { readonly value: unknown } | undefined;
  /** Undefined where nobody ever waited. */
  #waits: LinkedList<Wait> | undefined;

  /** The signal; made on first use, aborted already if its time has come. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#makeReason !== undefined;
  }

  /** What it was aborted with; undefined before. */
  get reason(): unknown {
    if (this.#makeReason !== undefined) this.#reason ??= { value: this.#makeReason() };
    return this.#reason?.value;
  }

  /** Aborts once; further calls do nothing. The reason is made only if somebody holds the signal, waits, or comes for it. */
  abort(reason: () => unknown): void {
    if (this.aborted) return;
    this.#makeReason = reason;
    this.#controller?.abort(this.reason);
    for (let wait = this.#waits?.first; wait !== undefined; wait = this.#waits?.first) {
      this.#waits?.remove(wait);
      wait.end(this.reason);
    }
  }

  /**
   * Waits for something until this aborts; then rejects with the reason.
   *
   * @param late - Gets what comes after all.
   */
  until<T>(coming: Promise<T>, late: (value: T) => void = noop): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (reason: unknown): void => {
        coming.then(late, noop);
        reject(reason);
      };
      if (this.aborted) return end(this.reason);
      const wait: Wait = { end, previous: undefined, next: undefined };
      this.#waits ??= new LinkedList();
      this.#waits.append(wait);
      coming.then(
        (value) => this.#leave(wait) && resolve(value),
        (error: unknown) => this.#leave(wait) && reject(error),
      );
    });
  }

  /** @returns false for a wait that was ended. */
  #leave(wait: Wait): boolean {
    if (this.#waits?.has(wait) !== true) return false;
    this.#waits.remove(wait);
    return true;
  }

  /**
   * Tells whether an error is this signal's reason, or comes of it: `node:timers/promises` wraps the
   * reason, many clients of databases give an AbortError of their own in its place.
   */
  explains(error: unknown): boolean {
    if (this.#reason === undefined) return false;
    return error === this.#reason.value || comesOf(error, this.#reason.value);
  }
}

function comesOf(error: unknown, reason: unknown): boolean {
  // No `instanceof`: Node's own errors are of another realm where tests run in one of theirs.
  if (typeof error !== 'object' || error === null) return false;
  try {
    return ('cause' in error && error.cause === reason) || ('name' in error && error.name === 'AbortError');
  } catch {
    // Anything can be thrown, also what throws when it is looked at.
    return false;
  }
}
