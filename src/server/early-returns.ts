// Finds handlers that return at once, as those of `ws` do, although their socket is used later: it
// has closed by then. handler-mistakes.ts asks when a handler has returned; the writer of a socket
// tells of a write that comes too late, socket/sole-reader.ts of a call that reads from then on.

import { placeOf } from '../platform/own-frames.ts';
import type { AwaitStack } from './await-stacks.ts';
import { TRACED_FRAMES } from '../conversation/read-mistakes.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { UsageError } from '../core/errors.ts';
import type { ParkedWait } from '../core/parked-wait.ts';
import { textOf, traceOf, withFrames } from '../core/stack-trace.ts';
import type { StackTrace } from '../core/stack-trace.ts';

/** A run, as far as an early return is looked for. */
export interface ReturningRun {
  readonly conversation: Conversation;
  readonly tasks: readonly unknown[];
}

/** What the sockets of a host share. */
export interface EarlySettings {
  /** The selects that wait, oldest first. */
  readonly selects: Iterable<ParkedWait>;
  /** What is called for a write that is too late, by the transport of its socket. */
  readonly lateWrites: WeakMap<object, () => void>;
  /** A hook that gets each socket, and may keep it. */
  readonly onOpen: unknown;
}

/** Tells which handler is in its first step, and watches the sockets of those that ended in it. */
export class EarlyReturns {
  readonly #settings: EarlySettings;
  /** The run whose handler was called in this step. Kept here: a run would hold it for ever. */
  #first: ReturningRun | undefined;

  constructor(settings: EarlySettings) {
    this.#settings = settings;
  }

  /**
   * A handler is called.
   *
   * @param params - How many it takes: one that takes no socket can leave it to no other code.
   */
  begin(run: ReturningRun, params: number): void {
    this.#first = params > 0 ? run : undefined;
  }

  /** The handler waits, or has ended: one that awaits nothing has called back before this. */
  readonly endStep = (): void => {
    this.#first = undefined;
  };

  /**
   * Looks at a handler that has returned and has no child tasks. It is early
   *
   * 1. where it has called `asWs`, or `requests` with methods, in this turn of the event loop; or
   * 2. where it was called in this step, has written nothing, and its socket is used later.
   *
   * @param tell - Called with the mistake: at once for a call that reads alone and for a select
   *   that waits, else at the first write.
   */
  look(run: ReturningRun, follow: (wait: ParkedWait) => AwaitStack, tell: (error: UsageError) => void): void {
    const { conversation, tasks } = run;
    if (tasks.length > 0) return;
    const { owner } = conversation.reader;
    if (owner?.expected !== undefined) {
      const { goOn, trace } = owner.expected;
      return tell(earlyError(owner.call, framesOf(trace), goOn));
    }
    // Sockets that a hook keeps may be written to as long as they are open: broadcasts.
    if (this.#first !== run || this.#settings.onOpen !== undefined) return;
    if (conversation.writes || owner !== undefined) return;
    this.#watch(conversation, follow, tell);
  }

  /** Code that has not got the socket of the handler may write to it from now on. */
  forgive({ conversation }: Pick<ReturningRun, 'conversation'>): void {
    if (conversation.isEnding) this.#settings.lateWrites.delete(conversation.transport);
  }

  #watch(
    conversation: Conversation,
    follow: (wait: ParkedWait) => AwaitStack,
    tell: (error: UsageError) => void,
  ): void {
    if (conversation.reader.subscribers?.isEmpty === false) {
      const at = placeOfSelect(this.#settings.selects, follow);
      return tell(earlyError('select()', at === undefined ? [] : [`at ${at}`]));
    }
    this.#settings.lateWrites.set(conversation.transport, () => {
      tell(earlyError('ws.write()', framesOf(traceOf(TRACED_FRAMES))));
    });
  }
}

/** The select was called in this step: it is the youngest that waits. */
function placeOfSelect(
  selects: Iterable<ParkedWait>,
  follow: (wait: ParkedWait) => AwaitStack,
): string | undefined {
  const youngest = [...selects].at(-1);
  try {
    return youngest && follow(youngest).at;
  } catch {
    // Not every runtime can follow a promise.
    return undefined;
  }
}

function framesOf(trace: StackTrace | undefined): readonly string[] {
  const lines = textOf(trace)?.split('\n') ?? [];
  return lines.filter((line) => placeOf(line) !== undefined).map((line) => line.trim());
}

/** @param goOn - What the handler should await. */
function earlyError(call: string, frames: readonly string[], goOn = 'ws.closed'): UsageError {
  const where = frames.length === 0 ? '' : `, ${frames[0]}`;
  const error = new UsageError(
    'COROSOCK_FORGOTTEN_AWAIT',
    `${call}: expected a handler that still runs, but it returned at once, and its socket closed with it: ` +
      `end the handler with \`await ${goOn}\`, or share the socket${where}`,
  );
  return withFrames(error, frames);
}
