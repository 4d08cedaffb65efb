// `npm run demo:cluster` from the command line: what it runs over, and that nothing of it is left,
// however it ends.

import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isInstalled } from '../../examples/cluster/cluster-broker.ts';
import { buildExamples, StartedProgram } from '../fixtures/built-examples.ts';
import type { BuiltExamples } from '../fixtures/built-examples.ts';
import { listen } from '../fixtures/listening-server.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const POLL = { timeout: 30_000, interval: 10 };
const OPEN = /The demo is open at (http:\/\/127\.0\.0\.1:\d+) \(Ctrl\+C ends all of it\)\./u;
const NOWHERE = { NATS_SERVER_PATH: '/nowhere/nats-server', REDIS_SERVER_PATH: '/nowhere/redis-server' };

let built: BuiltExamples;

beforeAll(async () => {
  built = await buildExamples();
}, 60_000);

afterAll(() => built[Symbol.asyncDispose]());

/** Starts it. */
function demo(words: string, env: Readonly<Record<string, string>> = {}): StartedProgram {
  const args = ['dist-examples/cluster/server.js', ...words.split(' ').filter((word) => word !== '')];
  return new StartedProgram(process.execPath, args, { cwd: built.folder, env: { PORT: '0', ...env } });
}

/** Finds the process that was started with a program. */
function pidOf(program: StartedProgram, name: string): number {
  const [pid] = [...program.processes].find(([, command]) => command.includes(name)) ?? [];
  if (pid === undefined) throw new Error(`There is no process of ${name}`);
  return pid;
}

describe('the demo of two nodes', { timeout: 60_000 }, () => {
  it('runs over the channels of processes where no server is installed, and says so', async () => {
    await using program = demo('', NOWHERE);
    await program.said(OPEN);
    expect(program.output).toMatch(
      /^The nodes talk over the channels of Node's processes, as no server of NATS or Redis is installed\. /u,
    );
  });

  it('ends all that it has started at SIGTERM, and when the signal reaches each process', async () => {
    for (const end of ['signal', 'signalAll'] as const) {
      await using program = demo('processes');
      await program.said(OPEN);
      expect(program.left.length).toBe(3);
      program[end]('SIGTERM');
      expect([await program.end(), program.left]).toEqual([0, []]);
    }
  });

  it('leaves no node when it is killed itself', async () => {
    await using program = demo('processes');
    await program.said(OPEN);
    program.signal('SIGKILL');
    await expect.poll(() => program.left, { timeout: 30_000 }).toEqual([]);
  });

  it.each([
    ['mongo', {}, 'The brokers are nats, redis and processes; this is "mongo".'],
    ['nats', NOWHERE, 'There is no nats-server here; `processes` needs none.'],
    ['redis', NOWHERE, 'There is no redis-server here; `processes` needs none.'],
  ])('says in one sentence what is wrong with %s', async (word, env, sentence) => {
    await using program = demo(word, env);
    expect([await program.end(), program.output, program.left]).toEqual([1, `${sentence}\n`, []]);
  });

  it('says in one sentence that its port is taken, and leaves nothing', async () => {
    await using taken = await listen();
    await using program = demo('processes', { PORT: `${taken.port}` });
    const sentence = `Port ${taken.port} is taken: choose another with PORT=N.\n`;
    expect([await program.end(), program.output, program.left]).toEqual([1, sentence, []]);
  });
});

describe.each(['nats', 'redis'] as const)('the demo over %s', (name) => {
  const server = `${name}-server`;
  const isHere = isInstalled(name);
  const why = isHere ? '' : ` (skipped: there is no ${server} here)`;

  describe.skipIf(!isHere)(`with its server${why}`, { timeout: 60_000 }, () => {
    it.each(['SIGINT', 'SIGHUP'] as const)('ends the server, too, at %s', async (signal) => {
      await using program = demo(name);
      await program.said(OPEN);
      expect(program.output).toContain(`The nodes talk over ${server}. `);
      expect(program.left.length).toBe(4);
      program.signal(signal);
      expect([await program.end(), program.left]).toEqual([0, []]);
    });

    it('ends it also where Ctrl+C comes while the nodes begin', async () => {
      await using program = demo(name);
      await expect.poll(() => program.left.some((command) => command.includes('node.js')), POLL).toBe(true);
      program.signalAll('SIGINT');
      await program.end();
      expect([program.output, program.left]).toEqual([expect.not.stringContaining('Error'), []]);
    });

    it('goes on when the server dies, and ends with the nodes', async () => {
      await using program = demo(name);
      const [, url = ''] = await program.said(OPEN);
      process.kill(pidOf(program, `${server} `), 'SIGKILL');
      await expect.poll(() => program.left.length, POLL).toBe(3);
      expect((await fetch(url)).status).toBe(200);
      program.signalAll('SIGINT');
      expect([await program.end(), program.left]).toEqual([0, []]);
    });
  });
});

describe('npm run demo:cluster', { timeout: 120_000 }, () => {
  let copy: string;

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'corosock-cluster-'));
    for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src', 'examples'])
      cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  });

  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it.each([
    // As a terminal does it.
    ['SIGINT', 'signalAll'],
    // As a process manager does it, which knows npm alone.
    ['SIGTERM', 'signal'],
  ] as const)('builds and serves, and ends at %s', async (signal, send) => {
    const options = { cwd: copy, env: { PORT: '0' } };
    await using program = new StartedProgram('npm', ['run', '--silent', 'demo:cluster'], options);
    const [, url = ''] = await program.said(OPEN);
    const nodes = (await (await fetch(`${url}/nodes`)).json()) as readonly string[];
    expect(nodes.map((node) => node.replace(/^.*\//u, ''))).toEqual(['Ada', 'Bob']);
    program[send](signal);
    await program.end();
    await expect.poll(() => program.left, POLL).toEqual([]);
  });
});
