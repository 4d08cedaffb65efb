// `select`: waits for several sources at once. It never races promises: it subscribes to each
// source without taking, and takes synchronously from one that is ready. What it does not take
// stays in its source (docs/internals/decisions/tasks.md). Sources that are ready are taken from
// here; a select that waits is selection.ts.

import type { Channel } from './channel.ts';
import { Selection, TIMED_OUT } from './selection.ts';
import type { SelectResult, Until } from './selection.ts';
import { firstReady, resolveSources } from './select-sources.ts';
import type { SelectSources } from './select-sources.ts';
import type { Socket } from '../socket/socket.ts';
import { abortable, rejected, unattended } from '../waiting/abortable.ts';
import type { Clock } from '../time/clock.ts';
import { ScheduledPort, schedulingOf } from '../time/scheduling.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { checkClock, checkMs, checkNames, checkSignal } from '../core/arguments.ts';
import type { Source } from '../core/source.ts';
import type { ReadResult } from '../core/status.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/** What `select` can take from: sockets, channels, signals, promises, any other {@link Source}. */
export type Selectable = Socket | Channel<unknown> | Source<unknown> | AbortSignal | PromiseLike<unknown>;

/** The value that `select` takes from a source of this type. */
export type Taken<S> = S extends Socket
  ? ReadResult
  : S extends Channel<infer T>
    ? ReadResult<T>
    : S extends Source<infer T>
      ? T
      : S extends AbortSignal
        ? unknown
        : S extends PromiseLike<infer T>
          ? T
          : never;

/** The result of `select`: the key of the source that it has taken from, and the value. */
export type Selected<M extends Record<string, Selectable>> = {
  [K in keyof M & string]: readonly [key: K, value: Taken<M[K]>];
}[keyof M & string];

interface SelectOptions extends WaitOptions {
  readonly clock?: Clock | undefined;
}

const SELECT_OPTIONS: ReadonlySet<string> = new Set<keyof SelectOptions>(['timeoutMs', 'signal', 'clock']);
const NO_OPTIONS: SelectOptions = Object.freeze({});
const TIMED_OUT_SELECT: Promise<SelectResult> = Promise.resolve(TIMED_OUT);

/**
 * Waits until one of several sources has a value, and takes it.
 *
 * Takes from exactly one source. The others keep all that they have, for the next `select` or
 * read. When several sources are ready, it takes from the one with the earliest key. A time-out,
 * an abort and an error take nothing. A call that is not awaited never becomes an unhandled
 * rejection.
 *
 * - A socket gives what `readMessage` would give, `closed` included. A `select` is not a read: a
 *   read of the same socket may wait at the same time, and is served first.
 * - A channel gives what `take` would give, `closed` included. A `take` that waits is served first.
 * - A signal gives its reason once it has aborted.
 * - A promise or a task gives its value. A promise is only observed. If it has rejected, the
 *   `select` that would take from it rejects with its error; the rejection is never an unhandled
 *   one.
 * - `every` gives the number of periods since its last tick was taken.
 * - Any object becomes a source with a {@link SourcePort} under the key {@link source}.
 *
 * Several calls that wait for the same source are served in the order of the calls.
 *
 * @param sources - The sources by key: at least one, each under one key. `timeout` cannot be a key.
 * @param options - `timeoutMs`: longest wait in milliseconds, ≥ 0; 0 takes only what is there.
 *   Default `Infinity`: no time-out. `signal`: aborting rejects with the signal's reason. `clock`:
 *   measures the time-out; default: the clock of the first socket, channel or task that uses
 *   another clock than the real one, else the real clock.
 * @returns `[key, value]` of the source that it has taken from, or `['timeout', undefined]`.
 * @throws UsageError `COROSOCK_ARGUMENT`; `COROSOCK_READ_AFTER_CLOSE` at the hundredth `closed` of
 *   a socket in a row. The error that a source throws or a promise has rejected with. The signal's
 *   reason when it aborts.
 *
 * Invariants: I1, I3, I7.
 */
export function select<const M extends Record<string, Selectable>>(
  sources: M,
  options: WaitOptions & { readonly timeoutMs: number; readonly clock?: Clock | undefined },
): Promise<Selected<M> | readonly [key: 'timeout', value: undefined]>;
/**
 * Waits until one of several sources has a value, and takes it. As above, without a time-out.
 *
 * @returns `[key, value]` of the source that it has taken from.
 */
export function select<const M extends Record<string, Selectable>>(
  sources: M,
  options?: Omit<WaitOptions, 'timeoutMs'> & { readonly clock?: Clock | undefined },
): Promise<Selected<M>>;
export function select(sources: unknown, options: SelectOptions = NO_OPTIONS): Promise<SelectResult> {
  try {
    const resolved = resolveSources(sources);
    if (options !== NO_OPTIONS) checkOptions(options);
    return takeOrWait(resolved, options);
  } catch (error) {
    return rejected(error);
  }
}

/** Takes from the first ready source, or waits. */
function takeOrWait(sources: SelectSources, options: SelectOptions): Promise<SelectResult> {
  const { timeoutMs = Infinity, signal } = options;
  const { keys, ports, scheduling } = sources;
  if (signal?.aborted === true) return rejected(signal.reason);
  // Waits for the microtask that tells, so that a settled promise counts by its key.
  if (sources.mayHaveSettled)
    return wait(sources, options, scheduling.budget.spend(scheduling.spender) ? 'later' : 'next microtask');
  const at = firstReady(ports);
  const port = ports[at];
  if (port === undefined) {
    if (timeoutMs === 0)
      return scheduling.spin.mustYield() ? wait(sources, options, 'later') : TIMED_OUT_SELECT;
    scheduling.spin.reset();
    return wait(sources, options, 'arrival');
  }
  const ours = port instanceof ScheduledPort ? port : undefined;
  if (ours?.isOver !== true) scheduling.spin.reset();
  else if (scheduling.spin.mustYield()) return wait(sources, options, 'later');
  const payer = ours?.scheduling ?? scheduling;
  if (payer.budget.spend(payer.spender)) return wait(sources, options, 'later', payer);
  return Promise.resolve([keys[at] as string, port.take()]);
}

/** @param payer - Whose budget it waits for, where it waits for a later turn. */
function wait(
  sources: SelectSources,
  options: SelectOptions,
  until: Until,
  payer: Scheduling = sources.scheduling,
): Promise<SelectResult> {
  const { timeoutMs = Infinity, signal, clock } = options;
  const scheduling = clock === undefined ? sources.scheduling : schedulingOf(clock);
  if (signal !== undefined) {
    return abortable<SelectResult>(signal, (resolve, reject, resolver) => {
      const selection = new Selection(sources, scheduling, timeoutMs, resolve, reject, resolver);
      selection.begin(until, payer);
      return () => selection.cancel();
    });
  }
  // Marked as handled only when it rejects: a `catch` on each select would be one more promise.
  let selection: Selection | undefined;
  const result = new Promise<SelectResult>((resolve, reject) => {
    const fail = (error: unknown): void => {
      void unattended(result);
      reject(error);
    };
    selection = new Selection(sources, scheduling, timeoutMs, resolve, fail);
  });
  selection?.begin(until, payer);
  return result;
}

function checkOptions(options: SelectOptions): void {
  checkNames('select()', options, SELECT_OPTIONS);
  const { timeoutMs = 0, signal, clock } = options;
  checkMs('select()', 'timeoutMs', timeoutMs);
  checkSignal('select()', 'signal', signal);
  checkClock('select()', 'clock', clock);
}
