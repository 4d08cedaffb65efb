// A Redis of the specs' own: Debian's redis-server on a free port, with nothing on
// disk but its temporary directory. Where it is not installed, its specs are skipped and say so.

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { freePort } from '../fixtures/free-port.ts';

const program = process.env['REDIS_SERVER_PATH'] ?? 'redis-server';

/** Whether a Redis can be started here. */
export const isRedisHere: boolean = spawnSync(program, ['--version']).status === 0;

/** For the title of what is skipped without it. */
export const withoutRedis: string = isRedisHere
  ? ''
  : ' (skipped: there is no redis-server here; REDIS_SERVER_PATH can name one)';

// The title is seen where skipped specs are listed; this is seen everywhere.
if (!isRedisHere) process.stderr.write(`Nothing was tried with a real Redis${withoutRedis}.\n`);

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts a Redis, and waits until it takes connections. */
export async function startRedis(): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'corosock-redis-'));
  const port = await freePort();
  const server = spawn(
    program,
    ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await untilReady(server);
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const hasEnded = once(server, 'exit');
      server.kill();
      await hasEnded;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function untilReady(server: ChildProcessByStdio<null, Readable, null>): Promise<void> {
  let said = '';
  for await (const chunk of server.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes('Ready to accept connections')) break;
  }
  if (server.exitCode !== null) throw new Error(`redis-server has ended:\n${said}`);
  // Nobody reads on: its log must not fill the pipe.
  server.stdout.resume();
}
