// An AbortSignal that is not made until somebody asks for it: a controller and
// its signal cost half a kilobyte, and most sockets never need one.

/** Holds back an AbortSignal, and the reason it is aborted with, until they are wanted. */
export class LazySignal {
  #controller: AbortController | undefined;
  #reason: (() => unknown) | undefined;

  /** The signal; made on first use, aborted already if its time has come. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason());
    }
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  /** Aborts once; further calls do nothing. The reason is made only if somebody holds the signal, or when they come for it. */
  abort(reason: () => unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason());
  }

  /** Tells whether an error is this signal's reason, or was caused by it (`node:timers/promises` wraps it). */
  explains(error: unknown): boolean {
    if (this.#controller === undefined || !this.aborted) return false;
    const reason: unknown = this.#controller.signal.reason;
    return error === reason || (error instanceof Object && 'cause' in error && error.cause === reason);
  }
}
