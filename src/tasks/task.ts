// What `ws.spawn` gives: a child task, to be awaited, selected, or left alone. Who
// runs it is task-scope.ts.

import { PromisePort } from './promise-port.ts';
import { unattended } from '../waiting/abortable.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { source } from '../core/source.ts';
import type { Source, SourcePort } from '../core/source.ts';

/** A child task. It can be awaited or selected; nobody has to. */
export interface Task<T> extends PromiseLike<T>, Source<T> {}

/** Makes a task of what it will give. Where nobody looks at it, a rejection does not reach the process. */
export function taskOf<T>(outcome: Promise<T>, scheduling: Scheduling): Task<T> {
  return new ChildTask(unattended(outcome), scheduling);
}

class ChildTask<T> implements Task<T> {
  readonly #outcome: Promise<T>;
  readonly #scheduling: Scheduling;
  /** Made when it is selected. */
  #port: PromisePort<T> | undefined;

  constructor(outcome: Promise<T>, scheduling: Scheduling) {
    this.#outcome = outcome;
    this.#scheduling = scheduling;
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
    return this.#outcome.then(onFulfilled, onRejected);
  }
}
