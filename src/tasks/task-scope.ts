// The child tasks of one handler. They share one signal, and whoever owns the scope
// hears of each error and of the end of the last one. When they are aborted, and how
// long they are awaited, is the owner's business.

import { taskOf } from './task.ts';
import type { Task } from './task.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { badArgument } from '../core/arguments.ts';
import { allowListeners } from '#platform';

/** What a child runs. */
export type ChildFunction<T> = (signal: AbortSignal) => T | PromiseLike<T>;

/** Who owns a scope. */
export interface ScopeListener {
  /** A child has failed, with something else than the reason of its signal. */
  taskOnError(error: unknown): void;
  /** No child runs any more. */
  scopeOnIdle(): void;
}

interface Child {
  readonly name: string;
}

/** Runs children under one signal. */
export class TaskScope {
  readonly #scheduling: Scheduling;
  readonly #listener: ScopeListener;
  readonly #over = new LazySignal();
  readonly #running = new Set<Child>();

  constructor(scheduling: Scheduling, listener: ScopeListener) {
    this.#scheduling = scheduling;
    this.#listener = listener;
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** The names of the functions that still run, in the order of the calls. */
  get running(): readonly string[] {
    return [...this.#running].map(({ name }) => name);
  }

  /**
   * Calls a function at once, as a child. What it throws is the outcome of its task,
   * as what it rejects with is. Once the scope is aborted nothing is called, and the
   * task rejects with the reason.
   */
  spawn<T>(run: ChildFunction<T>): Task<T> {
    if (this.#over.aborted) return taskOf(Promise.reject<T>(this.#over.reason), this.#scheduling);
    const { signal } = this.#over;
    // There may be many children.
    allowListeners(signal);
    const child: Child = { name: nameOf(run) };
    this.#running.add(child);
    const outcome = call(run, signal);
    outcome.then(
      () => this.#onEnd(child),
      (error: unknown) => this.#onError(child, error),
    );
    return taskOf(outcome, this.#scheduling);
  }

  /** Aborts all that run, and all that come. Only the first reason counts. */
  abort(reason: unknown): void {
    this.#over.abort(() => reason);
  }

  #onError(child: Child, error: unknown): void {
    if (!this.#over.explains(error)) this.#listener.taskOnError(error);
    this.#onEnd(child);
  }

  #onEnd(child: Child): void {
    this.#running.delete(child);
    if (!this.isBusy) this.#listener.scopeOnIdle();
  }
}

async function call<T>(run: ChildFunction<T>, signal: AbortSignal): Promise<T> {
  if (typeof run !== 'function') throw badArgument('ws.spawn()', 'task to be a function', run);
  return run(signal);
}

function nameOf(run: unknown): string {
  return typeof run === 'function' && run.name !== '' ? run.name : 'anonymous';
}
