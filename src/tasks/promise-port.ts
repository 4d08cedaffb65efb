// A promise as a source of `select`: observed once, however many selects there
// are, so that one that never settles gathers nothing. A rejection is never
// unhandled, and rejects the select that would take it.

import { ScheduledPort } from '../time/scheduling.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { Subscribers } from '../waiting/subscribers.ts';

type State<T> =
  | { readonly kind: 'pending' }
  | { readonly kind: 'fulfilled'; readonly value: T }
  | { readonly kind: 'rejected'; readonly error: unknown };

const PENDING = Object.freeze({ kind: 'pending' });

/** The port of a promise, or of anything with a `then`. */
export class PromisePort<T> extends ScheduledPort<T> {
  readonly scheduling: Scheduling | undefined;
  #state: State<T> = PENDING;
  readonly #subscribers = new Subscribers();
  #isNew = true;

  /** @param scheduling - Of a task; a promise has none. */
  constructor(promise: PromiseLike<T>, scheduling?: Scheduling) {
    super();
    this.scheduling = scheduling;
    promise.then(
      (value) => this.#settle({ kind: 'fulfilled', value }),
      (error: unknown) => this.#settle({ kind: 'rejected', error }),
    );
    queueMicrotask(() => {
      this.#isNew = false;
    });
  }

  /** Whether it cannot be told yet: what has settled before says so a microtask later. */
  get isNew(): boolean {
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
    // A thenable of a user's may call back as often as it likes.
    if (this.isReady) return;
    this.#state = state;
    this.#subscribers.wakeWhile(this);
  }
}

/** Each promise is observed once, for as long as it lives. */
const ports = new WeakMap<PromiseLike<unknown>, PromisePort<unknown>>();

/** Finds the port of a promise; makes it on first use. */
export function portOfPromise(promise: PromiseLike<unknown>): PromisePort<unknown> {
  let port = ports.get(promise);
  if (port === undefined) {
    port = new PromisePort(promise);
    ports.set(promise, port);
  }
  return port;
}
