// One run of an echo scenario: all servers are up at once, and work in turns so
// short that what disturbs the machine disturbs them all alike.

import { Pair } from './pair.ts';
import type { EchoScenario, Server } from './scenarios.ts';

/** How long a run takes. */
export interface Pace {
  /** Traffic that is not measured: the compiler has to see the code first. */
  readonly warmUpMs: number;
  /** How often it is each server's turn, for {@link TURN_MS}. */
  readonly turns: number;
}

const TURN_MS = 250;

/**
 * Measures what a message costs each server.
 *
 * @param servers - In the order in which they begin.
 * @returns µs of processor time, user and system, per message.
 */
export async function measureEcho(
  scenario: EchoScenario,
  servers: readonly Server[],
  { warmUpMs, turns }: Pace,
): Promise<ReadonlyMap<Server, number>> {
  const runs = servers.map((server) => new EchoRun(scenario, server));
  try {
    for (const run of runs) await run.warmUp(warmUpMs);
    for (let turn = 0; turn < turns; turn += 1) {
      for (const run of turn % 2 === 0 ? runs : runs.toReversed()) await run.takeTurn();
    }
    return new Map(runs.map((run) => [run.server, run.cost]));
  } finally {
    for (const run of runs) run.stop();
  }
}

/** One server's part; it sleeps while it is another one's turn. */
class EchoRun {
  readonly server: Server;
  readonly #scenario: EchoScenario;
  readonly #pair: Pair;
  #cpu = 0;
  #messages = 0;

  constructor(scenario: EchoScenario, server: Server) {
    this.server = server;
    this.#scenario = scenario;
    this.#pair = new Pair(server);
  }

  get cost(): number {
    return this.#cpu / this.#messages;
  }

  async warmUp(forMs: number): Promise<void> {
    await this.#pair.open(this.#scenario.sockets);
    await this.#pair.load.ask({ ask: 'check', bytes: this.#scenario.bytes });
    await this.#echo(forMs);
  }

  /** Nothing is under way when a turn begins, and nothing when it ends: each message counts whole. */
  async takeTurn(): Promise<void> {
    const before = await this.#pair.server.ask({ ask: 'cpu' });
    this.#messages += await this.#echo(TURN_MS);
    this.#cpu += (await this.#pair.server.ask({ ask: 'cpu' })) - before;
  }

  stop(): void {
    this.#pair.stop();
  }

  #echo(forMs: number): Promise<number> {
    const { inFlight, bytes } = this.#scenario;
    return this.#pair.load.ask({ ask: 'echo', inFlight, bytes, forMs }, forMs);
  }
}
