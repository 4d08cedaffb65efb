// A program that specs start, stop and kill: a host over the broker of its first argument, with
// shared sockets in the room `lobby`; or, as `relay`, what carries messages between the processes
// of `corosock/ipc`. It tells its parent when it serves. It ends with its parent.

import { fork } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from 'corosock';
import type { SessionStore } from 'corosock';
import { outageReport } from '../../fixtures/outage-report.ts';
import { SECRET } from '../../session/session-fixtures.ts';
import { ipcBroker } from 'corosock/ipc';
import type { RealNode } from '../../brokers/broker-stories.ts';

const [, program = '', kind = '', port = '', folder = ''] = process.argv;
const PREFIX = 'spec';

/** Loads the client of one kind: the others cost time at each start. */
async function nodeOver(): Promise<RealNode> {
  switch (kind) {
    case 'nats':
      return (await import('../../nats/nats-scene.ts')).realNats.node(Number(port));
    case 'redis':
      return (await import('../../redis/ioredis-scene.ts')).realRedis.node(Number(port));
    default:
      return { broker: ipcBroker({ prefix: PREFIX }), async close() {} };
  }
}

/** Sessions in files, which all processes share. Their time is not kept. */
const store: SessionStore = {
  async get(id) {
    if (!existsSync(fileOf(id))) return undefined;
    return JSON.parse(readFileSync(fileOf(id), 'utf8')) as Record<string, unknown>;
  },
  async set(id, data) {
    writeFileSync(fileOf(id), JSON.stringify(data));
  },
  async touch() {},
  async delete(id) {
    rmSync(fileOf(id), { force: true });
  },
};

function fileOf(id: string): string {
  return join(folder, Buffer.from(id).toString('base64url'));
}

async function runNode(): Promise<void> {
  const node = await nodeOver();
  const host = await serve(
    {
      '/lobby': {
        onPreServer(handshake) {
          handshake.sharedConnection = true;
        },
        async server(ws) {
          const { room } = await ws.join('lobby');
          room.presence.track(ws, ws.request.url.searchParams.get('name') ?? '');
          await ws.write(ws.id);
        },
      },
      /** Answers each message with the list of who is present. */
      '/list': async (ws) => {
        const { presence } = host.room('lobby');
        using changes = presence.changes();
        while ((await ws.read())[1] === 'ok') {
          while (changes.size > 0) await changes.take();
          const { members, missingNodes } = presence.list();
          const sockets: Record<string, number> = {};
          for (const [key, member] of members) sockets[key] = member.sockets;
          const { broker: health } = host.brokerHealth;
          await ws.writeJson({ sockets, missingNodes, health });
        }
      },
      /** Ends its session when it is asked to, and tells the report. */
      '/session': async (ws) => {
        await ws.write(ws.id);
        while ((await ws.read())[1] === 'ok') await ws.session?.end();
      },
    },
    { broker: node.broker, sessions: { secret: SECRET, store }, report: outageReport },
  );
  process.once('SIGTERM', () => {
    void (async () => {
      await host.close({ graceMs: 0 });
      await node.broker.close();
      await node.close();
      process.exit();
    })();
  });
  process.send?.({ serves: host.port, pid: process.pid });
}

/** To the parent it is the parent: that of all nodes, which it starts when it is asked to. */
function runRelay(): void {
  const broker = ipcBroker({ prefix: PREFIX, parent: false });
  broker.adopt(process);
  process.on(
    'message',
    ({ start, number }: { readonly start?: readonly string[]; readonly number: number }) => {
      if (start === undefined) return;
      const child = fork(program, start);
      broker.adopt(child);
      child.on('message', (told: object) => {
        if ('serves' in told) process.send?.({ ...told, number });
      });
    },
  );
}

process.on('disconnect', () => process.exit());
if (kind === 'relay') runRelay();
else await runNode();
