// Finds out whether a read that waits when its handler has returned was forgotten: the handler, or
// a function that it has called, began it, and an `await` is missing. handler-mistakes.ts asks, and
// reports the error. What was left on purpose is none: docs/internals/decisions/reading.md.

import { AwaitStacks } from './await-stacks.ts';
import type { AwaitStack } from './await-stacks.ts';
import { isOwnFrame, placeOf } from '../platform/own-frames.ts';
import { TRACED_FRAMES } from '../conversation/read-mistakes.ts';
import { callOf } from '../conversation/pending-read.ts';
import type { PendingRead, ReadTrace } from '../conversation/pending-read.ts';
import { UsageError } from '../core/errors.ts';
import { noop } from '../core/noop.ts';
import type { ParkedWait } from '../core/parked-wait.ts';
import { textOf, withFrames } from '../core/stack-trace.ts';

/** Follows a wait to the functions that await it. Its mark is that of a child task. */
type Follow = (wait: ParkedWait) => AwaitStack;

/** The synchronous frames of a call. */
interface CallStack {
  /** Those of users, innermost first: `at chat (file:3:5)`. */
  readonly frames: readonly string[];
  /** What began the call: the first step of a handler, a later step, or other code. */
  readonly begun: 'handler' | 'step' | 'elsewhere';
}

/**
 * Makes the error of a read that was forgotten. A read of a child task, a callback or a loop beside
 * the handler is none, nor is one whose promise was raced or selected. So it counts only
 *
 * 1. where the handler was not asynchronous: it cannot have waited for anything;
 * 2. where nothing has reacted to the promise of the read itself; or
 * 3. where the handler returned in the very step that called the read, and the function in which
 *    the call began awaits neither the read nor what reads.
 *
 * @param run - `handling` is undefined for a handler that was not asynchronous.
 * @returns undefined for a read that was left on purpose, or may have been.
 */
export function forgottenRead(
  { handling }: { readonly handling: unknown },
  read: PendingRead,
  follow: Follow,
): UsageError | undefined {
  const { trace } = read;
  if (trace === undefined && handling !== undefined) return undefined;
  try {
    const awaits = follow(read);
    if (awaits.mark !== undefined) return undefined;
    const stack = stackOf(trace);
    const isForgotten =
      handling === undefined ||
      (trace !== undefined && (isUnheard(trace, read, follow, stack) || isDropped(trace, awaits, stack)));
    return isForgotten ? errorOf(read, stack, awaits) : undefined;
  } catch {
    // Not every runtime can follow a promise.
    return undefined;
  }
}

/** Whether nothing has reacted to the promise of a read of the handler. */
function isUnheard({ promise }: ReadTrace, read: PendingRead, follow: Follow, { begun }: CallStack): boolean {
  if (promise === undefined || begun === 'elsewhere') return false;
  // The engine follows a promise to its reaction where that is the only one: to this one, then.
  const listener = async (): Promise<void> => void (await promise);
  AwaitStacks.mark(listener, LISTENER);
  listener().catch(noop);
  return follow(read).mark === LISTENER;
}

const LISTENER = 'forgotten-read';

/** Whether the handler has ended in the step that called the read, and awaited nothing of it. */
function isDropped({ isFresh }: ReadTrace, { outermost }: AwaitStack, { frames, begun }: CallStack): boolean {
  if (!isFresh || begun === 'elsewhere') return false;
  if (begun === 'handler') return true;
  // A loop beside the handler goes on in a step of its own, and awaits what it has called.
  const caller = frames.at(-1);
  return caller !== undefined && outermost !== undefined && nameIn(caller) !== nameIn(outermost);
}

const ASYNC = /^ +at async /;
const STEP = /\bprocessTicksAndRejections\b|\brunMicrotasks\b/;
const HANDLER = /\bHandlerRun\.start\b/;
const CHILD = /[/\\]tasks[/\\]task-scope\.[jt]s/;

function stackOf(trace: ReadTrace | undefined): CallStack {
  const lines = (textOf(trace) ?? '').split('\n').filter((line) => /^ +at /.test(line));
  const frames: string[] = [];
  const found = (begun: CallStack['begun']): CallStack => ({ frames, begun });
  if (lines.some((line) => isOwnFrame(line) && CHILD.test(line))) return found('elsewhere');
  for (const line of lines) {
    if (HANDLER.test(line)) return found('handler');
    if (ASYNC.test(line) || STEP.test(line)) return found('step');
    if (line.includes('(node:')) return found('elsewhere');
    if (placeOf(line) !== undefined) frames.push(line.trim());
  }
  // Deeper calls may have begun anywhere, and so may those whose stack a logger has replaced.
  return found(frames.length > 0 && lines.length < TRACED_FRAMES ? 'step' : 'elsewhere');
}

/** The name of the function of a frame, without its receiver; '' for one without a name. */
function nameIn(frame: string): string {
  const [, name = ''] = /^(?:at )?(.*?)(?: \[as [^\]]*\])? \(/.exec(frame) ?? [];
  return name.slice(name.lastIndexOf('.') + 1);
}

function errorOf(read: PendingRead, { frames }: CallStack, { at }: AwaitStack): UsageError {
  const call = callOf(read);
  const [line = at === undefined ? undefined : `at ${at}`] = frames;
  const caller = frames.length > 1 ? `, called ${frames.at(-1)}` : '';
  const where = line === undefined ? '' : `, ${line}${caller}`;
  const error = new UsageError(
    'COROSOCK_FORGOTTEN_AWAIT',
    `${call}: expected to be awaited before the handler returns, but it still waits${where}`,
  );
  return withFrames(error, frames);
}
