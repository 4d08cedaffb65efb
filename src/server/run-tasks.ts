// The child tasks of one handler: they end with it, and an error of one ends all of them. Decides
// when they are aborted, how long they are awaited, and what the common outcome is. handler-run.ts
// makes it with the first `ws.spawn`; tasks/task-scope.ts runs the functions.

import { closeCodeFor, aggregateErrors, isExpectedEnd } from './outcome.ts';
import type { HandlerEnd } from './outcome.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { taskOf } from '../tasks/task.ts';
import type { Task } from '../tasks/task.ts';
import { TaskScope } from '../tasks/task-scope.ts';
import type { Child, ChildFunction, ScopeListener } from '../tasks/task-scope.ts';
import type { Clock } from '../time/clock.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { TaskOverError, UsageError } from '../core/errors.ts';

/** Where an error has come up: in the handler, or in its child tasks alone. */
export type RunPhase = 'server' | 'spawn';

export interface RunTasksSettings {
  readonly clock: Clock;
  readonly closeTimeoutMs: number;
}

/**
 * Gets the common end of a handler and its child tasks, and the phase to report its error with:
 * undefined for a handler that has not thrown, or has only thrown that it is over.
 */
export type OnEnd = (end: HandlerEnd, phase: RunPhase | undefined) => void;

/** How the handler itself has ended. */
interface OwnEnd {
  readonly end: HandlerEnd;
  /** Whether it has thrown an error. Judged when it threw: its socket may end before its tasks. */
  readonly isError: boolean;
  readonly onEnd: OnEnd;
}

/** Runs the child tasks of one handler, and joins their ends with the end of the handler. */
export class RunTasks implements ScopeListener {
  readonly #conversation: Conversation;
  readonly #draining: LazySignal;
  readonly #settings: RunTasksSettings;
  readonly #report: (error: unknown, phase: RunPhase) => void;
  readonly #scope: TaskScope;
  /** The errors of the child tasks; each once. */
  readonly #errors = new Set<unknown>();
  /** Undefined while the handler runs. */
  #handler: OwnEnd | undefined;
  #timer: unknown;
  /** Whether the child tasks have ended, or are no longer awaited. */
  #isOver = false;
  /** The end of the conversation aborts the child tasks until this is called. */
  readonly #unsubscribe: () => void;

  constructor(
    conversation: Conversation,
    draining: LazySignal,
    settings: RunTasksSettings,
    report: (error: unknown, phase: RunPhase) => void,
  ) {
    this.#conversation = conversation;
    this.#draining = draining;
    this.#settings = settings;
    this.#report = report;
    this.#scope = new TaskScope(conversation.reader.scheduling, this);
    this.#unsubscribe = conversation.over.onAbort((reason) => this.#scope.abort(reason));
  }

  // Called by the run.

  /** Whether the handler itself has ended. */
  get hasHandlerEnded(): boolean {
    return this.#handler !== undefined;
  }

  spawn<T>(run: ChildFunction<T>): Task<T> {
    return this.#scope.spawn(run);
  }

  /** The child tasks that run. */
  get running(): readonly Child[] {
    return this.#scope.running;
  }

  /**
   * Aborts the child tasks, because the handler has ended, and awaits them for `closeTimeoutMs`.
   *
   * Its `onEnd` is called once, maybe inside this call, with the common end: `threw` where the
   * handler or a child task has, with all their errors.
   */
  handlerOnEnd(handler: OwnEnd): void {
    const { clock, closeTimeoutMs } = this.#settings;
    this.#handler = handler;
    this.#scope.abort(new TaskOverError('ended'));
    if (!this.#scope.isBusy) return this.#finish();
    this.#timer = clock.setTimeout(() => this.abandon(), closeTimeoutMs);
  }

  /** Reports the child tasks that still run by name, and awaits them no longer. */
  abandon(): void {
    if (this.#isOver) return;
    for (const { name } of this.#scope.running) this.#report(this.#late(name), 'spawn');
    if (this.hasHandlerEnded) return this.#finish();
    this.#stop();
    for (const error of this.#errors) this.#report(error, 'spawn');
  }

  // Called by the scope.

  taskOnError(error: unknown): void {
    if (isExpectedEnd(error, this.#conversation, this.#draining)) return;
    if (this.#isOver) return this.#report(error, 'spawn');
    this.#errors.add(error);
    this.#scope.abort(new TaskOverError('failed', error));
    // The handler gets `closed`, and its `ws.signal` aborts.
    const { code, closer } = closeCodeFor({ kind: 'threw', error }, 'serving');
    this.#conversation.close(code, '', closer);
  }

  scopeOnIdle(): void {
    if (this.hasHandlerEnded) this.#finish();
  }

  #finish(): void {
    if (this.#isOver || this.#handler === undefined) return;
    const { end, isError, onEnd } = this.#handler;
    this.#stop();
    this.#settings.clock.clearTimeout(this.#timer);
    // An error that the handler got from its task is one, whatever has happened since.
    const hasThrown = end.kind === 'threw' && (isError || this.#errors.has(end.error));
    const isOfChildren = !hasThrown || this.#errors.has(end.error);
    const all = aggregateErrors(hasThrown ? end : undefined, this.#errors);
    if (all === undefined) onEnd(end, undefined);
    else onEnd(all, isOfChildren ? 'spawn' : 'server');
  }

  #stop(): void {
    this.#isOver = true;
    this.#unsubscribe();
  }

  #late(name: string): Error {
    const { closeTimeoutMs } = this.#settings;
    return new Error(`The child task ${name} still runs ${closeTimeoutMs} ms after it was aborted`);
  }
}

/** Gives the task of a `ws.spawn` that comes after the handler: it rejects, and is reported. */
export function lateTask(scheduling: Scheduling, report: (error: UsageError) => void): Task<never> {
  const error = new UsageError(
    'COROSOCK_TOO_LATE',
    'ws.spawn(): expected a handler that still runs, but it has ended, and its tasks with it',
  );
  report(error);
  return taskOf(Promise.reject(error), scheduling);
}
