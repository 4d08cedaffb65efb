// Waiting for several things at once. It never races promises: each source says
// whether it is ready, is subscribed to without taking, and is taken from
// synchronously, so that what is not taken stays where it is
// (docs/internals/decisions/tasks.md).

import type { Channel } from './channel.ts';
import { Selection, TIMED_OUT } from './selection.ts';
import type { Answer, Until } from './selection.ts';
import { firstReady, readSources } from './select-sources.ts';
import type { SelectSources } from './select-sources.ts';
import type { Socket } from '../socket/socket.ts';
import { abortable, rejected, unattended } from '../waiting/abortable.ts';
import type { Clock } from '../time/clock.ts';
import { ScheduledPort, schedulingOf } from '../time/scheduling.ts';
import { checkClock, checkMs, checkNames, checkSignal } from '../core/arguments.ts';
import type { Source } from '../core/source.ts';
import type { ReadResult } from '../core/status.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/** What `select` can take from. */
export type Selectable = Socket | Channel<unknown> | Source<unknown> | AbortSignal | PromiseLike<unknown>;

/** What `select` takes from one source. */
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

/** What `select` gives: the key of the source that it has taken from, and what it has taken. */
export type Selected<M extends Record<string, Selectable>> = {
  [K in keyof M & string]: readonly [key: K, value: Taken<M[K]>];
}[keyof M & string];

interface SelectOptions extends WaitOptions {
  readonly clock?: Clock | undefined;
}

const SELECT_OPTIONS: ReadonlySet<string> = new Set<keyof SelectOptions>(['timeoutMs', 'signal', 'clock']);
const NO_OPTIONS: SelectOptions = Object.freeze({});
const TIMED_OUT_SELECT: Promise<Answer> = Promise.resolve(TIMED_OUT);

/**
 * Waits until one of several sources has something, and takes it from there.
 *
 * Takes from exactly one source, and nothing from the others: they keep everything.
 * Of several that are ready the earliest key counts. A time-out, an abort and an
 * error take nothing at all. It is no read: one that waits on the same socket is
 * served first.
 *
 * Sockets give what `readMessage` would, channels what `take` would, `closed`
 * included; a signal that has aborted gives its reason; a promise gives its value.
 * Promises are observed only: one that has rejected rejects the select whose turn
 * it would be, and never becomes an unhandled rejection.
 *
 * @param sources - By key, at least one, each once; `timeout` is no key. An object
 *   becomes a source by a {@link SourcePort} under {@link source}.
 * @param options - `timeoutMs`: longest wait in milliseconds, ≥ 0; 0 takes what is
 *   there, `Infinity`, the default, sets no timer. `signal`: aborting rejects with
 *   its reason. `clock`: by default that of the first socket, channel or task which
 *   has another than the real one, else the real one.
 * @returns `[key, value]`, or `['timeout', undefined]`.
 * @throws UsageError `COROSOCK_ARGUMENT`; `COROSOCK_READ_AFTER_CLOSE` at the
 *   hundredth `closed` of a socket in a row. What a source throws, or a promise has
 *   rejected with. The signal's reason, when it aborts.
 *
 * Invariants: I1, I3, I7.
 */
export function select<const M extends Record<string, Selectable>>(
  sources: M,
  options: WaitOptions & { readonly timeoutMs: number; readonly clock?: Clock | undefined },
): Promise<Selected<M> | readonly [key: 'timeout', value: undefined]>;
export function select<const M extends Record<string, Selectable>>(
  sources: M,
  options?: Omit<WaitOptions, 'timeoutMs'> & { readonly clock?: Clock | undefined },
): Promise<Selected<M>>;
export function select(sources: unknown, options: SelectOptions = NO_OPTIONS): Promise<Answer> {
  try {
    const map = readSources(sources);
    if (options !== NO_OPTIONS) checkOptions(options);
    return choose(map, options);
  } catch (error) {
    return rejected(error);
  }
}

/** Takes what is there, or waits. */
function choose(map: SelectSources, options: SelectOptions): Promise<Answer> {
  const { timeoutMs = Infinity, signal } = options;
  const { keys, ports, scheduling } = map;
  if (signal?.aborted === true) return rejected(signal.reason);
  // A promise that has settled before says so a microtask later: it has its place among the others.
  if (map.hasNew) return wait(map, options, scheduling.budget.spend() ? 'next turn' : 'next microtask');
  const at = firstReady(ports);
  const port = ports[at];
  if (port === undefined) {
    if (timeoutMs === 0)
      return scheduling.spin.mustYield() ? wait(map, options, 'next turn') : TIMED_OUT_SELECT;
    scheduling.spin.reset();
    return wait(map, options, 'arrival');
  }
  const isOver = port instanceof ScheduledPort && port.isOver;
  if (!isOver) scheduling.spin.reset();
  else if (scheduling.spin.mustYield()) return wait(map, options, 'next turn');
  if (scheduling.budget.spend()) return wait(map, options, 'next turn');
  return Promise.resolve([keys[at] as string, port.take()]);
}

function wait(map: SelectSources, options: SelectOptions, until: Until): Promise<Answer> {
  const { timeoutMs = Infinity, signal, clock } = options;
  const scheduling = clock === undefined ? map.scheduling : schedulingOf(clock);
  if (signal !== undefined) {
    return abortable<Answer>(signal, (settle, fail) => {
      const selection = new Selection(map, scheduling, timeoutMs, settle, fail);
      selection.begin(until);
      return () => selection.cancel();
    });
  }
  // Handled as soon as it fails, and no sooner: that is what one more promise would cost.
  let selection: Selection | undefined;
  const answer = new Promise<Answer>((settle, reject) => {
    const fail = (error: unknown): void => {
      void unattended(answer);
      reject(error);
    };
    selection = new Selection(map, scheduling, timeoutMs, settle, fail);
  });
  selection?.begin(until);
  return answer;
}

function checkOptions(options: SelectOptions): void {
  checkNames('select()', options, SELECT_OPTIONS);
  const { timeoutMs = 0, signal, clock } = options;
  checkMs('select()', 'timeoutMs', timeoutMs);
  checkSignal('select()', 'signal', signal);
  checkClock('select()', 'clock', clock);
}
