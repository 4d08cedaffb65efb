// Whether the broker of this node is up, as a value and as a source for `select`. NodeBus tells of
// changes; server/ shows it as `host.brokerHealth`, and refuses clients by it where it is asked to.

import { source } from '../core/source.ts';
import type { Source, SourcePort } from '../core/source.ts';
import { Subscribers } from '../waiting/subscribers.ts';
import { showAs } from '../platform/inspection.ts';
import type { Clock } from '../time/clock.ts';

/** Whether the broker is up, and since when. */
export interface BrokerHealth {
  /** `none`: there is no broker. */
  readonly broker: 'up' | 'down' | 'none';
  /** How long it has been so, in milliseconds. */
  readonly sinceMs: number;
}

/** Keeps the health of one broker. */
export class BrokerHealthState {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #broker: BrokerHealth['broker'];
  #sinceMs: number;
  /** How often it has changed. */
  changes: number = 0;

  /** @param isUp - undefined where there is no broker. */
  constructor(isUp: boolean | undefined, clock: Clock) {
    this.#clock = clock;
    this.#broker = isUp === undefined ? 'none' : nameOf(isUp);
    this.#sinceMs = clock.now();
  }

  get isDown(): boolean {
    return this.#broker === 'down';
  }

  /** What it is now. */
  get now(): BrokerHealth {
    return { broker: this.#broker, sinceMs: this.#clock.now() - this.#sinceMs };
  }

  /** Called by the bus. */
  change(isUp: boolean): void {
    if (nameOf(isUp) === this.#broker) return;
    this.#broker = nameOf(isUp);
    this.#sinceMs = this.#clock.now();
    this.changes += 1;
    for (const listener of this.#listeners) listener();
  }

  /** Calls back at each change. @returns Removes the listener. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/**
 * Gives the health as users see it: what it is now, and a source of `select` that gives it at each
 * change. Changes count from this call on; of several since the last `take` it gives one.
 */
export function brokerHealthOf(state: BrokerHealthState): Source<BrokerHealth> & BrokerHealth {
  return new BrokerHealthView(state);
}

class BrokerHealthView implements BrokerHealth, Source<BrokerHealth> {
  static {
    showAs(BrokerHealthView.prototype, 'BrokerHealth', ({ broker, sinceMs }) => ({ broker, sinceMs }));
  }

  readonly #state: BrokerHealthState;
  readonly #port: SourcePort<BrokerHealth>;

  constructor(state: BrokerHealthState) {
    this.#state = state;
    this.#port = new HealthPort(state);
  }

  get broker(): BrokerHealth['broker'] {
    return this.#state.now.broker;
  }

  get sinceMs(): number {
    return this.#state.now.sinceMs;
  }

  get [source](): SourcePort<BrokerHealth> {
    return this.#port;
  }
}

class HealthPort implements SourcePort<BrokerHealth> {
  readonly #state: BrokerHealthState;
  readonly #subscribers = new Subscribers();
  /** The changes that were taken. */
  #taken: number;
  /** Listens to the state only while a select waits: the state outlives its views. */
  #off: (() => void) | undefined;

  constructor(state: BrokerHealthState) {
    this.#state = state;
    this.#taken = state.changes;
  }

  get isReady(): boolean {
    return this.#taken < this.#state.changes;
  }

  ready(): boolean {
    return this.isReady;
  }

  take(): BrokerHealth {
    this.#taken = this.#state.changes;
    return this.#state.now;
  }

  subscribe(wake: () => void): () => void {
    const remove = this.#subscribers.add(wake);
    this.#off ??= this.#state.onChange(() => this.#subscribers.wakeWhile(this));
    return () => {
      remove();
      if (!this.#subscribers.isEmpty) return;
      this.#off?.();
      this.#off = undefined;
    };
  }
}

function nameOf(isUp: boolean): 'up' | 'down' {
  return isUp ? 'up' : 'down';
}
