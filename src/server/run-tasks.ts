// A handler and its children as one: they end with it, and an error of one ends all
// of them. Here it is decided when children are aborted, how long they are awaited,
// and what the outcome of all is. What runs them is tasks/task-scope.ts.

import { closeCodeFor, aggregateErrors, isExpectedEnd } from './outcome.ts';
import type { HandlerEnd } from './outcome.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { taskOf } from '../tasks/task.ts';
import type { Task } from '../tasks/task.ts';
import { TaskScope } from '../tasks/task-scope.ts';
import type { ChildFunction, ScopeListener } from '../tasks/task-scope.ts';
import type { Clock } from '../time/clock.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { HandlerOverError, UsageError } from '../core/errors.ts';

/** Where an error has come up: in the handler, or in its children alone. */
export type RunPhase = 'server' | 'spawn';

export interface RunTasksSettings {
  readonly clock: Clock;
  readonly closeTimeoutMs: number;
}

/** Gets the end of a handler and its children, and where it has to be reported if it is an error. */
type GoOn = (end: HandlerEnd, phase: RunPhase) => void;

/** The children of one run. */
export class RunTasks implements ScopeListener {
  readonly #conversation: Conversation;
  readonly #draining: LazySignal;
  readonly #settings: RunTasksSettings;
  readonly #report: (error: unknown, phase: RunPhase) => void;
  readonly #scope: TaskScope;
  /** What the children have failed with; each once. */
  readonly #errors = new Set<unknown>();
  /** How the handler itself has ended, and who waits for the children; undefined while it runs. */
  #handler: { readonly end: HandlerEnd; readonly goOn: GoOn } | undefined;
  #timer: unknown;
  /** Whether nobody waits for the children any more. */
  #isOver = false;

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
    const { signal } = conversation.over;
    if (signal.aborted) this.#scope.abort(signal.reason);
    else signal.addEventListener('abort', this.#signalOnAbort);
  }

  // Called by the run.

  /** Whether the handler itself has ended: children come no more. */
  get hasHandlerEnded(): boolean {
    return this.#handler !== undefined;
  }

  spawn<T>(run: ChildFunction<T>): Task<T> {
    return this.#scope.spawn(run);
  }

  /**
   * The handler has ended: its children are aborted, and awaited for `closeTimeoutMs`.
   *
   * @param goOn - Called once with the end of all of them, which may be at once. It has
   *   thrown where one of them has, with all their errors.
   */
  handlerOnEnd(end: HandlerEnd, goOn: GoOn): void {
    const { clock, closeTimeoutMs } = this.#settings;
    this.#handler = { end, goOn };
    this.#scope.abort(new HandlerOverError('ended'));
    if (!this.#scope.isBusy) return this.#finish();
    this.#timer = clock.setTimeout(() => this.abandon(), closeTimeoutMs);
  }

  /** Waits no more: names whoever still runs. */
  abandon(): void {
    if (this.#isOver) return;
    for (const name of this.#scope.running) this.#report(this.#late(name), 'spawn');
    if (this.hasHandlerEnded) return this.#finish();
    this.#stop();
    for (const error of this.#errors) this.#report(error, 'spawn');
  }

  // Called by the scope.

  taskOnError(error: unknown): void {
    if (isExpectedEnd(error, this.#conversation, this.#draining)) return;
    if (this.#isOver) return this.#report(error, 'spawn');
    this.#errors.add(error);
    this.#scope.abort(new HandlerOverError('failed', error));
    // The handler hears of it as `closed`, and by `ws.signal`.
    const { code, closer } = closeCodeFor({ kind: 'threw', error }, 'serving');
    this.#conversation.close(code, '', closer);
  }

  scopeOnIdle(): void {
    if (this.hasHandlerEnded) this.#finish();
  }

  #finish(): void {
    if (this.#isOver || this.#handler === undefined) return;
    const { end, goOn } = this.#handler;
    this.#stop();
    this.#settings.clock.clearTimeout(this.#timer);
    const hasThrown = end.kind === 'threw' && !isExpectedEnd(end.error, this.#conversation, this.#draining);
    const isOfChildren = !hasThrown || this.#errors.has(end.error);
    goOn(
      aggregateErrors(hasThrown ? end : undefined, this.#errors) ?? end,
      isOfChildren ? 'spawn' : 'server',
    );
  }

  #stop(): void {
    this.#isOver = true;
    this.#conversation.over.signal.removeEventListener('abort', this.#signalOnAbort);
  }

  readonly #signalOnAbort = (): void => this.#scope.abort(this.#conversation.over.reason);

  #late(name: string): Error {
    const { closeTimeoutMs } = this.#settings;
    return new Error(`The child task ${name} still runs ${closeTimeoutMs} ms after it was aborted`);
  }
}

/** Answers a call that comes after the handler: nothing is run, and whoever reports hears of it. */
export function lateTask(scheduling: Scheduling, report?: (error: UsageError) => void): Task<never> {
  const error = new UsageError(
    'COROSOCK_TOO_LATE',
    'ws.spawn(): expected a handler that still runs, but it has ended, and its tasks with it',
  );
  report?.(error);
  return taskOf(Promise.reject(error), scheduling);
}
