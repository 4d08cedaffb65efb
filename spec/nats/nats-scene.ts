// Servers and nodes for the specs over NATS: Debian's nats-server, and the client as users make it.
// A strict server has a user who may not subscribe to all subjects, and a limit for each link.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { natsBroker } from 'corosock/nats';
import { Scene, until } from '../brokers/broker-stories.ts';
import type { RealBroker } from '../brokers/broker-stories.ts';
import { isInstalled, StoppableServer } from '../brokers/stoppable-server.ts';

const program = process.env['NATS_SERVER_PATH'] ?? 'nats-server';

/** Whether a NATS server can be started here. */
export const isNatsHere: boolean = isInstalled(program);

/** For the title of what is skipped without it. */
export const withoutNats: string = isNatsHere
  ? ''
  : ' (skipped: there is no nats-server here; NATS_SERVER_PATH can name one)';

// The title is seen where skipped specs are listed; this is seen everywhere.
if (!isNatsHere) process.stderr.write(`Nothing was tried with a real NATS server${withoutNats}.\n`);

/** The options that users need, too. */
const OPTIONS = {
  noEcho: true,
  maxReconnectAttempts: -1,
  ignoreAuthErrorAbort: true,
  reconnectTimeWait: 100,
  waitOnFirstConnect: true,
} as const;

/** NATS with one client each node. */
export const realNats: RealBroker = {
  hasTwoLinks: false,
  server() {
    const config = join(mkdtempSync(join(tmpdir(), 'corosock-nats-')), 'server.conf');
    // A subscriber that does not read is killed soon.
    writeFileSync(config, 'max_pending: 4194304\nwrite_deadline: "300ms"\n');
    return StoppableServer.make(program, (port) => ['-a', '127.0.0.1', '-p', `${port}`, '-c', config]);
  },
  node(port) {
    const connecting = connect({ servers: `127.0.0.1:${port}`, ...OPTIONS });
    return {
      broker: natsBroker(connecting),
      close: async () => (await connecting).close(),
    };
  },
};

const USER = { user: 'node', pass: 'secret' } as const;

/** A server that refuses what a spec says, and its nodes. */
export class StrictNats extends Scene {
  readonly #config: string;
  readonly #denied = new Set<string>();
  #limit = 0;
  /** Each configuration denies a subject of its own, which shows that the server has read it. */
  #version = 0;

  private constructor(server: StoppableServer, config: string) {
    super(server, {
      server: async () => server,
      hasTwoLinks: false,
      node(port) {
        const connecting = connect({ servers: `127.0.0.1:${port}`, ...OPTIONS, ...USER });
        return { broker: natsBroker(connecting), close: async () => (await connecting).close() };
      },
    });
    this.#config = config;
  }

  static async start(limit = 0): Promise<StrictNats> {
    const config = join(mkdtempSync(join(tmpdir(), 'corosock-nats-')), 'server.conf');
    const args = (port: number): readonly string[] => ['-a', '127.0.0.1', '-p', `${port}`, '-c', config];
    const strict = new StrictNats(await StoppableServer.make(program, args), config);
    await strict.restart({ limit });
    return strict;
  }

  /** Denies addresses besides those that are denied. A server that runs reads it at once. */
  async deny(...addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#denied.add(address);
    await this.#reload();
  }

  async allowAll(): Promise<void> {
    this.#denied.clear();
    await this.#reload();
  }

  /** Kills the server, and starts it with other rules. */
  async restart(rules: { readonly limit?: number; readonly deny?: readonly string[] }): Promise<void> {
    await this.server.kill();
    this.#limit = rules.limit ?? this.#limit;
    for (const address of rules.deny ?? []) this.#denied.add(address);
    this.#write();
    await this.server.start();
  }

  async #reload(): Promise<void> {
    // While it reads, the server may know no user.
    const probe = await connect({ servers: `127.0.0.1:${this.server.port}`, ...USER });
    this.#write();
    process.kill(Number(this.server.pid), 'SIGHUP');
    let isRead = false;
    const callback = (error: Error | null): void => void (isRead ||= error !== null);
    await until('the server has read its configuration', () => {
      if (!isRead) probe.subscribe(`version.${this.#version}`, { callback });
      return isRead;
    });
    await probe.close();
  }

  #write(): void {
    this.#version += 1;
    const subjects = Array.from(
      this.#denied,
      (address) => `corosock.${Buffer.from(address).toString('base64url')}`,
    );
    const deny = JSON.stringify([...subjects, `version.${this.#version}`]);
    const user = `{ user: ${USER.user}, password: ${USER.pass}, permissions: { subscribe: { deny: ${deny} } } }`;
    writeFileSync(this.#config, `max_subscriptions: ${this.#limit}\nauthorization: { users: [${user}] }\n`);
  }
}
