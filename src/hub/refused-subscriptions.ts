// The subscriptions of a node that the broker refuses: reports them, the first at once and then
// those of a minute together, and asks for them again. NodeBus has one, and calls it each second.

import { isRoomAddress, roomOf } from './broker-address.ts';
import { show } from '../core/arguments.ts';
import { BrokerError } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';

/** How often refusals are reported at most. */
const REPORT_EVERY_MS = 60_000;

/**
 * How many are asked for again in a second, in turn: a broker that refuses 100,000 rooms has
 * to answer each question.
 *
 * @limit Refused rooms that a node asks its broker for again, in a second | the others wait for
 * their turn
 */
const ASKED_AGAIN = 500;

/** A subscription, as far as it is needed here. */
export interface RefusedSubscription {
  readonly address: string;
  /** Does nothing where it has ended. */
  askAgain(): void;
}

/** What is not reported yet. */
interface Unreported {
  readonly address: string;
  readonly error: unknown;
  /** How many were refused behind it. */
  others: number;
}

/** Collects refusals. */
export class RefusedSubscriptions {
  readonly #report: (error: BrokerError) => void;
  /** The one whose turn is next first. */
  readonly #refused = new Set<RefusedSubscription>();
  #unreported: Unreported | undefined;
  #reportedMs = -Infinity;

  constructor(report: (error: BrokerError) => void) {
    this.#report = report;
  }

  /** It is to be asked for again. */
  add(subscription: RefusedSubscription): void {
    this.#refused.add(subscription);
  }

  /** It is to be reported, too. */
  report({ address }: RefusedSubscription, error: unknown, nowMs: number): void {
    if (this.#unreported === undefined) this.#unreported = { address, error, others: 0 };
    else this.#unreported.others += 1;
    this.sweep(nowMs);
  }

  /** Reports what has waited long enough. */
  sweep(nowMs: number): void {
    if (this.#unreported === undefined || nowMs - this.#reportedMs < REPORT_EVERY_MS) return;
    this.#reportedMs = nowMs;
    this.#report(refusalOf(this.#unreported));
    this.#unreported = undefined;
  }

  /** Asks for the next ones. Those that are refused again come behind the others. */
  askAgain(): void {
    for (const subscription of [...this.#refused].slice(0, ASKED_AGAIN)) {
      this.#refused.delete(subscription);
      subscription.askAgain();
    }
  }
}

function refusalOf({ address, error, others }: Unreported): BrokerError {
  const name = isRoomAddress(address) ? `the room ${show(roomOf(address))}` : `the address ${show(address)}`;
  const more = others === 0 ? '' : `, and ${others} more since the last report`;
  // A BrokerError says that the broker has refused it; its cause says why.
  const why = propertyOf(error, 'code') === 'COROSOCK_BROKER' ? propertyOf(error, 'cause') : error;
  return new BrokerError(
    `The broker refuses this node ${name}${more}: nothing of other nodes arrives there`,
    { cause: why ?? error },
  );
}
