// The child tasks of one handler. Each has a signal of its own, because one can be cancelled alone.
// The scope tells its listener of each error, and of the end of the last child. When children are
// aborted, and how long the host waits for them, is decided in server/run-tasks.ts.

import { taskOf } from './task.ts';
import type { Task } from './task.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { badArgument } from '../core/arguments.ts';
import { TaskOverError } from '../core/errors.ts';
import type { ParkedWait, Resolver } from '../core/parked-wait.ts';
import { allowListeners } from '#platform';

/** The function of a child task. Its signal aborts when the task should end. */
export type ChildFunction<T> = (signal: AbortSignal) => T | PromiseLike<T>;

/** What a scope calls: an interface, because its implementation is in `server/`, a room above. */
export interface ScopeListener {
  /** A child has failed with an error that the abort of its signal does not explain. */
  taskOnError(error: unknown): void;
  /** The last running child has ended. */
  scopeOnIdle(): void;
}

/** A child task that runs. */
export interface Child {
  readonly name: string;
  /** When it began, on the clock of its socket. */
  readonly sinceMs: number;
  /** Runs the function. `host.waits` knows its waits by this frame. */
  readonly run: () => Promise<unknown>;
  /** The awaits of its task. */
  readonly awaits: ParkedWait[];
  /** Aborts when the child should end. */
  readonly over: LazySignal;
}

/** Runs child tasks, and aborts them together. */
export class TaskScope {
  readonly #scheduling: Scheduling;
  readonly #listener: ScopeListener;
  /** Why all children should end; undefined before the abort. */
  #over: { readonly reason: unknown } | undefined;
  readonly #running = new Set<Child>();

  constructor(scheduling: Scheduling, listener: ScopeListener) {
    this.#scheduling = scheduling;
    this.#listener = listener;
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** The children that run, in the order of the calls. */
  get running(): readonly Child[] {
    return [...this.#running];
  }

  /**
   * Starts a child: calls the function at once.
   *
   * The task fulfils with the result. It rejects with what the function throws or rejects with. If
   * the scope has aborted, the function is not called, and the task rejects with the reason.
   */
  spawn<T>(run: ChildFunction<T>): Task<T> {
    if (this.#over !== undefined) return taskOf(Promise.reject<T>(this.#over.reason), this.#scheduling);
    const over = new LazySignal();
    const { signal } = over;
    // A child may have many listeners; Node warns of the eleventh.
    allowListeners(signal);
    const { clock } = this.#scheduling;
    const call = async (): Promise<T> => {
      if (typeof run !== 'function') throw badArgument('ws.spawn()', 'task to be a function', run);
      // Awaited here, so that this function stays in the stack of its waits.
      return await run(signal);
    };
    const child: Child = { name: nameOf(run), sinceMs: clock.now(), run: call, awaits: [], over };
    this.#running.add(child);
    const outcome = call();
    const end = outcome.then(
      () => this.#onEnd(child),
      (error: unknown) => this.#onError(child, error),
    );
    const onAwait = (resolver: Resolver): void => {
      if (this.#running.has(child)) child.awaits.push({ resolver, sinceMs: clock.now() });
    };
    const cancel = (reason: unknown): Promise<void> => {
      if (this.#running.has(child))
        over.abort(() => (reason === undefined ? new TaskOverError('cancelled') : reason));
      return new Promise((resolve) => {
        onAwait(resolve);
        void end.then(resolve);
      });
    };
    return taskOf(outcome, this.#scheduling, { onAwait, cancel });
  }

  /** Aborts all running and all later children. Only the first call counts. */
  abort(reason: unknown): void {
    if (this.#over !== undefined) return;
    this.#over = { reason };
    for (const { over } of this.#running) over.abort(() => reason);
  }

  #onError(child: Child, error: unknown): void {
    if (!child.over.explains(error)) this.#listener.taskOnError(error);
    this.#onEnd(child);
  }

  #onEnd(child: Child): void {
    this.#running.delete(child);
    if (!this.isBusy) this.#listener.scopeOnIdle();
  }
}

/** JavaScript may give a function any name: a symbol, or a getter that throws. */
function nameOf(run: unknown): string {
  try {
    const name: unknown = (run as { readonly name?: unknown }).name;
    return typeof name === 'string' && name !== '' ? name : 'anonymous';
  } catch {
    return 'anonymous';
  }
}
