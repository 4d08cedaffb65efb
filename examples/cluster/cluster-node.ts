// A node as the process sees it that starts it: where it serves, and whether it lives. What runs in
// its own process is node.ts.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClusterBroker } from './cluster-broker.ts';
import type { NodeSettings } from './node.ts';
import { Program } from './program.ts';

const NODE = fileURLToPath(new URL('node.js', import.meta.url));

/** One of the nodes, on a port that stays the same. */
export class ClusterNode {
  readonly #settings: NodeSettings;
  readonly #broker: ClusterBroker;
  readonly #program: Program;
  #url: URL | undefined;

  /** @param changed - Called when its process has been started, and when it has ended. */
  constructor(settings: NodeSettings, broker: ClusterBroker, changed: () => void) {
    this.#settings = settings;
    this.#broker = broker;
    this.#program = new Program(() => this.#fork(), changed);
  }

  /** Where it serves; '' before its first start. */
  get url(): string {
    return this.#url?.origin ?? '';
  }

  /** Of its process; undefined while it is dead. */
  get pid(): number | undefined {
    return this.#program.pid;
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    if (this.pid !== undefined) return;
    this.#url = await addressOf(this.#program.start());
  }

  /** SIGTERM: it says goodbye to the other nodes. SIGKILL: it cannot. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    return this.#program.end(signal);
  }

  #fork(): ChildProcess {
    const port = Number(this.#url?.port ?? this.#settings.port);
    const settings: NodeSettings = { ...this.#settings, port };
    const child = fork(NODE, [JSON.stringify(settings)]);
    this.#broker.adopt(child);
    return child;
  }
}

/** Waits for the message in which a node tells its address; its broker may send others. */
function addressOf(child: ChildProcess): Promise<URL> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      const { url } = message as { readonly url?: string };
      if (url !== undefined) resolve(new URL(url));
    });
    child.once('close', (code) => reject(new Error(`A node has ended at its start, with code ${code}`)));
  });
}
