// The demo: a broker, two nodes as processes of their own, and a page with a column for each node.
// The page says which of them to kill or to start, and is told what has become of them. server.ts
// opens it from the command line.

import { attach } from 'corosock';
import type { ServerSocket } from 'corosock';
import { servePage } from '../pages/page-server.ts';
import type { Page } from '../pages/page-server.ts';
import { clusterBroker } from './cluster-broker.ts';
import type { BrokerName } from './cluster-broker.ts';
import { ClusterNode } from './cluster-node.ts';

/** What the page is told, as JSON. */
export interface Processes {
  readonly broker: { readonly title: string; readonly isUp: boolean };
  /** The process of each node: its id, or null while there is none. */
  readonly nodes: ReadonlyArray<number | null>;
}

/** A demo that is open. `await using` ends all that it has started. */
export interface Cluster extends AsyncDisposable {
  /** Where the page is. */
  readonly url: string;
}

/** Each is 0 to 65535; 0 is any free port. */
export interface ClusterPorts {
  readonly page: number;
  /** Of the server of the broker, and of the nodes: they come back where they were. */
  readonly broker: number;
  readonly nodes: readonly number[];
}

/** Who speaks in the column of each node. */
const NAMES = ['Ada', 'Bob'];
const ROOM = 'processes';

/**
 * Opens the demo.
 *
 * @param over - What carries messages between the nodes.
 */
export async function openCluster(page: Page, ports: ClusterPorts, over: BrokerName): Promise<Cluster> {
  const pageServer = await servePage(page, ports.page, () =>
    nodes.map(({ url }, index) => (url === '' ? '' : `${url}/town/${NAMES[index]}`)),
  );
  const host = attach(pageServer.server, { '/processes': control });
  const broker = await clusterBroker(over, ports.broker, tell);
  const settings = { origin: pageServer.url, broker: over, brokerUrl: broker.url };
  const nodes = NAMES.map((_, index) => {
    const port = ports.nodes[index] ?? 0;
    return new ClusterNode({ ...settings, number: index + 1, port }, broker, tell);
  });
  const orders = new Map<string, () => unknown>([
    ['kill broker', () => broker.kill()],
    ['start broker', () => broker.start()],
    ...nodes.flatMap((node, index) => [
      [`kill ${index + 1}`, () => node.end('SIGKILL')] as const,
      [`stop ${index + 1}`, () => node.end('SIGTERM')] as const,
      [`start ${index + 1}`, () => node.start()] as const,
    ]),
  ]);

  /** Tells all pages what runs, also those to come. */
  function tell(): void {
    const processes: Processes = {
      broker: { title: broker.title, isUp: broker.isUp },
      nodes: nodes.map(({ pid }) => pid ?? null),
    };
    host.room(ROOM).publish(JSON.stringify(processes), { retain: true });
  }

  async function control(ws: ServerSocket): Promise<void> {
    const { retained } = await ws.join(ROOM);
    for (const processes of retained) void ws.write(processes);
    for await (const order of ws) await orders.get(String(order))?.();
  }

  async function close(): Promise<void> {
    await host.close({ graceMs: 0 });
    await Promise.all(nodes.map((node) => node.end('SIGTERM')));
    await broker.kill();
    await pageServer[Symbol.asyncDispose]();
  }

  try {
    broker.start();
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return { url: pageServer.url, [Symbol.asyncDispose]: close };
}
