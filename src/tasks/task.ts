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
export interface Task<T> extends PromiseLike<T>, Source<T> {
  /**
   * Aborts the signal of the task, and waits for its end.
   *
   * The handler and its other tasks go on: an AbortError that comes after the abort, or the reason
   * itself, is no error of the handler. Any other error is one, as without `cancel`. The task still
   * settles with what its function returns or throws, so that an `await` of it rejects.
   *
   * A task that ignores its signal ends when it likes, and one that waits here for its own end
   * waits until the handler is over. Does nothing once the task has ended.
   *
   * @param reason - The reason of the signal. Default: an AbortError, 'The task was cancelled'.
   * @returns Resolves when the function has settled; never rejects.
   */
  cancel(reason?: unknown): Promise<void>;
}

/** What a task asks of the function that it stands for. */
export interface TaskControl {
  /** Called for each `await` of the task, with the resolver of that. */
  readonly onAwait: (resolver: Resolver) => void;
  /** Aborts the signal of the function. Resolves when that has settled. */
  readonly cancel: (reason: unknown) => Promise<void>;
}

/** Of a task that has settled already. */
const ENDED: TaskControl = Object.freeze({ onAwait: noop, cancel: () => Promise.resolve() });

/** Makes a task of its outcome, whose rejection does not reach the process. */
export function taskOf<T>(
  outcome: Promise<T>,
  scheduling: Scheduling,
  control: TaskControl = ENDED,
): Task<T> {
  return new ChildTask(unattended(outcome), scheduling, control);
}

class ChildTask<T> implements Task<T> {
  readonly #outcome: Promise<T>;
  readonly #scheduling: Scheduling;
  readonly #control: TaskControl;
  /** Made on first use. */
  #port: PromisePort<T> | undefined;

  constructor(outcome: Promise<T>, scheduling: Scheduling, control: TaskControl) {
    this.#outcome = outcome;
    this.#scheduling = scheduling;
    this.#control = control;
  }

  get [source](): SourcePort<T> {
    this.#port ??= new PromisePort(this.#outcome, this.#scheduling);
    return this.#port;
  }

  cancel(reason?: unknown): Promise<void> {
    return this.#control.cancel(reason);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is one: a task can be awaited
  then<R = T, E = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    if (typeof onFulfilled === 'function') this.#control.onAwait(onFulfilled);
    return this.#outcome.then(onFulfilled, onRejected);
  }
}
