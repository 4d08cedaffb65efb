// Tells of a broker that is down for long: one that is absent, or refuses the password, would
// otherwise be silent. NodeBus says what comes of its messages, of which heartbeats are one a
// second, and asks each second whether it is time. Whether the broker is up: broker-health.ts.

import type { BrokerHealthState } from './broker-health.ts';
import type { Clock } from '../time/clock.ts';
import { propertyOf } from '../core/object-like.ts';

/**
 * How long a broker may be down before it is reported.
 *
 * @limit Time without a broker before `report` gets `COROSOCK_BROKER_DOWN` | once for each outage
 */
const REPORTED_AFTER_MS = 5000;

/** Given to `report`: the broker is down for {@link REPORTED_AFTER_MS}. Once for each outage. */
export class BrokerDownError extends Error {
  override readonly name = 'BrokerDownError';
  readonly code = 'COROSOCK_BROKER_DOWN';
  /** How long it is down, in milliseconds. */
  readonly downMs: number;

  /** @param cause - The last error of the client; undefined where none is known. */
  constructor(downMs: number, wasUp: boolean, cause: unknown) {
    const since = wasUp ? 'is down' : 'has not been up since this node began';
    super(
      `The broker ${since}, for ${Math.round(downMs / 1000)} s: rooms, presence and openServer reach this node alone`,
      cause === undefined ? undefined : { cause },
    );
    this.downMs = downMs;
  }
}

/** Follows the outages of one broker. */
export class BrokerOutage {
  readonly #health: BrokerHealthState;
  readonly #clock: Clock;
  readonly #report: (error: BrokerDownError) => void;
  /** When this one began; undefined while messages are taken. */
  #sinceMs: number | undefined;
  #isTold = false;
  #wasUp = false;
  #cause: unknown;

  constructor(health: BrokerHealthState, clock: Clock, report: (error: BrokerDownError) => void) {
    this.#health = health;
    this.#clock = clock;
    this.#report = report;
    if (health.isDown) this.#sinceMs = clock.now();
    health.onChange(() => {
      if (health.isDown) this.#sinceMs ??= clock.now();
    });
  }

  /** The broker has taken a message: the outage is over. That it is up does not tell so. */
  taken(): void {
    if (this.#sinceMs === undefined && this.#wasUp) return;
    if (this.#health.isDown) return;
    this.#sinceMs = undefined;
    this.#isTold = false;
    this.#wasUp = true;
    this.#cause = undefined;
  }

  /** The broker has not taken a message. */
  failed(error: unknown): void {
    this.#sinceMs ??= this.#clock.now();
    // A BrokerError says that it is down; its cause says why.
    this.#cause = propertyOf(error, 'code') === 'COROSOCK_BROKER' ? propertyOf(error, 'cause') : error;
  }

  /** Reports an outage that is long enough. */
  sweep(nowMs: number): void {
    if (this.#sinceMs === undefined || this.#isTold) return;
    const downMs = nowMs - this.#sinceMs;
    if (downMs < REPORTED_AFTER_MS) return;
    this.#isTold = true;
    this.#report(new BrokerDownError(downMs, this.#wasUp, this.#cause));
  }
}
