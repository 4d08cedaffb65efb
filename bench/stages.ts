// Servers that take turns, where each turn gives a figure: the one in the middle of all turns is
// what came of a run. Where it is processor time that counts, turns.ts adds the turns up.

import { middle } from './round-trips.ts';
import type { Server } from './scenario.ts';

/** One server, its clients, and what is asked of them. */
export interface Stage {
  /** Does what has to be done once. */
  readonly begin: () => Promise<void>;
  /** @returns The figure of this turn. */
  readonly takeTurn: () => Promise<number>;
  readonly stop: () => void;
}

/** @param servers - In the order in which they begin. @returns The middle one of the figures of all turns. */
export async function measureStages(
  servers: readonly Server[],
  turns: number,
  stageOf: (server: Server) => Stage,
): Promise<ReadonlyMap<Server, number>> {
  const stages = servers.map((server) => ({ server, stage: stageOf(server), figures: [] as number[] }));
  try {
    for (const { stage } of stages) await stage.begin();
    for (let turn = 0; turn < turns; turn += 1) {
      for (const { stage, figures } of turn % 2 === 0 ? stages : stages.toReversed()) {
        figures.push(await stage.takeTurn());
      }
    }
    return new Map(stages.map(({ server, figures }) => [server, middle(figures)]));
  } finally {
    for (const { stage } of stages) stage.stop();
  }
}
