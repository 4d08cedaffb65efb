// A promise that is made on first use: most sockets end before any code has asked for their
// `closed`.

import type { Resolver } from '../core/parked-wait.ts';

/** Keeps the value of a promise, and makes the promise on first use. Never rejects. */
export class LazyPromise<T extends object> {
  #value: T | undefined;
  #promise: Promise<T> | undefined;
  #settle: ((value: T) => void) | undefined;

  /** The promise; made on first use, already resolved after `resolve`. */
  get promise(): Promise<T> {
    this.#promise ??= this.#make();
    return this.#promise;
  }

  /** What resolves the promise; undefined before that is made, and where it was made resolved. */
  get resolver(): Resolver | undefined {
    return this.#settle;
  }

  /** Resolves once; further calls do nothing. */
  resolve(value: T): void {
    this.#value ??= value;
    this.#settle?.(value);
  }

  #make(): Promise<T> {
    if (this.#value !== undefined) return Promise.resolve(this.#value);
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }
}
