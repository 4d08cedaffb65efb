// Two nodes and, on a port of its own, the page that follows a room on one of them: what server.ts
// opens from the command line, and the spec on free ports.

import { memoryBroker } from 'corosock';
import type { HostOptions, MemoryBroker } from 'corosock';
import { servePage } from '../pages/page-server.ts';
import { Node } from './nodes.ts';

/** Nodes that serve, and the page. */
export interface Deployment extends AsyncDisposable {
  /** Where the page is. */
  readonly url: string;
  readonly nodes: readonly [Node, Node];
}

/** The folder of the page: the same from this source and from what it is compiled to. */
export const PAGE: URL = new URL('../../examples/follow/page/', import.meta.url);

/**
 * Opens the page and both nodes.
 *
 * @param script - Of the page: page-script.ts makes it.
 * @param port - Of the page, 0 to 65535; 0 is any free port.
 * @param options - Of both hosts.
 * @param broker - Between them.
 * @param nodePorts - Of the nodes, each as `port`. A node that comes back has the same one.
 */
export async function deploy(
  script: string,
  port: number,
  options: HostOptions = {},
  broker: MemoryBroker = memoryBroker(),
  nodePorts: readonly [number, number] = [0, 0],
): Promise<Deployment> {
  const page = await servePage({ folder: PAGE, script }, port, () => nodes.map((node) => node.url));
  const settings = { ...options, origins: [page.url] };
  const [one, two] = nodePorts;
  const nodes = [new Node(broker, one, settings), new Node(broker, two, settings)] as const;
  await Promise.all(nodes.map((node) => node.start()));
  return {
    url: page.url,
    nodes: [...nodes],
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.kill()));
      await page[Symbol.asyncDispose]();
    },
  };
}
