// The chat of examples/rooms on one process, and on two nodes over each broker: only the broker
// differs. A worker pushes to a socket by its id.

import { memoryBroker } from 'corosock';
import type { Broker } from 'corosock';
import { connect } from 'corosock/client';
import type { ClientSocket } from 'corosock/client';
import { describe, expect, it } from 'vitest';
import { overNats, overNodeRedis, overRedis } from '../../examples/rooms/brokers.ts';
import type { OpenBroker } from '../../examples/rooms/brokers.ts';
import { openChat } from '../../examples/rooms/chat.ts';
import { push } from '../../examples/rooms/push.ts';
import { isInstalled, StoppableServer } from '../brokers/stoppable-server.ts';

/** Reads until a text comes. @returns The text that matches. */
async function until(client: ClientSocket, pattern: RegExp): Promise<string> {
  for await (const line of client) if (pattern.test(String(line))) return String(line);
  throw new Error(`The socket has closed before ${String(pattern)}`);
}

async function member(url: string, name: string): Promise<readonly [client: ClientSocket, id: string]> {
  const client = await connect(`${url}/chat/lobby?name=${name}`);
  return [client, (await until(client, /^Your id/u)).replace('Your id is ', '')];
}

/**
 * Two nodes and a worker: lines cross, each sees the other, and the worker reaches one by its id.
 *
 * @returns What was heard.
 */
async function talk(brokers: readonly Broker[]): Promise<readonly string[]> {
  const [first, second, worker] = brokers as [Broker, Broker, Broker];
  await using one = await openChat({ port: 0, broker: first });
  await using two = await openChat({ port: 0, broker: second });
  const [ada] = await member(one.url, 'ada');
  const [bob, bobId] = await member(two.url, 'bob');
  const heard = [await until(ada, /^bob/u)];
  await ada.write('hello');
  heard.push(await until(bob, /hello/u));
  heard.push(await push(worker, bobId, 'Your order is ready'));
  heard.push(await until(bob, /order/u));
  heard.push(await push(worker, 'nobody', 'lost'));
  await Promise.all([ada.close(), bob.close()]);
  return heard;
}

const HEARD = ['bob is here', 'ada: hello', 'ok', 'Your order is ready', 'not-found'];

describe('the chat', () => {
  it('runs on one process', async () => {
    await using host = await openChat({ port: 0 });
    const [ada] = await member(host.url, 'ada');
    const [bob] = await member(host.url, 'bob');
    expect(await until(ada, /^bob/u)).toBe('bob is here');
    await bob.write('hello');
    expect([await until(ada, /hello/u), await until(bob, /hello/u)]).toEqual(['bob: hello', 'bob: hello']);
    await Promise.all([ada.close(), bob.close()]);
  });

  it('runs on two nodes in memory', async () => {
    const deployment = memoryBroker();
    expect(await talk([deployment.node(), deployment.node(), deployment.node()])).toEqual(HEARD);
  });
});

const REDIS = process.env['REDIS_SERVER_PATH'] ?? 'redis-server';
const redisArgs = (port: number): readonly string[] => [
  '--port',
  `${port}`,
  '--bind',
  '127.0.0.1',
  '--save',
  '',
  '--appendonly',
  'no',
];

const REAL: ReadonlyArray<
  [string, string, (port: number) => readonly string[], (port: number) => Promise<OpenBroker>]
> = [
  ['Redis with ioredis', REDIS, redisArgs, (port) => overRedis(`redis://127.0.0.1:${port}`)],
  ['Redis with node-redis', REDIS, redisArgs, (port) => overNodeRedis(`redis://127.0.0.1:${port}`)],
  [
    'NATS',
    process.env['NATS_SERVER_PATH'] ?? 'nats-server',
    (port) => ['-a', '127.0.0.1', '-p', `${port}`],
    (port) => overNats(`nats://127.0.0.1:${port}`),
  ],
];

describe.each(REAL)('over %s', (_, program, argsFor, open) => {
  const isThere = isInstalled(program);
  const reason = isThere ? '' : ` (skipped: there is no ${program} here)`;

  it.skipIf(!isThere)(`the same chat runs on two nodes${reason}`, { timeout: 30_000 }, async () => {
    await using server = await StoppableServer.make(program, argsFor);
    await server.start();
    await using one = await open(server.port);
    await using two = await open(server.port);
    await using worker = await open(server.port);
    expect(await talk([one.broker, two.broker, worker.broker])).toEqual(HEARD);
  });
});
