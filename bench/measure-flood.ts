// One run of a scenario with a flood: how long another client waits meanwhile, which asks at a pace of
// its own from a process of its own; or how long the event loop of the server is blocked.

import { Child } from './child.ts';
import type { LoadQuestion } from './load.ts';
import { Pair } from './pair.ts';
import type { BlockScenario, FloodScenario, Server } from './scenario.ts';
import { measureStages } from './stages.ts';
import type { Pace } from './turns.ts';

/** The other client's pace: a flood that is over in a tenth of a second has a hundred of its messages beside it. */
const EVERY_MS = 1;

/** @returns µs. */
export function measureFlood(
  { messages, isCold }: FloodScenario,
  servers: readonly Server[],
  { turns }: Pace,
): Promise<ReadonlyMap<Server, number>> {
  return measureStages(servers, turns, (server) => {
    if (isCold)
      return { begin: async () => {}, takeTurn: () => firstFlood(server, messages), stop: () => {} };
    const flooded = new Flooded(server);
    return {
      begin: async () => {
        await flooded.open();
        await flooded.flood(messages);
      },
      takeTurn: () => flooded.flood(messages),
      stop: () => flooded.stop(),
    };
  });
}

/** Of a server that has just started. */
async function firstFlood(server: Server, messages: number): Promise<number> {
  const flooded = new Flooded(server);
  try {
    await flooded.open();
    return await flooded.flood(messages);
  } finally {
    flooded.stop();
  }
}

/** A server, the process of the client that floods, and the process of the other client. */
export class Flooded {
  readonly #pair: Pair;
  readonly #other = new Child<LoadQuestion>(new URL('load.js', import.meta.url), { core: 1 });

  constructor(server: Server) {
    this.#pair = new Pair(server);
  }

  async open(): Promise<void> {
    await this.#pair.open(1);
    const port = await this.#pair.server.ask({ ask: 'port' });
    await this.#other.ask({ ask: 'open', port, sockets: 1, dialect: this.#pair.dialect });
  }

  /** @returns The p99 of the other client's waits, in µs: of all that it asked before the flood was answered. */
  async flood(messages: number): Promise<number> {
    await this.#other.ask({ ask: 'probe', everyMs: EVERY_MS, bytes: 1 });
    await this.#pair.load.ask({ ask: 'flood', messages });
    return this.#other.ask({ ask: 'probed' });
  }

  /** A flood beside which nobody asks. */
  async warmUp(messages: number): Promise<void> {
    await this.#pair.load.ask({ ask: 'flood', messages });
  }

  /** @returns The time, in µs, within which this share of its waits was over, of all floods. */
  percentile(share: number): Promise<number> {
    return this.#other.ask({ ask: 'percentile', share });
  }

  stop(): void {
    this.#pair.stop();
    this.#other.stop();
  }
}

/** @returns ms. */
export function measureBlock(
  { messages, sockets }: BlockScenario,
  servers: readonly Server[],
  { turns }: Pace,
): Promise<ReadonlyMap<Server, number>> {
  return measureStages(servers, turns, (server) => {
    const pair = new Pair(server);
    const flood = (): Promise<number> => pair.load.ask({ ask: 'flood', messages });
    return {
      begin: async () => {
        await pair.open(sockets);
        await flood();
      },
      takeTurn: async () => {
        await pair.server.ask({ ask: 'watch blocks' });
        await flood();
        return pair.server.ask({ ask: 'blocked' });
      },
      stop: () => pair.stop(),
    };
  });
}
