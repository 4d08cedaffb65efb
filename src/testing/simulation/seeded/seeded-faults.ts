// The faults that a seed chooses: which links and hosts they strike, and when. All is
// decided by the `Choices` of the world when a link or a host is made, so that a scenario changes
// nothing of it. world-link.ts does what is decided here; those of brokers are broker-faults.ts's.

import type { Agenda } from './agenda.ts';
import type { WorldParts } from './world-parts.ts';
import type { TimerOwner } from '../../../time/clock.ts';
import { IDLE_TIMER } from '../../../time/scheduling.ts';

/** The parts of a world that faults use. */
type FaultParts = Pick<WorldParts, 'agenda' | 'choices' | 'faults' | 'tell'>;

/** A link, as faults see it; also what owns the timer that ends a stall. */
export interface FaultyLink extends TimerOwner {
  reset(): void;
  cut(): void;
  /** Holds one direction. @returns Releases it. */
  hold(direction: 'in' | 'out'): () => void;
}

/** A fault strikes within so many deliveries (2⁶) and so much time. */
const LATEST_DELIVERY = 6;
export const LATEST_MS = 60_000;
/** Longest stall, 2¹⁶ ms. */
export const LONGEST_STALL = 16;

/** Gives a number from 1 to 2 to the power of `most`. Each power comes as often: many are small. */
export function sized({ choices }: FaultParts, most: number): number {
  return choices.between(1, 2 ** choices.between(0, most));
}

/** One moment: a delivery, or a time, whichever comes first. */
export class Moment {
  readonly #agenda: Agenda;
  readonly #strike: () => void;
  readonly #timer: unknown;
  /** Deliveries until then. */
  #rest: number;

  constructor(parts: FaultParts, strike: () => void) {
    this.#agenda = parts.agenda;
    this.#strike = strike;
    this.#rest = sized(parts, LATEST_DELIVERY);
    const atMs = parts.choices.between(1, LATEST_MS);
    this.#timer = parts.agenda.setTimeout(() => this.#come(), atMs, IDLE_TIMER);
  }

  /** Counts a delivery. */
  arrive(): void {
    this.#rest -= 1;
    if (this.#rest === 0) this.#come();
  }

  stop(): void {
    this.#rest = 0;
    this.#agenda.clearTimeout(this.#timer);
  }

  #come(): void {
    this.stop();
    this.#strike();
  }
}

/** Which faults strike one link, and when. */
export class LinkFaults {
  readonly #parts: FaultParts;
  readonly #link: FaultyLink;
  readonly #moments: Moment[] = [];
  readonly #timers = new Set<unknown>();
  /** Whether both ends close when one does. */
  readonly isCrossing: boolean;

  constructor(parts: FaultParts, link: FaultyLink) {
    this.#parts = parts;
    this.#link = link;
    const { choices, faults } = parts;
    this.#at(faults.reset, () => link.reset());
    this.#at(faults.halfOpen, () => link.cut());
    for (const direction of ['out', 'in'] as const) {
      const forMs = faults.stall > 0 ? sized(parts, LONGEST_STALL) : 0;
      this.#at(faults.stall, () => {
        const heal = link.hold(direction);
        this.#timers.add(parts.agenda.setTimeout(heal, forMs, link));
      });
    }
    this.isCrossing = choices.isLikely(faults.crossingClose);
  }

  /** How long the next delivery takes. */
  get delayMs(): number {
    const { delayMs } = this.#parts.faults;
    return this.#parts.choices.between(delayMs[0], delayMs[1]);
  }

  /** Called before each delivery, which the fault of this moment may lose. */
  arrive(): void {
    for (const moment of this.#moments) moment.arrive();
  }

  /** Strikes no more. */
  stop(): void {
    for (const moment of this.#moments) moment.stop();
    for (const timer of this.#timers) this.#parts.agenda.clearTimeout(timer);
  }

  /** A link that is over has nothing to lose: no fault strikes it. */
  #at(probability: number, strike: () => void): void {
    const strikeUnlessOver = (): void => {
      if (!this.#link.isIdle) strike();
    };
    const { choices } = this.#parts;
    if (choices.isLikely(probability)) this.#moments.push(new Moment(this.#parts, strikeUnlessOver));
  }
}

/** Whether and when one host stops. */
export class HostFaults {
  readonly links: Set<FaultyLink> = new Set();
  #isDead = false;
  readonly #moment: Moment | undefined;

  /**
   * @param name - Of the host, for the story.
   * @param broker - The node of a host that has one: it stops with its host.
   */
  constructor(parts: FaultParts, name: string, broker?: { die(): void }) {
    const { choices, faults, tell } = parts;
    const die = (): void => {
      this.#isDead = true;
      tell(`${name} stops`);
      for (const link of this.links) link.cut();
      broker?.die();
    };
    if (choices.isLikely(faults.nodeDeath)) this.#moment = new Moment(parts, die);
  }

  /** Whether it has stopped: nothing reaches it, and nothing leaves it. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Called before each delivery of its links. */
  arrive(): void {
    this.#moment?.arrive();
  }
}
