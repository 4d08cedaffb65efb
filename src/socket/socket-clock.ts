// `ws.clock`: the clock of a host as its handlers see it, with `sleep`. One for each host, made on
// first use. It sets no timer of its own: a sleep is a deadline among those of the host's sockets.

import type { Clock } from '../time/clock.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner, Deadlines } from '../time/deadline.ts';
import { wallTimeOf } from '../time/real-clock.ts';
import { adoptClock } from '../time/scheduling.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { abortable, rejected } from '../waiting/abortable.ts';
import { looseWaits } from '../waiting/loose-waits.ts';
import type { LooseSelect, LooseWait } from '../waiting/loose-waits.ts';
import { checkMs, checkNames, checkSignal } from '../core/arguments.ts';
import type { ParkedWait, Resolver } from '../core/parked-wait.ts';

/** The clock of a socket: any call that takes a {@link Clock} takes it. */
export interface SocketClock extends Clock {
  /**
   * Waits for a time on this clock.
   *
   * The timer does not hold the process. A call that is not awaited never becomes an unhandled
   * rejection.
   *
   * @param ms - How long, in milliseconds ≥ 0, also beyond 2³¹−1. `Infinity` waits for the signal
   *   alone.
   * @param options - `signal`: aborting rejects with its reason, and clears the timer. Without it
   *   the end of the conversation does not end the wait: pass `ws.signal`, or that of a child task.
   * @throws UsageError `COROSOCK_ARGUMENT`. The reason of `signal`.
   */
  sleep(ms: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  wallTimeMs(): number;
}

const SLEEP_OPTIONS: ReadonlySet<string> = new Set(['signal']);

/** Held weakly, by the deadlines of their hosts: a socket has no field for it. */
const clocks = new WeakMap<Deadlines, SocketClock>();

/** Gives the clock that all sockets of a host show. */
export function socketClockOf({ clock, deadlines, budget }: Scheduling): SocketClock {
  let shown = clocks.get(deadlines);
  if (shown === undefined) {
    shown = new HostClock(clock, deadlines);
    adoptClock(shown, deadlines, budget);
    clocks.set(deadlines, shown);
  }
  return shown;
}

class HostClock implements SocketClock {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;

  constructor(clock: Clock, deadlines: Deadlines) {
    this.#clock = clock;
    this.#deadlines = deadlines;
  }

  now(): number {
    return this.#clock.now();
  }

  setTimeout(run: () => void, ms: number): unknown {
    return this.#clock.setTimeout(run, ms);
  }

  clearTimeout(handle: unknown): void {
    this.#clock.clearTimeout(handle);
  }

  setImmediate(run: () => void): unknown {
    return this.#clock.setImmediate(run);
  }

  wallTimeMs(): number {
    return wallTimeOf(this.#clock);
  }

  sleep(ms: number, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    try {
      checkMs('clock.sleep()', 'ms', ms);
      checkNames('clock.sleep()', options, SLEEP_OPTIONS);
      checkSignal('clock.sleep()', 'signal', options.signal);
    } catch (error) {
      return rejected(error);
    }
    const { signal } = options;
    if (signal === undefined) return new Promise((wake) => void new Sleep(this.#deadlines, ms, wake, wake));
    return abortable<void>(signal, (wake, _, resolver) => {
      const sleep = new Sleep(this.#deadlines, ms, wake, resolver);
      return () => sleep.end();
    });
  }
}

/** One call of `sleep` that waits. `host.waits` lists it with its line. */
class Sleep implements DeadlineOwner, LooseSelect, ParkedWait {
  readonly #deadline: Deadline;
  readonly #wake: () => void;
  readonly resolver: Resolver;
  readonly sinceMs: number;
  isDone: boolean = false;
  // Set by the list of loose waits.
  previous: LooseSelect | undefined;
  next: LooseSelect | undefined;

  constructor(deadlines: Deadlines, ms: number, wake: () => void, resolver: Resolver) {
    this.#wake = wake;
    this.resolver = resolver;
    this.sinceMs = deadlines.now();
    this.#deadline = new Deadline(deadlines, this);
    this.#deadline.setAt(this.sinceMs + ms);
    looseWaits.add(this);
  }

  get held(): readonly LooseWait[] {
    return this.isDone ? [] : [['other', this]];
  }

  onDeadline(): void {
    this.end();
    this.#wake();
  }

  end(): void {
    this.isDone = true;
    this.#deadline.stop();
    looseWaits.remove(this);
  }
}
