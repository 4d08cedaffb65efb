// The shut-down of a host: asks each run to finish, closes its socket after the grace, waits for
// the pending writes of sessions, bounds all of it by a deadline, and counts for the report. The
// host makes it with the first `close`, and tells it of each run that has ended.

import type { CloseHostOptions, CloseReport } from './close-report.ts';
import type { HandlerRun } from './handler-run.ts';
import type { HostWaits, Wait } from './host-waits.ts';
import type { Outcome } from './outcome.ts';
import type { Report } from './report.ts';
import type { Sessions } from '../session/sessions.ts';
import type { Clock } from '../time/clock.ts';
import { holdProcess } from '../time/real-clock.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';
import { noop } from '../core/noop.ts';

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

/** Ends all runs of a host, in bounded time. */
export class ShutDown {
  readonly report: Promise<CloseReport>;
  readonly #clock: Clock;
  readonly #report: Report;
  readonly #sessions: Pick<Sessions, 'whenSettled'> | undefined;
  readonly #waits: Pick<HostWaits, 'ofAbandoned'>;
  readonly #beganMs: number;
  readonly #graceMs: number;
  readonly #spreadMs: number;
  readonly #deadlineMs: number;
  /** In the order in which they are asked to finish. */
  readonly #runs: readonly HandlerRun[];
  /** The runs that have not ended. */
  readonly #open: Set<HandlerRun>;
  /** The runs whose handler ran when the shut-down began. */
  readonly #running: ReadonlySet<HandlerRun>;
  /** The runs whose handler still ran when its socket was closed. */
  readonly #forced = new Set<HandlerRun>();
  readonly #timers = new Set<unknown>();
  #resolve: (report: CloseReport) => void = noop;
  #finished = 0;
  #closed = 0;
  readonly #abandoned: Wait[] = [];

  constructor(
    runs: Iterable<HandlerRun>,
    { graceMs, spreadMs }: Required<CloseHostOptions>,
    { clock, closeTimeoutMs, report }: ShutDownSettings,
    sessions: Pick<Sessions, 'whenSettled'> | undefined,
    waits: Pick<HostWaits, 'ofAbandoned'>,
  ) {
    this.#clock = clock;
    this.#report = report;
    this.#sessions = sessions;
    this.#waits = waits;
    this.#beganMs = clock.now();
    this.#graceMs = graceMs;
    this.#spreadMs = spreadMs;
    this.#deadlineMs = graceMs + spreadMs + 3 * closeTimeoutMs + SHUT_DOWN_MARGIN_MS;
    this.#runs = [...runs];
    this.#open = new Set(this.#runs);
    this.#running = new Set(this.#runs.filter((run) => run.isHandlerRunning));
    this.report = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  // Called by the host.

  /** Asks the first runs to finish: `draining` aborts, and its listeners run inside this call. */
  begin(): void {
    // The one timer that keeps the process alive: the report that is awaited must come.
    holdProcess(this.#after(this.#deadlineMs, () => this.#onDeadline()));
    if (this.#open.size === 0) return this.#waitForSessions();
    this.#inTurns(0, (run) => run.askToFinish());
    this.#inTurns(this.#graceMs, (run) => this.#close(run));
  }

  /** Counts a run that has ended. */
  runOnEnd(run: HandlerRun, outcome: Outcome): void {
    this.#open.delete(run);
    if (this.#running.has(run)) this.#count(run, outcome);
    if (this.#open.size === 0) this.#waitForSessions();
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

  /** Acts on each run at its turn, from `delayMs` on, spread over `spreadMs`. */
  #inTurns(delayMs: number, act: (run: HandlerRun) => void): void {
    const turnMs = (index: number): number => delayMs + (this.#spreadMs * index) / this.#runs.length;
    let next = 0;
    const step = (): void => {
      const elapsedMs = this.#clock.now() - this.#beganMs;
      while (next < this.#runs.length && turnMs(next) <= elapsedMs) {
        act(this.#runs[next] as HandlerRun);
        next += 1;
      }
      if (next < this.#runs.length) this.#after(turnMs(next) - elapsedMs, step);
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
    if (kind === 'abandoned') this.#abandoned.push(this.#waits.ofAbandoned(run));
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
      abandoned: [...this.#abandoned, ...stillRunning.map((run) => this.#waits.ofAbandoned(run))],
      tookMs: this.#clock.now() - this.#beganMs,
    });
  }
}
