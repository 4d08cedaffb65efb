// Servers that work in turns: all are up at once, and the turns are so short that
// what disturbs the machine disturbs them all alike. What is worked is
// said in works.ts; here is found what a piece of it costs each server.

import { Pair } from './pair.ts';
import type { Server } from './scenario.ts';

/** How long a run takes. */
export interface Pace {
  /** Work that is not measured: the compiler has to see the code first. */
  readonly warmUpMs: number;
  /** How often it is each server's turn, for {@link TURN_MS}. */
  readonly turns: number;
}

/** What a server and its clients do. */
export interface Work {
  /** How many files a server and its clients have open, each. Default: as many as the machine allows by itself. */
  readonly files?: number | undefined;
  /** Whether mark-sweeps are counted. Only servers that run on Node tell. Default: false. */
  readonly countsMarkSweeps?: boolean | undefined;
  /** Does what has to be done once. Rejects when the server does not do the work as it should. */
  readonly begin: (pair: Pair) => Promise<void>;
  /** Works for a time, and until what has begun is done. @returns How many pieces. */
  readonly work: (pair: Pair, forMs: number) => Promise<number>;
}

const TURN_MS = 250;

/** What came of the turns of one server. */
export interface Turns {
  readonly server: Server;
  /** µs of processor time, user and system, per piece. */
  readonly cost: number;
  /** Per thousand pieces; NaN where they are not counted. */
  readonly markSweeps: number;
}

/** Measures what a piece of work costs each server. @returns {@link Turns.cost} of each. */
export async function measureTurns(
  work: Work,
  servers: readonly Server[],
  pace: Pace,
): Promise<ReadonlyMap<Server, number>> {
  const turns = await takeTurns(work, servers, pace);
  return new Map(turns.map(({ server, cost }) => [server, cost]));
}

/** @param servers - In the order in which they begin. */
export async function takeTurns(
  work: Work,
  servers: readonly Server[],
  { warmUpMs, turns }: Pace,
): Promise<readonly Turns[]> {
  const runs = servers.map((server) => new Run(work, server));
  try {
    for (const run of runs) await run.warmUp(warmUpMs);
    for (let turn = 0; turn < turns; turn += 1) {
      for (const run of turn % 2 === 0 ? runs : runs.toReversed()) await run.takeTurn();
    }
    return runs.map(({ server, cost, markSweeps }) => ({ server, cost, markSweeps }));
  } finally {
    for (const run of runs) run.stop();
  }
}

/** One server's part; it sleeps while it is another one's turn. */
class Run {
  readonly server: Server;
  readonly #work: Work;
  readonly #pair: Pair;
  #cpu = 0;
  #pieces = 0;
  #markSweeps = 0;

  constructor(work: Work, server: Server) {
    this.server = server;
    this.#work = work;
    this.#pair = new Pair(server, { files: work.files });
  }

  get cost(): number {
    return this.#cpu / this.#pieces;
  }

  get markSweeps(): number {
    return this.#work.countsMarkSweeps === true ? (this.#markSweeps / this.#pieces) * 1000 : NaN;
  }

  async warmUp(forMs: number): Promise<void> {
    await this.#work.begin(this.#pair);
    await this.#work.work(this.#pair, forMs);
  }

  /** Nothing is under way when a turn begins, and nothing when it ends: each piece counts whole. */
  async takeTurn(): Promise<void> {
    const sweepsBefore = await this.#countMarkSweeps();
    const before = await this.#pair.server.ask({ ask: 'cpu' });
    this.#pieces += await this.#work.work(this.#pair, TURN_MS);
    this.#cpu += (await this.#pair.server.ask({ ask: 'cpu' })) - before;
    this.#markSweeps += (await this.#countMarkSweeps()) - sweepsBefore;
  }

  async #countMarkSweeps(): Promise<number> {
    return this.#work.countsMarkSweeps === true ? this.#pair.server.ask({ ask: 'mark-sweeps' }) : 0;
  }

  stop(): void {
    this.#pair.stop();
  }
}
