// Servers and nodes for the specs over NATS: Debian's nats-server, and the client as users make it.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { natsBroker } from 'corosock/nats';
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
