// The result of `ws.spawn`: a child task, which a handler can await, select, or leave alone.
// task-scope.ts runs the function of the task.

import { PromisePort } from './promise-port.ts';
import { unattended } from '../waiting/abortable.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { noop } from '../core/noop.ts';
import type { Resolver } from '../core/parked-wait.ts';
import { source } from '../core/source.ts';
import type { Source, SourcePort } from '../core/source.ts';

/**
 * A child task: the result of `ws.spawn`.
 *
 * Await it or `select` it to get its value or its error. Neither is required: its error never
 * becomes an unhandled rejection.
 */
export interface Task<T> extends PromiseLike<T>, Source<T> {}

/**
 * Makes a task of its outcome, whose rejection does not reach the process.
 *
 * @param onAwait - Called for each `await` of the task, with the resolver of that.
 */
export function taskOf<T>(
  outcome: Promise<T>,
  scheduling: Scheduling,
  onAwait: (resolver: Resolver) => void = noop,
): Task<T> {
  return new ChildTask(unattended(outcome), scheduling, onAwait);
}

class ChildTask<T> implements Task<T> {
  readonly #outcome: Promise<T>;
  readonly #scheduling: Scheduling;
  readonly #onAwait: (resolver: Resolver) => void;
  /** Made on first use. */
  #port: PromisePort<T> | undefined;

  constructor(outcome: Promise<T>, scheduling: Scheduling, onAwait: (resolver: Resolver) => void) {
    this.#outcome = outcome;
    this.#scheduling = scheduling;
    this.#onAwait = onAwait;
  }

  get [source](): SourcePort<T> {
    this.#port ??= new PromisePort(this.#outcome, this.#scheduling);
    return this.#port;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is one: a task can be awaited
  then<R = T, E = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    if (typeof onFulfilled === 'function') this.#onAwait(onFulfilled);
    return this.#outcome.then(onFulfilled, onRejected);
  }
}
