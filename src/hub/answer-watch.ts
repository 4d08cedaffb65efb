// Watches whether the node of a socket answers a handle of this one, and has got all that was sent:
// asks it while something is awaited of it, and now and then while nothing is. For
// remote-transport.ts.

import type { Clock } from '../time/clock.ts';
import { IDLE_TIMER } from '../time/scheduling.ts';

/** How often the other end is asked whether it is there, while something is awaited of it. */
const PROBE_MS = 2000;

/** How often it is asked while nothing is: of an end that was lost on the way it hears so late. */
const IDLE_PROBE_MS = 30_000;

/**
 * A handle whose node has not answered for so long, while something is awaited of it, has ended.
 *
 * @limit Time in which the node of a socket answers a handle of another node | the handle ends with
 * `by: 'link'`
 */
const HANDLE_SILENT_MS = 5000;

/** What is watched. */
export interface Watched {
  /** Whether anything is awaited of the other end. */
  isAwaiting(): boolean;
  /** Asks the other end for a sign of life. */
  probe(): void;
  /** The other end has not answered in time. */
  onSilence(): void;
}

/** Watches the other end of one handle. */
export class AnswerWatch {
  readonly #clock: Clock;
  readonly #watched: Watched;
  #heardMs: number;
  /** Since when something is awaited; undefined while nothing is. */
  #awaitedMs: number | undefined;
  /** Whether the other end was asked, and has not answered. */
  #isProbed = false;
  #timer: unknown;
  #isStopped = false;

  constructor(clock: Clock, watched: Watched) {
    this.#clock = clock;
    this.#watched = watched;
    this.#heardMs = clock.now();
  }

  /** Something is awaited from now on. */
  begin(): void {
    if (this.#awaitedMs !== undefined || this.#isStopped) return;
    this.#awaitedMs = this.#clock.now();
    this.#setTimer(PROBE_MS);
  }

  /** The other end has said something. */
  heard(): void {
    this.#heardMs = this.#clock.now();
    this.#isProbed = false;
  }

  /** Asks at once. */
  probe(): void {
    this.#isProbed = true;
    this.#watched.probe();
    this.begin();
  }

  stop(): void {
    this.#isStopped = true;
    this.#clock.clearTimeout(this.#timer);
  }

  #onTimer(): void {
    if (this.#awaitedMs === undefined) return this.probe();
    if (!this.#isProbed && !this.#watched.isAwaiting()) {
      this.#awaitedMs = undefined;
      return this.#setTimer(IDLE_PROBE_MS);
    }
    const sinceMs = Math.max(this.#heardMs, this.#awaitedMs);
    if (this.#clock.now() - sinceMs >= HANDLE_SILENT_MS) return this.#watched.onSilence();
    this.#setTimer(PROBE_MS);
    return this.#watched.probe();
  }

  #setTimer(ms: number): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => this.#onTimer(), ms, IDLE_TIMER);
  }
}
