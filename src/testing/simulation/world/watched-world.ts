// A world that a test drives by itself, as its standstill watch sees it: what its clients wait for,
// and whether anything moves. seeded-world.ts calls it. standstill.ts looks, twice a second, and
// reports.

import type { Agenda } from '../seeded/agenda.ts';
import type { Checks } from './checks.ts';
import type { Escapes } from './escapes.ts';
import { socketsOf, whoWaits } from './who-waits.ts';
import type { LookedAt } from './who-waits.ts';
import type { MemoryServer } from '../../memory-server.ts';
import { StandstillWatch } from '../../standstill.ts';
import type { Watched, WatchedClock } from '../../standstill.ts';
import type { NamedSocket } from '../../who-waits.ts';
import type { Report } from '../../../server/report.ts';

/** A world, as far as it is watched. */
export interface WatchableWorld extends LookedAt {
  readonly agenda: Agenda;
  readonly checks: Checks;
  readonly escapes: Escapes;
  readonly report: Report;
}

/** Watches a world. @returns Ends the watch. */
export function watchFor(world: WatchableWorld): () => void {
  const watch = new StandstillWatch(new WatchedWorld(world), world);
  return () => watch.end();
}

/** What the watch of a world sees of it. */
export class WatchedWorld implements Watched {
  readonly call = 'world()';
  readonly hasHandlers = true;
  readonly #world: WatchableWorld;

  constructor(world: WatchableWorld) {
    this.#world = world;
  }

  get clock(): WatchedClock {
    return this.#world.agenda;
  }

  get servers(): readonly MemoryServer[] {
    return [...this.#world.servers];
  }

  get sockets(): readonly NamedSocket[] {
    return [...this.#world.links].flatMap(socketsOf);
  }

  /** A handshake, or `w.eventually`, may wait for time. What is real ends by itself. */
  get isAsked(): boolean {
    const { checks, escapes, links } = this.#world;
    if (escapes.isOutside) return false;
    return checks.awaited.length > 0 || [...links].some(({ ends, isOver }) => ends === undefined && !isOver);
  }

  get report(): Report {
    return this.#world.report;
  }

  /** The next timer is most often a heartbeat's, which brings nothing. */
  standstill(): string {
    const { agenda } = this.#world;
    const isTimed = agenda.isAwaited || agenda.isCarrying;
    const time = isTimed ? 'Time passes with await w.clock.advance(ms)' : 'No code waits for a timer';
    return `${whoWaits(this.#world)}. ${time}`;
  }
}
