// What `npm run chat` starts: on two processes or threads of this machine lines cross, and nothing is
// left when it ends, whether its broker is there or not.

import { once } from 'node:events';
import { mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { connect } from 'corosock/client';
import type { ClientSocket } from 'corosock/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildExamples, StartedProgram } from '../fixtures/built-examples.ts';
import type { BuiltExamples } from '../fixtures/built-examples.ts';
import { quietPort } from '../fixtures/free-port.ts';
import { isNatsHere, realNats, withoutNats } from '../nats/nats-scene.ts';
import { isRedisHere, realRedis, withoutRedis } from '../redis/ioredis-scene.ts';
import type { RealBroker } from '../brokers/broker-stories.ts';
import { StoppableServer } from '../brokers/stoppable-server.ts';

let built: BuiltExamples;

beforeAll(async () => {
  built = await buildExamples();
}, 60_000);

afterAll(() => built[Symbol.asyncDispose]());

/** Makes the same where some packages are not installed. */
async function builtWithout(...missing: readonly string[]): Promise<BuiltExamples> {
  const other = await buildExamples();
  const modules = join(other.folder, 'node_modules');
  const installed = realpathSync(modules);
  rmSync(modules);
  for (const name of readdirSync(installed)) {
    const scoped = name.startsWith('@') ? readdirSync(join(installed, name)) : [''];
    for (const part of scoped) {
      const path = join(name, part);
      if (missing.includes(path)) continue;
      mkdirSync(dirname(join(modules, path)), { recursive: true });
      symlinkSync(join(installed, path), join(modules, path), 'junction');
    }
  }
  return other;
}

/** Starts it on two ports, and waits until both are open. */
async function chat(
  over = 'processes',
): Promise<{ readonly program: StartedProgram; readonly ports: readonly number[] }> {
  const port = await quietPort();
  const args = ['dist-examples/rooms/server.js', over];
  const program = new StartedProgram(process.execPath, args, {
    cwd: built.folder,
    env: { PORT: `${port}` },
  });
  const ports = [port, port + 1];
  for (const open of ports) await program.said(new RegExp(`ws://localhost:${open}/chat/`, 'u'));
  return { program, ports };
}

/** Reads until a text comes. */
async function until(client: ClientSocket, pattern: RegExp): Promise<string> {
  for await (const line of client) if (pattern.test(String(line))) return String(line);
  throw new Error(`The socket has closed before ${String(pattern)}`);
}

/** Starts one node over a server on a port. */
function nodeOver(name: string, port: number): StartedProgram {
  const env = { PORT: '0', REDIS_URL: `redis://127.0.0.1:${port}`, NATS_URL: `nats://127.0.0.1:${port}` };
  const args = ['dist-examples/rooms/server.js', name];
  return new StartedProgram(process.execPath, args, { cwd: built.folder, env });
}

/** Kills the server of a node, and starts it again. @returns What the node has said of its broker. */
async function saidInOutage(name: string, real: RealBroker): Promise<readonly string[]> {
  await using server = await real.server();
  await server.start();
  await using program = nodeOver(name, server.port);
  await program.said(/^The broker is up\.$/mu);
  await server.kill();
  await program.said(/up\.\nThe broker is down\.$/mu);
  await server.start();
  await program.said(/up\.\nThe broker is down\.\nThe broker is up\.$/mu);
  const said = program.output.match(/(?<=The broker is )\w+/gu) ?? [];
  program.signalAll('SIGINT');
  await program.end();
  return said;
}

/** It begins before its links are there. */
const OUTAGE = ['down', 'up', 'down', 'up'];

describe('the chat on two processes', { timeout: 60_000 }, () => {
  it.each([['processes'], ['cluster'], ['threads']])('is one chat over `%s`', async (over) => {
    const { program, ports } = await chat(over);
    await using _ = program;
    const [one, two] = ports.map((port) => `ws://localhost:${port}/chat/lobby`);
    await using ada = await connect(`${one}?name=ada`);
    await until(ada, /^Your id/u);
    await using bob = await connect(`${two}?name=bob`);
    expect(await until(ada, /^bob/u)).toBe('bob is here');
    await ada.write('hello');
    expect(await until(bob, /hello/u)).toBe('ada: hello');
    await bob.write('good morning');
    expect(await until(ada, /good/u)).toBe('bob: good morning');
    program.signal('SIGINT');
    // Each node says goodbye to its clients.
    expect([(await ada.closed).code, (await bob.closed).code]).toEqual([1001, 1001]);
    expect([await program.end(), program.left]).toEqual([0, []]);
  });

  it('says how to talk to it, and a second program does', async () => {
    const { program, ports } = await chat();
    await using _ = program;
    await program.said(new RegExp(`PORT=${ports[1]} npm run chat talk ada`, 'u'));
    const args = ['dist-examples/rooms/server.js', 'talk', 'ada'];
    const env = { PORT: `${ports[1]}` };
    await using talker = new StartedProgram(process.execPath, args, { cwd: built.folder, env });
    await talker.said(/^Your id is /mu);
    await using bob = await connect(`ws://localhost:${ports[0]}/chat/lobby?name=bob`);
    await talker.said(/^bob is here$/mu);
    await bob.write('hello');
    await talker.said(/^bob: hello$/mu);
    talker.signal('SIGINT');
    expect(await talker.end()).toBe(0);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with both processes at %s', async (signal) => {
    const { program } = await chat();
    await using _ = program;
    expect(program.left.length).toBe(2);
    program.signal(signal);
    expect([await program.end(), program.left]).toEqual([0, []]);
  });

  it('ends with both processes at Ctrl+C', async () => {
    const { program } = await chat();
    await using _ = program;
    program.signalAll('SIGINT');
    expect([await program.end(), program.left]).toEqual([0, []]);
  });

  it('ends the second process when the first is killed', async () => {
    const { program } = await chat();
    await using _ = program;
    program.signal('SIGKILL');
    await expect.poll(() => program.left, { timeout: 30_000 }).toEqual([]);
  });

  it.each([['redis'], ['node-redis'], ['nats']])(
    'says that the broker is down, and ends at Ctrl+C, where there is no server of %s',
    async (name) => {
      await using program = nodeOver(name, await quietPort());
      await program.said(/ws:\/\/localhost/u);
      await program.said(/^The broker is down\.$/mu);
      program.signalAll('SIGINT');
      expect(await program.end()).toBe(0);
      expect(program.output).not.toMatch(/ECONNREFUSED/u);
    },
  );

  it.each([
    ['redis', 'ioredis'],
    ['node-redis', 'redis'],
    ['nats', '@nats-io/transport-node'],
  ])('says in one sentence how to install the package of `%s` where it is missing', async (name, missing) => {
    await using other = await builtWithout(missing);
    const args = ['dist-examples/rooms/server.js', name];
    await using program = new StartedProgram(process.execPath, args, { cwd: other.folder });
    expect(await program.end()).toBe(1);
    const sentence = `This broker needs a package that is not installed: npm install ${missing}\n`;
    expect(program.output).toBe(sentence);
  });

  it('needs the package of no broker on one process', async () => {
    await using other = await builtWithout('ioredis', 'redis', '@nats-io/transport-node');
    const options = { cwd: other.folder, env: { PORT: '0' } };
    await using program = new StartedProgram(process.execPath, ['dist-examples/rooms/server.js'], options);
    await program.said(/ws:\/\/localhost/u);
    program.signalAll('SIGINT');
    expect(await program.end()).toBe(0);
  });

  it.skipIf(!isRedisHere)(`says when Redis is down and up again${withoutRedis}`, async () => {
    expect(await saidInOutage('redis', realRedis)).toEqual(OUTAGE);
  });

  it.skipIf(!isNatsHere)(`says when NATS is down and up again${withoutNats}`, async () => {
    expect(await saidInOutage('nats', realNats)).toEqual(OUTAGE);
  });

  it.skipIf(!isNatsHere)(`goes on alone where NATS refuses its login${withoutNats}`, async () => {
    const login = ['--user', 'ada', '--pass', 'secret'];
    await using server = await StoppableServer.make(
      process.env['NATS_SERVER_PATH'] ?? 'nats-server',
      (port) => ['-a', '127.0.0.1', '-p', `${port}`].concat(login),
    );
    await server.start();
    await using program = nodeOver('nats', server.port);
    // The client goes on to try; the host reports it.
    const report = /BrokerDownError: The broker has not been up since this node began/u;
    await expect.poll(() => program.output, { timeout: 30_000 }).toMatch(report);
    await program.said(/ws:\/\/localhost/u);
    program.signalAll('SIGINT');
    expect(await program.end()).toBe(0);
  });

  it('says in one sentence that its port is taken', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const options = { cwd: built.folder, env: { PORT: `${port}` } };
    await using program = new StartedProgram(process.execPath, ['dist-examples/rooms/server.js'], options);
    const code = await program.end();
    taken.close();
    expect([code, program.output]).toEqual([1, `Port ${port} is taken: choose another with PORT=N.\n`]);
  });

  it.each([['push'], ['push processes'], ['mongo'], ['__proto__']])(
    'says in one sentence which brokers there are, where it gets `%s`',
    async (words) => {
      const args = ['dist-examples/rooms/server.js', ...words.split(' ')];
      await using program = new StartedProgram(process.execPath, args, { cwd: built.folder });
      expect(await program.end()).toBe(1);
      expect(program.output).toMatch(
        /^The brokers are redis, node-redis, nats(, processes, cluster, threads)?; this is ".*"\.\n$/u,
      );
    },
  );
});
