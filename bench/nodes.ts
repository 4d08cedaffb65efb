// Two nodes of one deployment over a real broker, asked as if they were one server: costs are added
// up. pair.ts starts them in the place of a server that says so.

import { BrokerServer } from './broker-server.ts';
import type { BrokerClientName } from './broker-clients.ts';
import type { Child } from './child.ts';
import type { ForeignServer } from './foreign-server.ts';
import type { ServerQuestion } from './server-answers.ts';

const NODES = 2;

type Node = Child<ServerQuestion> | ForeignServer;

/** Nodes, and their broker. */
export class Nodes {
  readonly #broker: Promise<BrokerServer>;
  readonly #nodes: Promise<readonly Node[]>;

  /** @param start - Starts one of them, given the words by which it finds the broker. */
  constructor(client: BrokerClientName, start: (words: readonly string[]) => Node) {
    this.#broker = BrokerServer.start(client);
    this.#nodes = this.#broker.then(({ port }) =>
      Array.from({ length: NODES }, () => start([client, `${port}`])),
    );
    this.#nodes.catch(() => {});
  }

  /** Of each node. */
  async ports(): Promise<readonly number[]> {
    return Promise.all((await this.#nodes).map((node) => node.ask({ ask: 'port' })));
  }

  /** @returns The sum over all nodes. */
  async ask(question: ServerQuestion): Promise<number> {
    const answers = (await this.#nodes).map((node) => node.ask(question));
    return (await Promise.all(answers)).reduce((sum, each) => sum + each, 0);
  }

  /** @returns µs of processor time of the broker. */
  async brokerMicros(): Promise<number> {
    return (await this.#broker).cpuMicros;
  }

  /** As of a {@link Child}. */
  async end(): Promise<void> {
    for (const node of await this.#nodes) if ('end' in node) await node.end();
    (await this.#broker).stop();
  }

  stop(): void {
    void this.#nodes.then((nodes) => nodes.forEach((node) => node.stop())).catch(() => {});
    void this.#broker.then((broker) => broker.stop()).catch(() => {});
  }
}
