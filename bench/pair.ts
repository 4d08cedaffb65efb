// A server and its clients: two fresh processes, each on a core of its own,
// which turns.ts and measure-idle.ts put to work.

import { Child } from './child.ts';
import type { DialectName } from './dialects.ts';
import { ForeignServer } from './foreign-server.ts';
import type { LoadQuestion } from './load.ts';
import { Nodes } from './nodes.ts';
import type { Server } from './scenario.ts';
import type { ServerQuestion } from './server-answers.ts';

export interface PairOptions {
  /** How many files each of the two has open at most. Default: as many as the machine allows by itself. */
  readonly files?: number | undefined;
  /** Where a CPU profile of the server is written at its end. Default: none. */
  readonly profileFolder?: string | undefined;
  /** Commands that run both, such as `ip netns exec NAME`. Default none. */
  readonly within?: readonly string[] | undefined;
}

/** One server under test. */
export class Pair {
  readonly setsCookie: boolean;
  readonly server: Child<ServerQuestion> | ForeignServer | Nodes;
  readonly load: Child<LoadQuestion>;
  readonly dialect: DialectName;

  constructor(
    { program, words = [], env, setsCookie, command, dialect, over }: Server,
    options: PairOptions = {},
  ) {
    const { files, within } = options;
    this.setsCookie = setsCookie;
    this.dialect = dialect;
    const start = (more: readonly string[]): Child<ServerQuestion> | ForeignServer =>
      command === undefined
        ? new Child(program, { core: 0, words: [...words, ...more], env, ...options })
        : new ForeignServer([...command, ...words, ...more], files);
    this.server = over === undefined ? start([]) : new Nodes(over, start);
    this.load = new Child(new URL('load.js', import.meta.url), { core: 1, files, within });
  }

  /** Opens sockets beside those that are open already; of several nodes, each gets its part in turn. */
  async open(sockets: number): Promise<void> {
    const { server, dialect } = this;
    const ports = server instanceof Nodes ? await server.ports() : [await server.ask({ ask: 'port' })];
    for (const [at, port] of ports.entries()) {
      const ofThis = Math.ceil((sockets - at) / ports.length);
      await this.load.ask({ ask: 'open', port, sockets: ofThis, dialect });
    }
  }

  /** Lets the server end by itself, so that it writes its profile; its clients are gone by then. */
  async end(): Promise<void> {
    this.load.stop();
    if ('end' in this.server) await this.server.end();
  }

  /** The clients first: they would tell of a server that has dropped them. */
  stop(): void {
    this.load.stop();
    this.server.stop();
  }
}
