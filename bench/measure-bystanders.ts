// One run of a bystanders scenario: the same broadcast, by turns to members that all read, and to
// as many beside which some are dead and some do not read.

import { setTimeout as delay } from 'node:timers/promises';
import { Cable } from './cable.ts';
import { Child } from './child.ts';
import type { LoadQuestion } from './load.ts';
import { MEASURED } from './our-servers.ts';
import { Pair } from './pair.ts';
import { middle } from './round-trips.ts';
import { filesNeeded } from './scenario.ts';
import type { BystandersScenario, Server } from './scenario.ts';
import type { Pace } from './turns.ts';

const TURN_MS = 300;
/** A busy machine disturbs a single broadcast more than other figures: short turns, and many. */
const MORE_TURNS = 4;
/** The system makes the buffers of a socket larger while it is filled. */
const FILLED_MS = 20_000;

/** @returns µs. */
export async function measureBystanders(
  scenario: BystandersScenario,
  servers: readonly Server[],
  { warmUpMs, turns }: Pace,
): Promise<ReadonlyMap<Server, number>> {
  const stages = servers.map((server) => new Stage(server, scenario));
  try {
    for (const stage of stages) await stage.begin(warmUpMs);
    for (let turn = 0; turn < turns * MORE_TURNS; turn += 1) {
      for (const stage of turn % 2 === 0 ? stages : stages.toReversed()) await stage.takeTurn();
    }
    for (const stage of stages) await stage.expectOthers();
    return new Map(stages.map(({ server, answers }) => [server, middle(answers)]));
  } finally {
    for (const stage of stages) stage.stop();
  }
}

/** A server in a network of its own, with its members. */
class Stage {
  readonly server: Server;
  readonly answers: number[] = [];
  readonly #scenario: BystandersScenario;
  readonly #cable = new Cable();
  readonly #pair: Pair;
  /** Those that do not read; the last one is dead. */
  readonly #others: Child<LoadQuestion>[] = [];

  constructor(server: Server, scenario: BystandersScenario) {
    this.server = server;
    this.#scenario = scenario;
    this.#pair = new Pair(server, { files: filesNeeded(scenario), within: this.#within('server') });
  }

  async begin(warmUpMs: number): Promise<void> {
    const { sockets, dead, stalled } = this.#scenario;
    await this.#pair.open(sockets);
    if (this.server.name === MEASURED) {
      await this.#addOthers(stalled, 'server');
      await this.#addOthers(dead, 'client');
      this.#cable.set('down');
      await this.#untilFilled(stalled + dead);
    }
    await this.#say(warmUpMs);
  }

  async takeTurn(): Promise<void> {
    this.answers.push(await this.#say(TURN_MS));
  }

  stop(): void {
    this.#pair.stop();
    for (const other of this.#others) other.stop();
    this.#cable.remove();
  }

  #say(forMs: number): Promise<number> {
    const { perSecond, bytes } = this.#scenario;
    return this.#pair.load.ask({ ask: 'broadcasts', perSecond, bytes, forMs }, forMs);
  }

  /** @param side - On which side of the cable they are. */
  async #addOthers(sockets: number, side: 'server' | 'client'): Promise<void> {
    const program = new URL('load.js', import.meta.url);
    const other = new Child<LoadQuestion>(program, { core: 1, within: this.#within(side) });
    this.#others.push(other);
    const port = await this.#pair.server.ask({ ask: 'port' });
    const { address } = this.#cable;
    await other.ask({ ask: 'open', port, sockets, dialect: 'plain', address });
    await other.ask({ ask: 'stall' });
    // What they ask for has to come before the cable is pulled.
    await delay(100);
  }

  /** Those that do not read are there until the end. */
  async expectOthers(): Promise<void> {
    if (this.#others.length === 0) return;
    const { dead, stalled } = this.#scenario;
    const skipped = await this.#pair.server.ask({ ask: 'skipped' });
    if (skipped !== dead + stalled) throw new Error(`${skipped} members were full at the end`);
  }

  async #untilFilled(others: number): Promise<void> {
    const lastMs = performance.now() + FILLED_MS;
    while (performance.now() < lastMs) {
      await this.#say(1);
      if ((await this.#pair.server.ask({ ask: 'skipped' })) === others) return;
      await delay(100);
    }
    throw new Error('those that do not read are not filled');
  }

  #within(side: 'server' | 'client'): readonly string[] {
    return ['ip', 'netns', 'exec', this.#cable[side]];
  }
}
