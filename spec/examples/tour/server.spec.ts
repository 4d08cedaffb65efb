// `npm start` in a copy of the project, as after a fresh clone: it builds, serves,
// and says in one sentence what is wrong with a port.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../fixtures/free-port.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'corosock-tour-'));
const compiledServer = join(copy, 'dist-examples/tour/server.js');

let started: ChildProcess;
let welcome: string;

beforeAll(async () => {
  for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src', 'examples']) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  // Its own process group, for npm does not hand every signal on.
  started = spawn('npm', ['start', '--silent', '--', '--port', '0'], { cwd: copy, detached: true });
  welcome = await firstLine(started);
}, 60_000);

afterAll(async () => {
  if (started.pid !== undefined && started.exitCode === null) {
    process.kill(-started.pid, 'SIGKILL');
    await once(started, 'close');
  }
  rmSync(copy, { recursive: true, force: true });
});

describe('npm start', { timeout: 30_000 }, () => {
  it('builds the tour, serves it, and says where', async () => {
    const [, url] =
      /^The tour is open at (http:\/\/localhost:\d+) \(Ctrl\+C closes it\)\.$/.exec(welcome) ?? [];
    const response = await fetch(String(url));
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('<h1>')]);
  });
});

describe('the tour from the command line', { timeout: 30_000 }, () => {
  it.each([
    ['--port', (port: number) => run(['--port', String(port)], {})],
    ['PORT', (port: number) => run([], { PORT: String(port) })],
    ['--port before PORT', (port: number) => run(['--port', String(port)], { PORT: '1' })],
  ])('listens where %s says, whichever folder it is started from', async (_, start) => {
    const port = await freePort();
    const tour = start(port);
    expect(await firstLine(tour)).toContain(`http://localhost:${port} `);
    const response = await fetch(`http://127.0.0.1:${port}/handlers/echo.ts`);
    expect(response.status).toBe(200);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('L1: closes in good order at %s', async (signal) => {
    const tour = run(['--port', '0'], {});
    await firstLine(tour);
    tour.kill(signal);
    expect(await ended(tour)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('says in one sentence that a port is taken, and exits with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    expect(await ended(run(['--port', String(port)], {}))).toEqual({
      code: 1,
      stdout: '',
      stderr: `Port ${port} is taken: choose another with --port N or PORT=N.\n`,
    });
  });

  it.each([
    ['--port', ['--port', '80a'], {}, "--port has to be a whole number from 0 to 65535, not '80a'."],
    ['PORT', [], { PORT: '65536' }, "PORT has to be a whole number from 0 to 65535, not '65536'."],
    [
      'what it does not know',
      ['8081'],
      {},
      'The tour takes --port N, with N a whole number from 0 to 65535, and nothing else.',
    ],
  ])('says in one sentence what is wrong with %s, and exits with 1', async (_, words, env, sentence) => {
    expect(await ended(run(words, env))).toEqual({ code: 1, stdout: '', stderr: `${sentence}\n` });
  });
});

/** Starts the compiled server, in a folder that is not its own. */
function run(words: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const tour = spawn(process.execPath, [compiledServer, ...words], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], ...env },
  });
  onTestFinished(async () => {
    if (tour.exitCode !== null || tour.signalCode !== null) return;
    tour.kill('SIGKILL');
    await once(tour, 'close');
  });
  return tour;
}

/** Resolves with the first line that it prints; rejects when it ends without one. */
function firstLine(child: ChildProcess): Promise<string> {
  let stdout = '';
  let stderr = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    child.stdout?.on('data', (bytes: Buffer) => {
      stdout += bytes.toString();
      const end = stdout.indexOf('\n');
      if (end >= 0) resolve(stdout.slice(0, end));
    });
    child.once('close', (code) => reject(new Error(`It ended with ${code} and said: ${stdout}${stderr}`)));
  });
}

/** What it prints from now on, and its exit code. */
async function ended(child: ChildProcess): Promise<object> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr?.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
