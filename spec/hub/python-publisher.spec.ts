// The Python program of docs/reference/envelope.md, over a real Redis.

import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { readProjectFile } from '../house/source-files.ts';
import { CLIENTS, isRedisHere, withoutRedis } from '../redis/redis-scene.ts';
import type { RealBroker } from '../brokers/broker-stories.ts';
import { untilWithin } from '../../src/testing/contracts/recorded-node.ts';
import { realClock } from '../../src/time/real-clock.ts';

const python = process.env['PYTHON_PATH'] ?? '/usr/bin/python3';
const hasClient = spawnSync(python, ['-c', 'import redis']).status === 0;
const without = hasClient ? withoutRedis : ' (skipped: there is no python3-redis here)';
if (!hasClient) process.stderr.write(`No envelope of Python was tried${without}.\n`);

const until = untilWithin(15_000);
const opened: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

function programOf(page: string): string {
  const [, program = ''] = /^```py\n(.*?)^```/ms.exec(page) ?? [];
  return program;
}

describe(`a publisher in Python${without}`, () => {
  it.skipIf(!hasClient || !isRedisHere)('reaches members and subscribers of a room', async () => {
    const real = CLIENTS['ioredis 5'] as RealBroker;
    const server = await real.server();
    await server.start();
    const { broker, close } = real.node(server.port);
    const memory = new MemoryHost({ clock: realClock, broker });
    const { host } = memory;
    opened.push(
      () => host.close({ graceMs: 0 }),
      () => broker.close(),
      close,
      () => server.kill(),
    );
    await until('the broker is up', () => host.brokerHealth.broker === 'up');
    const subscription = host.room('chat').subscribe();
    let isMember = false;
    const { client } = memory.visit(async (ws) => {
      await ws.join('chat');
      isMember = true;
      await ws.closed;
    });
    await until('the socket is a member', () => isMember);
    const program = programOf(readProjectFile('docs/reference/envelope.md'));
    const publisher = execFile(python, [
      '-c',
      program,
      `${server.port}`,
      'corosock',
      'chat',
      'hello',
      'Grüße ✓',
    ]);
    let printed = '';
    publisher.stdout?.on('data', (text) => (printed += String(text)));
    const [code] = (await once(publisher, 'close')) as [number];
    expect([code, await client.read(), await client.read()]).toEqual([0, ['hello', 'ok'], ['Grüße ✓', 'ok']]);
    expect([await subscription.take(), await subscription.take()]).toEqual([
      [{ data: 'hello' }, 'ok'],
      [{ data: 'Grüße ✓' }, 'ok'],
    ]);
    expect(printed).toBe('hello went to 1 nodes\nGrüße ✓ went to 1 nodes\n');
    expect(memory.reports).toEqual([]);
  });
});
