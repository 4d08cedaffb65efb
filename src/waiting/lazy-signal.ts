// An AbortSignal that is made on first use. A controller and its signal cost half a kilobyte and
// five microseconds, and most sockets and handshakes never need one. Our own waits use `until`,
// which needs no signal.

import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';
import { noop } from '../core/noop.ts';

/** A call of `until` or `onAbort`. */
interface Wait extends ListNode<Wait> {
  /** Called at the abort, once it has left the list. */
  readonly end: (reason: unknown) => void;
}

/** Makes an AbortSignal, and the reason of its abort, on first use. */
export class LazySignal {
  #controller: AbortController | undefined;
  #makeReason: (() => unknown) | undefined;
  /** Made on first use; undefined before. */
  #reason: { readonly value: unknown } | undefined;
  /** Made with the first wait. */
  #waits: LinkedList<Wait> | undefined;

  /** The signal; made on first use, already aborted after `abort`. */
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

  /** The reason of the abort; undefined before. */
  get reason(): unknown {
    if (this.#makeReason !== undefined) this.#reason ??= { value: this.#makeReason() };
    return this.#reason?.value;
  }

  /**
   * Aborts once; further calls do nothing.
   *
   * @param reason - Makes the reason, only if a caller holds the signal, waits, or reads it later.
   */
  abort(reason: () => unknown): void {
    if (this.aborted) return;
    this.#makeReason = reason;
    this.#controller?.abort(this.reason);
    this.#waits?.forEach((wait) => {
      this.#leave(wait);
      wait.end(this.reason);
    });
  }

  /**
   * Waits for a promise, and rejects with the reason if this aborts first.
   *
   * @param late - Gets the value of a promise that fulfils after the abort.
   */
  until<T>(coming: Promise<T>, late: (value: T) => void = noop): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (reason: unknown): void => {
        coming.then(late, noop);
        reject(reason);
      };
      if (this.aborted) return end(this.reason);
      const wait = this.#add(end);
      coming.then(
        (value) => this.#leave(wait) && resolve(value),
        (error: unknown) => this.#leave(wait) && reject(error),
      );
    });
  }

  /**
   * Calls back at the abort, behind the listeners of the signal; at once where it has aborted
   * before. Adds no listener to the signal: Node counts them, and warns of the eleventh.
   *
   * @returns Unsubscribes; further calls do nothing.
   */
  onAbort(run: (reason: unknown) => void): () => void {
    if (this.aborted) {
      run(this.reason);
      return noop;
    }
    const wait = this.#add(run);
    return () => void this.#leave(wait);
  }

  #add(end: Wait['end']): Wait {
    const wait: Wait = { end, previous: undefined, next: undefined };
    this.#waits ??= new LinkedList();
    this.#waits.append(wait);
    return wait;
  }

  /** @returns false if the abort has ended the wait before. */
  #leave(wait: Wait): boolean {
    if (this.#waits?.has(wait) !== true) return false;
    this.#waits.remove(wait);
    return true;
  }

  /**
   * Tells whether an error is this signal's reason, or was caused by the abort:
   * `node:timers/promises` wraps the reason, and many database clients throw an AbortError of
   * their own.
   */
  explains(error: unknown): boolean {
    if (this.#reason === undefined) return false;
    return error === this.#reason.value || comesOf(error, this.#reason.value);
  }
}

function comesOf(error: unknown, reason: unknown): boolean {
  // No `instanceof`: where tests run in a realm of their own, Node's errors are of another one.
  if (typeof error !== 'object' || error === null) return false;
  try {
    return ('cause' in error && error.cause === reason) || ('name' in error && error.name === 'AbortError');
  } catch {
    // A thrown value may itself throw when its properties are read.
    return false;
  }
}
