// A promise as a source of `select`. Each promise is observed by one `then`, however many selects
// wait for it: a loop over a promise that stays pending must not grow without end. A rejection
// rejects the select that would take the value, and never becomes an unhandled one.
// select-sources.ts asks for ports of promises, task.ts makes those of child tasks.

import { ScheduledPort } from '../time/scheduling.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { Subscribers } from '../waiting/subscribers.ts';
import { inMicrotask } from '../core/microtask.ts';

type State<T> =
  | { readonly kind: 'pending' }
  | { readonly kind: 'fulfilled'; readonly value: T }
  | { readonly kind: 'rejected'; readonly error: unknown };

const PENDING = Object.freeze({ kind: 'pending' });

/** The port of a promise, or of any object with a `then`. Settled, it is ready for ever. */
export class PromisePort<T> extends ScheduledPort<T> {
  readonly scheduling: Scheduling | undefined;
  #state: State<T> = PENDING;
  readonly #subscribers = new Subscribers();
  #isNew = true;

  /** @param scheduling - That of the task; undefined for a promise. */
  constructor(promise: PromiseLike<T>, scheduling?: Scheduling) {
    super();
    this.scheduling = scheduling;
    promise.then(
      (value) => this.#settle({ kind: 'fulfilled', value }),
      (error: unknown) => this.#settle({ kind: 'rejected', error }),
    );
    inMicrotask(() => {
      this.#isNew = false;
    });
  }

  /**
   * Whether the promise may have settled before it was observed: `then` tells so one microtask
   * later.
   */
  get mayHaveSettled(): boolean {
    return this.#isNew && !this.isReady;
  }

  get isReady(): boolean {
    return this.#state.kind !== 'pending';
  }

  get isOver(): boolean {
    return this.isReady;
  }

  ready(): boolean {
    return this.isReady;
  }

  take(): T {
    if (this.#state.kind === 'fulfilled') return this.#state.value;
    throw this.#state.kind === 'rejected' ? this.#state.error : new Error('The promise is pending');
  }

  subscribe(wake: () => void): () => void {
    return this.#subscribers.add(wake);
  }

  #settle(state: State<T>): void {
    // A user's thenable may call back more than once: the first call counts.
    if (this.isReady) return;
    this.#state = state;
    this.#subscribers.wakeWhile(this);
  }
}

/** Weak: a port lives as long as its promise. */
const ports = new WeakMap<PromiseLike<unknown>, PromisePort<unknown>>();

/** Gives the port of a promise; the first call makes it. */
export function portOfPromise(promise: PromiseLike<unknown>): PromisePort<unknown> {
  let port = ports.get(promise);
  if (port === undefined) {
    port = new PromisePort(promise);
    ports.set(promise, port);
  }
  return port;
}
