// What `ws.spawn` gives: a child task, to be awaited, selected, or left alone. Who
// runs it is task-scope.ts.

import { PromisePort } from './promise-port.ts';
import { unattended } from '../time/abortable.ts';
import type { Pace } from '../time/pace.ts';
import { source } from '../words/source.ts';
import type { Source, SourcePort } from '../words/source.ts';

/** A child task. It can be awaited or selected; nobody has to. */
export interface Task<T> extends PromiseLike<T>, Source<T> {}

/** Makes a task of what it will give. Where nobody looks at it, a rejection does not reach the process. */
export function taskOf<T>(outcome: Promise<T>, pace: Pace): Task<T> {
  return new ChildTask(unattended(outcome), pace);
}

class ChildTask<T> implements Task<T> {
  readonly #outcome: Promise<T>;
  readonly #pace: Pace;
  /** Made when it is selected. */
  #port: PromisePort<T> | undefined;

  constructor(outcome: Promise<T>, pace: Pace) {
    this.#outcome = outcome;
    this.#pace = pace;
  }

  get [source](): SourcePort<T> {
    this.#port ??= new PromisePort(this.#outcome, this.#pace);
    return this.#port;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is one: a task can be awaited
  then<R = T, E = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this.#outcome.then(onFulfilled, onRejected);
  }
}
