// The shut-down of a host: asks each run to finish, closes its socket after the grace, waits for
// the pending writes of sessions, bounds all of it by a deadline, and counts for the report. The
// host makes it with the first `close`, and tells it of each run that has ended.

import type { CloseHostOptions, CloseReport } from './close-report.ts';
import type { HandlerRun } from './handler-run.ts';
import type { HostWaits } from './host-waits.ts';
import type { Outcome } from './outcome.ts';
import type { Report } from './report.ts';
import type { Sessions } from '../session/sessions.ts';
import type { Clock } from '../time/clock.ts';
import { holdProcess } from '../time/real-clock.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';
import { noop } from '../core/noop.ts';
import type { Complete } from '../core/options.ts';

/**
 * What a shut-down waits beyond `graceMs`, `spreadMs` and three times `closeTimeoutMs`: one each
 * for the peer, the handler and `onPostServer`.
 */
export const SHUT_DOWN_MARGIN_MS = 1000;

/** The settings of the host that a shut-down needs. */
export interface ShutDownSettings {
  readonly clock: Clock;
  readonly closeTimeoutMs: number;
  readonly report: Report;
}

/** What a shut-down needs of its host. */
export interface ShutDownParts {
  readonly runs: Iterable<HandlerRun>;
  readonly sessions: Pick<Sessions, 'whenSettled'> | undefined;
  readonly waits: Pick<HostWaits, 'ofAbandoned'>;
  /** Called when the drain begins: refuses handshakes from then on. */
  readonly onDrain: () => void;
}

/** The runs that are drained. */
interface Drain {
  /** In the order in which they are asked to finish. */
  readonly runs: readonly HandlerRun[];
  readonly sinceMs: number;
}

/** Ends all runs of a host, in bounded time. */
export class ShutDown {
  readonly report: Promise<CloseReport>;
  readonly #clock: Clock;
  readonly #report: Report;
  readonly #sessions: Pick<Sessions, 'whenSettled'> | undefined;
  readonly #waits: Pick<HostWaits, 'ofAbandoned'>;
  readonly #beganMs: number;
  readonly #delayMs: number;
  readonly #graceMs: number;
  readonly #spreadMs: number;
  readonly #deadlineMs: number;
  /** All runs of the host. */
  readonly #hosted: Iterable<HandlerRun>;
  readonly #onDrain: () => void;
  /** Whether handshakes are refused. */
  isDraining: boolean = false;
  /** The runs that are drained and have not ended. */
  readonly #open = new Set<HandlerRun>();
  /** Those whose handler ran when the drain began. */
  readonly #running = new Set<HandlerRun>();
  /** The runs whose handler still ran when its socket was closed. */
  readonly #forced = new Set<HandlerRun>();
  readonly #timers = new Set<unknown>();
  #resolve: (report: CloseReport) => void = noop;
  #finished = 0;
  #closed = 0;
  readonly #abandoned: HandlerRun[] = [];

  constructor(
    { runs, sessions, waits, onDrain }: ShutDownParts,
    { delayMs, graceMs, spreadMs }: Complete<CloseHostOptions>,
    { clock, closeTimeoutMs, report }: ShutDownSettings,
  ) {
    this.#clock = clock;
    this.#report = report;
    this.#sessions = sessions;
    this.#waits = waits;
    this.#beganMs = clock.now();
    this.#delayMs = delayMs;
    this.#graceMs = graceMs;
    this.#spreadMs = spreadMs;
    this.#deadlineMs = delayMs + graceMs + spreadMs + 3 * closeTimeoutMs + SHUT_DOWN_MARGIN_MS;
    this.#hosted = runs;
    this.#onDrain = onDrain;
    this.report = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  // Called by the host.

  /**
   * Begins with the drain, or with the time before it. Without such a time the first runs are asked
   * to finish inside this call: `draining` aborts, and its listeners run.
   */
  begin(): void {
    // The one timer that keeps the process alive: the report that is awaited must come.
    holdProcess(this.#after(this.#deadlineMs, () => this.#onDeadline()));
    if (this.#delayMs === 0) this.#beginDrain();
    else this.#after(this.#delayMs, () => this.#beginDrain());
  }

  /** Counts a run that has ended. */
  runOnEnd(run: HandlerRun, outcome: Outcome): void {
    if (!this.isDraining) return;
    this.#open.delete(run);
    if (this.#running.has(run)) this.#count(run, outcome);
    if (this.#open.size === 0) this.#waitForSessions();
  }

  #beginDrain(): void {
    this.isDraining = true;
    const drain = { runs: [...this.#hosted], sinceMs: this.#clock.now() };
    for (const run of drain.runs) {
      this.#open.add(run);
      if (run.isHandlerRunning) this.#running.add(run);
    }
    this.#onDrain();
    if (this.#open.size === 0) return this.#waitForSessions();
    this.#inTurns(drain, 0, (run) => run.askToFinish());
    this.#inTurns(drain, this.#graceMs, (run) => this.#close(run));
  }

  /** A process that exits after the report loses no pending write of a session. */
  #waitForSessions(): void {
    if (this.#sessions === undefined) return this.#finish();
    void this.#sessions.whenSettled().then(() => this.#finish());
  }

  #onDeadline(): void {
    if (this.#open.size === 0) {
      this.#report(new Error('Sessions had more to write at the deadline of host.close'), {
        phase: 'session',
      });
    }
    this.#finish();
  }

  /** Acts on each run at its turn, from `firstMs` on, spread over `spreadMs`. */
  #inTurns({ runs, sinceMs }: Drain, firstMs: number, act: (run: HandlerRun) => void): void {
    const turnMs = (index: number): number => firstMs + (this.#spreadMs * index) / runs.length;
    let next = 0;
    const step = (): void => {
      const elapsedMs = this.#clock.now() - sinceMs;
      while (next < runs.length && turnMs(next) <= elapsedMs) {
        act(runs[next] as HandlerRun);
        next += 1;
      }
      if (next < runs.length) this.#after(turnMs(next) - elapsedMs, step);
    };
    step();
  }

  #close(run: HandlerRun): void {
    if (!this.#open.has(run)) return;
    if (run.isHandlerRunning) this.#forced.add(run);
    run.shutDown();
  }

  #after(ms: number, act: () => void): unknown {
    const timer = this.#clock.setTimeout(
      () => {
        this.#timers.delete(timer);
        act();
      },
      Math.min(Math.ceil(ms), MAX_TIMER_MS),
    );
    this.#timers.add(timer);
    return timer;
  }

  #count(run: HandlerRun, { kind }: Outcome): void {
    if (kind === 'abandoned') this.#abandoned.push(run);
    else if (this.#forced.has(run)) this.#closed += 1;
    else this.#finished += 1;
  }

  #finish(): void {
    for (const timer of this.#timers) this.#clock.clearTimeout(timer);
    this.#timers.clear();
    const stillRunning = [...this.#open].filter((run) => run.isHandlerRunning);
    this.#resolve({
      finished: this.#finished,
      closed: this.#closed,
      abandoned: this.#waits.ofAbandoned([...this.#abandoned, ...stillRunning]),
      tookMs: this.#clock.now() - this.#beganMs,
    });
  }
}
