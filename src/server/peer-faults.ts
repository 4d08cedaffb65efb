// Limits what strangers can write into the log: the reports of faults that clients cause. The
// first one of a kind is reported at once, further ones are counted and reported once a minute.
// Sessions (forged cookies), runs (messages that no handler accepts), answer-to.ts (a store that is
// down) and `serve` call it. Errors of the user's own code go to `report` directly.

import type { Report, Where } from './report.ts';
import type { Clock } from '../time/clock.ts';
import { peerCloseCode } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';

/**
 * How long faults of one kind are counted before the count is reported.
 *
 * @limit Time for one report of each kind of clients' faults | the others are counted
 */
const FAULT_WINDOW_MS = 60_000;

/**
 * Kinds that are counted apart.
 *
 * @limit Kinds of faults of clients that are counted apart | further kinds are counted together
 */
export const MAX_FAULT_KINDS = 32;

/** The kind of all faults beyond {@link MAX_FAULT_KINDS} kinds. */
const OTHER_KIND = 'other';

/** What `report` gets once a minute in place of the faults that were left out. */
export class PeerFaultsError extends Error {
  override readonly name = 'PeerFaultsError';
  readonly code = 'COROSOCK_PEER_FAULTS';
  /** What the faults have in common: `'session cookie: forged'`. */
  readonly kind: string;
  /** How many were left out since the last report of this kind. */
  readonly count: number;

  constructor(kind: string, count: number) {
    super(`${count} more of these within a minute: ${kind}`);
    this.kind = kind;
    this.count = count;
  }
}

interface FaultWindow {
  readonly phase: string;
  /** Faults since the last report. */
  count: number;
  timer: unknown;
}

/** Reports the faults of the clients of one host, in bounded number. */
export class PeerFaults {
  readonly #report: Report;
  readonly #clock: Clock;
  /** The kinds of the last minute: one timer each, and none when no client causes faults. */
  readonly #windows = new Map<string, FaultWindow>();
  /** Kinds of which the first fault was reported, for {@link reportOnce}. */
  readonly #told = new Set<string>();
  #isStopped = false;

  constructor(report: Report, clock: Clock) {
    this.#report = report;
    this.#clock = clock;
  }

  /**
   * Reports a fault, or counts it.
   *
   * @param kind - A fixed text, never one of the client: it is kept, and shown with the count.
   * @param makeError - Called only where the fault is reported: a stack costs more than the count.
   */
  report(kind: string, where: Where, makeError: () => unknown): void {
    if (this.#isStopped || !this.#count(kind, where, 0)) this.#report(makeError(), where);
  }

  /** Reports the first fault of a kind, and counts all others, also after a quiet minute. */
  reportOnce(kind: string, where: Where, makeError: () => unknown): void {
    if (this.#isStopped || !this.#told.has(kind)) {
      this.#told.add(kind);
      return this.report(kind, where, makeError);
    }
    this.#count(kind, where, 1);
  }

  /**
   * Counts a fault where its kind is counted now, and otherwise begins to.
   *
   * @param first - The count to begin with.
   * @returns Whether the kind was counted already.
   */
  #count(kind: string, { phase }: Where, first: number): boolean {
    const name = this.#windows.has(kind) || this.#windows.size < MAX_FAULT_KINDS ? kind : OTHER_KIND;
    const window = this.#windows.get(name);
    if (window === undefined) this.#open(name, { phase, count: first, timer: undefined });
    else window.count += 1;
    return window !== undefined;
  }

  /**
   * Reports an error of a handler. An error that is the fault of the client (`peerCloseCode`) is
   * limited, any other is the handler's own and is not.
   */
  readonly reportRun: Report = (error, where) => {
    if (peerCloseCode(error) === undefined) return this.#report(error, where);
    this.report(`${where.phase}: ${String(propertyOf(error, 'code'))}`, where, () => error);
  };

  /** Reports what was counted, and clears all timers. Later faults are not limited. */
  stop(): void {
    this.#isStopped = true;
    for (const [kind, window] of this.#windows) {
      this.#clock.clearTimeout(window.timer);
      this.#tell(kind, window);
    }
    this.#windows.clear();
  }

  #open(kind: string, window: FaultWindow): void {
    this.#windows.set(kind, window);
    window.timer = this.#clock.setTimeout(() => {
      this.#windows.delete(kind);
      if (window.count === 0) return;
      this.#open(kind, { ...window, count: 0 });
      this.#tell(kind, window);
    }, FAULT_WINDOW_MS);
  }

  #tell(kind: string, { phase, count }: FaultWindow): void {
    if (count > 0) this.#report(new PeerFaultsError(kind, count), { phase });
  }
}
