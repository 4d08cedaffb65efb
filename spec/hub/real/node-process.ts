// A host in a process of its own (node-program.ts), and its clients: real ones, over its port. A spec
// kills it, stops it (SIGSTOP) or asks it to end, by its process id.

import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'corosock/client';
import type { ClientSocket } from 'corosock/client';
import { pauseProcess } from '../../brokers/stoppable-server.ts';
import { cookieOf } from '../../session/session-fixtures.ts';

/** What the program tells when it serves. */
export interface Serving {
  readonly serves: number;
  readonly pid: number;
  /** Of those below a relay. */
  readonly number?: number;
}

/** A client, and the id of its socket. */
export interface Visitor {
  readonly client: ClientSocket;
  readonly id: string;
}

/** Who is present, as a process lists it. */
export interface Listed {
  /** Sockets of each key. */
  readonly sockets: Readonly<Record<string, number>>;
  readonly missingNodes: readonly string[];
  /** Whether its broker is `up`. */
  readonly health: string;
}

/** One process. */
export class NodeProcess {
  readonly pid: number;
  readonly #url: string;
  #lists: ClientSocket | undefined;

  constructor({ serves, pid }: Serving) {
    this.pid = pid;
    this.#url = `ws://127.0.0.1:${serves}`;
  }

  /** A client in the room `lobby`, whose socket is shared. */
  visit(name: string): Promise<Visitor> {
    return this.#visit(`/lobby?name=${name}`);
  }

  /** A client with a session; what it writes ends that. */
  visitSession(session: string): Promise<Visitor> {
    return this.#visit('/session', { cookie: cookieOf(session) });
  }

  /** Asks who is present. */
  async list(): Promise<Listed> {
    this.#lists ??= await connect(`${this.#url}/list`);
    await this.#lists.write('?');
    const [listed] = await this.#lists.readJson();
    return listed as Listed;
  }

  /** Kills it, as a crash does. */
  async kill(): Promise<void> {
    if (!isAlive(this.pid)) return;
    process.kill(this.pid, 'SIGKILL');
    await this.#ended();
  }

  /** Asks it to end. */
  async stop(): Promise<void> {
    process.kill(this.pid, 'SIGTERM');
    await this.#ended();
  }

  pause(): Promise<void> {
    return pauseProcess(this.pid);
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async #visit(path: string, headers?: Readonly<Record<string, string>>): Promise<Visitor> {
    const client = await connect(`${this.#url}${path}`, headers && { headers });
    const [id = ''] = await client.readText();
    return { client, id };
  }

  async #ended(): Promise<void> {
    while (isAlive(this.pid)) await wait(2);
  }
}

/** Whether a process runs; one that has ended may wait for its parent to see that. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
