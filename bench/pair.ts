// A server and its clients: two fresh processes, each on a core of its own,
// which turns.ts and measure-idle.ts put to work.

import { Child } from './child.ts';
import type { LoadQuestion } from './load.ts';
import type { Server } from './scenarios.ts';
import type { ServerQuestion } from './server-answers.ts';

/** One server under test. */
export class Pair {
  readonly setsCookie: boolean;
  readonly server: Child<ServerQuestion>;
  readonly load: Child<LoadQuestion>;

  /** @param files - How many files each of the two has open at most. Default: as many as the machine allows by itself. */
  constructor({ program, setsCookie }: Server, files?: number) {
    const options = files === undefined ? {} : { files };
    this.setsCookie = setsCookie;
    this.server = new Child(program, { core: 0, ...options });
    this.load = new Child(new URL('load.js', import.meta.url), { core: 1, ...options });
  }

  /** Opens sockets beside those that are open already. */
  async open(sockets: number): Promise<void> {
    await this.load.ask({ ask: 'open', port: await this.server.ask({ ask: 'port' }), sockets });
  }

  stop(): void {
    this.server.stop();
    this.load.stop();
  }
}
