// A node with shared sockets, their clients, and a node that opens these sockets by their ids, over
// one broker: measure-across.ts and measure-remote.ts ask.

import { setTimeout as delay } from 'node:timers/promises';
import { BrokerServer } from './broker-server.ts';
import type { BrokerClientName } from './broker-clients.ts';
import { Child } from './child.ts';
import type { LoadQuestion } from './load.ts';
import { FIRST_IDLE_SOCKETS } from './scenario.ts';
import type { ServerQuestion } from './server-answers.ts';
import type { OpenerQuestion } from './servers/corosock-opener.ts';

const HEARS_MS = 30_000;
/** Until what a node has subscribed to is in force. */
const SUBSCRIBES_MS = 300;

/** Two nodes and a load generator, on their cores. */
export class RemoteScene {
  readonly broker: BrokerServer;
  readonly owner: Child<ServerQuestion>;
  readonly opener: Child<OpenerQuestion>;
  readonly load: Child<LoadQuestion>;

  private constructor(broker: BrokerServer, client: BrokerClientName, files: number | undefined) {
    const words = [client, `${broker.port}`];
    this.broker = broker;
    this.owner = new Child(programOf('corosock-owner'), { core: 0, words, files });
    this.opener = new Child(programOf('corosock-opener'), { core: 0, words, files });
    this.load = new Child(new URL('load.js', import.meta.url), { core: 1, files });
  }

  /** @param files - That each process has open at most. */
  static async start(client: BrokerClientName, files?: number): Promise<RemoteScene> {
    const scene = new RemoteScene(await BrokerServer.start(client), client, files);
    await scene.opener.ask({ ask: 'heard' });
    await delay(SUBSCRIBES_MS);
    return scene;
  }

  /** Opens sockets, of which the other node hears, and a handle on the first of them. */
  async open(sockets: number, handles: number): Promise<void> {
    const port = await this.owner.ask({ ask: 'port' });
    await this.load.ask({ ask: 'open', port, sockets, dialect: 'plain' });
    const lastMs = performance.now() + HEARS_MS;
    while ((await this.opener.ask({ ask: 'heard' })) < sockets) {
      if (performance.now() > lastMs) throw new Error('the other node has not heard of all sockets');
      await delay(20);
    }
    await this.opener.ask({ ask: 'open', handles }, HEARS_MS);
  }

  /** @returns Bytes that each of so many handles holds at one end. */
  async handleBytes(end: 'opener' | 'owner', handles: number): Promise<number> {
    const all = FIRST_IDLE_SOCKETS + handles;
    await this.open(all, FIRST_IDLE_SOCKETS);
    const before = await this.#heapBytes(end);
    await this.opener.ask({ ask: 'open', handles: all }, HEARS_MS);
    return ((await this.#heapBytes(end)) - before) / handles;
  }

  #heapBytes(end: 'opener' | 'owner'): Promise<number> {
    return end === 'opener' ? this.opener.ask({ ask: 'heap' }) : this.owner.ask({ ask: 'heap' });
  }

  stop(): void {
    for (const process of [this.owner, this.opener, this.load, this.broker]) process.stop();
  }
}

function programOf(name: string): URL {
  return new URL(`servers/${name}.js`, import.meta.url);
}
