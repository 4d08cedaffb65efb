// Several nodes in one process, over the broker in memory, each on a port of its own. They can be
// killed and started again, and their links to the broker cut and mended: what the page shows then
// is what this example is for. deployment.ts opens them.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { attach } from 'corosock';
import type { Host, HostOptions, MemoryBroker, MemoryNode } from 'corosock';
import { follow } from './follow.ts';

const HOSTNAME = '127.0.0.1';

/** What runs from `start` to `kill`. */
interface Life {
  readonly host: Host;
  readonly link: MemoryNode;
  readonly server: Server;
  readonly connections: ReadonlySet<Socket>;
}

/** A place for one node at a time, with a port that stays the same. */
export class Node {
  readonly #broker: MemoryBroker;
  readonly #options: HostOptions;
  #port: number;
  #life: Life | undefined;

  /** @param port - 0: any free one at the first start. */
  constructor(broker: MemoryBroker, port: number, options: HostOptions) {
    this.#broker = broker;
    this.#port = port;
    this.#options = options;
  }

  /** Where clients follow the room `news`. */
  get url(): string {
    return `ws://${HOSTNAME}:${this.#port}/follow/news`;
  }

  /** The host; undefined while the node is dead. */
  get host(): Host | undefined {
    return this.#life?.host;
  }

  /** Starts a new host: to the others it is a node that they have not met. */
  async start(): Promise<void> {
    const link = this.#broker.node();
    const connections = new Set<Socket>();
    const server = createServer((_, response) => void response.writeHead(426).end());
    server.on('connection', (socket) => {
      connections.add(socket);
      socket.once('close', () => connections.delete(socket));
    });
    const host = attach(server, { '/follow/:room': follow }, { ...this.#options, broker: link });
    server.listen(this.#port, HOSTNAME);
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#life = { host, link, server, connections };
  }

  /** Ends it as a killed process ends: no close frame, no goodbye to the other nodes. */
  async kill(): Promise<void> {
    if (this.#life === undefined) return;
    const { host, link, server, connections } = this.#life;
    this.#life = undefined;
    link.cut();
    server.close();
    for (const connection of connections) connection.destroy();
    await host.close({ graceMs: 0 });
    await link.close();
  }

  /** Cuts the link to the broker: what is published elsewhere does not arrive. */
  cut(): void {
    this.#life?.link.cut();
  }

  mend(): void {
    this.#life?.link.mend();
  }
}
