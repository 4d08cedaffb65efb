// A promise that is not made until somebody asks for it: most sockets end
// without anyone waiting for `closed`.

/** Holds back a promise, and the value it resolves with, until they are wanted. Never rejects. */
export class LazyPromise<T extends object> {
  #value: T | undefined;
  #promise: Promise<T> | undefined;
  #settle: ((value: T) => void) | undefined;

  /** The promise; made on first use, resolved already if its time has come. */
  get promise(): Promise<T> {
    this.#promise ??= this.#make();
    return this.#promise;
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
