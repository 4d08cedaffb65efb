// A server and its clients: two fresh processes, each on a core of its own,
// which turns.ts and measure-idle.ts put to work.

import { Child } from './child.ts';
import type { DialectName } from './dialects.ts';
import { ForeignServer } from './foreign-server.ts';
import type { LoadQuestion } from './load.ts';
import type { Server } from './scenario.ts';
import type { ServerQuestion } from './server-answers.ts';

export interface PairOptions {
  /** How many files each of the two has open at most. Default: as many as the machine allows by itself. */
  readonly files?: number | undefined;
  /** Where a CPU profile of the server is written at its end. Default: none. */
  readonly profileFolder?: string | undefined;
}

/** One server under test. */
export class Pair {
  readonly setsCookie: boolean;
  readonly server: Child<ServerQuestion> | ForeignServer;
  readonly load: Child<LoadQuestion>;
  readonly #dialect: DialectName;

  constructor({ program, words = [], setsCookie, command, dialect }: Server, options: PairOptions = {}) {
    const { files } = options;
    this.setsCookie = setsCookie;
    this.#dialect = dialect;
    this.server =
      command === undefined
        ? new Child(program, { core: 0, words, ...options })
        : new ForeignServer([...command, ...words]);
    this.load = new Child(new URL('load.js', import.meta.url), { core: 1, files });
  }

  /** Opens sockets beside those that are open already. */
  async open(sockets: number): Promise<void> {
    await this.load.ask({
      ask: 'open',
      port: await this.server.ask({ ask: 'port' }),
      sockets,
      dialect: this.#dialect,
    });
  }

  /** Lets the server end by itself, so that it writes its profile; its clients are gone by then. */
  async end(): Promise<void> {
    this.load.stop();
    if (this.server instanceof Child) await this.server.end();
  }

  stop(): void {
    this.server.stop();
    this.load.stop();
  }
}
