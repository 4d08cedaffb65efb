// Counts what NodeBus drops, by reason, and reports it rarely: the first of each reason at once,
// then one sum a minute. Other programs may use the same broker, and a broken one sends thousands.

import type { EnvelopeFault } from './envelope.ts';

/** How often one reason is reported at most. */
const REPORT_EVERY_MS = 60_000;

/**
 * Why an envelope was dropped. Reported are:
 *
 * - `foreign`: it is no envelope. `version`: it has the layout of another version. `size`: it has
 *   more than 512 KiB. `malformed`: its fields are broken.
 * - `oversize`: this node could not send it, because it has more than 512 KiB.
 * - `node`: more nodes than this one can know. `busy`: too much was asked, or answered, at a time.
 *
 * Ordinary, and only counted, are:
 *
 * - `own`: the broker has given a node its own. `duplicate`: it came before.
 * - `stale`: its node has begun anew since. `kind`: no part of this node knows its kind.
 */
export type DropReason =
  | EnvelopeFault
  | 'own'
  | 'duplicate'
  | 'stale'
  | 'kind'
  | 'node'
  | 'oversize'
  | 'busy';

/** Ordinary in a deployment: duplicates of a broker, and kinds of newer nodes. */
const NOT_REPORTED: ReadonlySet<DropReason> = new Set(['own', 'duplicate', 'stale', 'kind']);

/**
 * Given to `report`: envelopes of other nodes, or to other nodes, were dropped. The first for each
 * reason comes at once, then one for all further ones, at most once a minute.
 */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
  readonly code = 'COROSOCK_ENVELOPE';
  /** Why they were dropped. */
  readonly reason: DropReason;
  /** How many were dropped for this reason since the last report. */
  readonly count: number;

  constructor(reason: DropReason, count: number, address: string) {
    super(
      `${count} ${count === 1 ? 'envelope was' : 'envelopes were'} dropped (${reason}), of ${address} last`,
    );
    this.reason = reason;
    this.count = count;
  }
}

/** What is not reported yet, of one reason. */
interface Unreported {
  count: number;
  address: string;
  reportedMs: number;
}

/** Counts dropped envelopes. */
export class DroppedEnvelopes {
  readonly #report: (error: unknown) => void;
  readonly #unreported = new Map<DropReason, Unreported>();
  /** All that were dropped, by reason. */
  readonly counts: Map<DropReason, number> = new Map<DropReason, number>();

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** Counts one. @param address - Where it has come, or was to go. */
  count(reason: DropReason, address: string, nowMs: number): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    if (NOT_REPORTED.has(reason)) return;
    const unreported = this.#unreported.get(reason) ?? { count: 0, address, reportedMs: -Infinity };
    this.#unreported.set(reason, unreported);
    unreported.count += 1;
    unreported.address = address;
    this.#tell(reason, unreported, nowMs);
  }

  /** Reports what has waited long enough. Called now and then. */
  sweep(nowMs: number): void {
    for (const [reason, unreported] of this.#unreported) {
      if (unreported.count > 0) this.#tell(reason, unreported, nowMs);
    }
  }

  #tell(reason: DropReason, unreported: Unreported, nowMs: number): void {
    if (nowMs - unreported.reportedMs < REPORT_EVERY_MS) return;
    const { count, address } = unreported;
    unreported.count = 0;
    unreported.reportedMs = nowMs;
    this.#report(new EnvelopeError(reason, count, address));
  }
}
