// The code of README and docs/ is type-checked and run. Each ```ts block has a mark above it, an
// HTML comment that readers do not see:
//
//   <!-- run: echo -->                 the block is the file echo.ts
//   <!-- run: chat at /chat/lobby      … and a visitor connects to this path,
//   > hello                            says this
//   < hello                            and hears exactly this -->
//   <!-- run: visit beside chat -->    the block runs while chat.ts listens; its `:8080` is chat's port
//   <!-- run: visit beside redis-server -->   … while a Redis (or a nats-server) of its own listens;
//                                      what it does at SIGTERM then has to close all links
//
// A block with `it(` or `test(` is run as a spec, be it vitest's or node:test's. A block with
// comments `// → …` is run to its end, and prints these lines in this order. A block that serves
// or listens gets a free port instead of its own, and is talked to. Any other block must be
// imported by one of these: `from './echo.ts'`. Names hold over all pages.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { format, promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { docPages } from './doc-pages.ts';
import { isInstalled, StoppableServer } from '../brokers/stoppable-server.ts';
import { blockFaults, blocksIn, kindOf, USUAL_PORTS } from './page-blocks.ts';
import type { Block, BlockKind, Line } from './page-blocks.ts';
import { projectRoot } from './source-files.ts';

const folder = new URL('spec/house/.readme/', projectRoot);
const pages = docPages().map(({ path, text }) => blocksIn(path, text));
const blocks = pages.flatMap((page) => page.blocks);
const ofKind = (kind: BlockKind): readonly Block[] => blocks.filter((block) => kindOf(block) === kind);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const { name, code } of blocks) {
  // The two agree on `it`, `test`, `describe`; only one runner can be running.
  writeFileSync(fileOf(name), `${code.replace(`'node:test'`, `'vitest'`)}\nexport {};\n`);
}

// A block may read a certificate beside itself.
for (const name of ['cert.pem', 'key.pem']) {
  copyFileSync(new URL(`spec/fixtures/localhost-${name}`, projectRoot), new URL(name, folder));
}

describe('README and docs', () => {
  it('mark every block of TypeScript, and run each one', () => {
    expect([...pages.flatMap(({ faults }) => faults), ...blockFaults(blocks)]).toEqual([]);
    expect(blocks).not.toEqual([]);
  });

  it('have code that type-checks', async () => {
    const tsconfig = {
      extends: '../../../tsconfig.json',
      compilerOptions: { isolatedDeclarations: false, noUnusedLocals: false, noUnusedParameters: false },
      include: ['./*.ts'],
    };
    writeFileSync(new URL('tsconfig.json', folder), JSON.stringify(tsconfig));
    const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', projectRoot));
    const run = promisify(execFile)(process.execPath, [tsc, '-p', fileURLToPath(folder)]);
    const { stdout } = await run.catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  }, 60_000);
});

describe.each(ofKind('spec'))('the specs $name of $page', async ({ name }) => {
  await import(fileOf(name).href);
});

// The first import of a package may take seconds on a busy machine.
describe('the code of README and docs', { timeout: 20_000 }, () => {
  const listening: Server[] = [];
  const servers = new Map<string, Server>();
  const listen = Server.prototype.listen;
  let printed: string[] = [];

  beforeAll(() => {
    vi.spyOn(console, 'log').mockImplementation((...values) => void printed.push(format(...values)));
    vi.spyOn(Server.prototype, 'listen').mockImplementation(onFreePort);
  });
  function onFreePort(this: Server, ...given: unknown[]): Server {
    listening.push(this);
    const ready = given.find((argument) => typeof argument === 'function');
    return listen.call(this, { port: 0, host: '127.0.0.1' }, ready as () => void);
  }
  afterAll(() => {
    vi.restoreAllMocks();
    for (const server of listening) server.close();
  });

  /** Runs a block that serves, once, and gives the server that it made last. */
  async function serverOf(name: string): Promise<Server> {
    const known = servers.get(name);
    if (known !== undefined) return known;
    await import(fileOf(name).href);
    const server = listening.at(-1);
    if (server === undefined) throw new Error(`${name} does not listen`);
    if (!server.listening) await once(server, 'listening');
    servers.set(name, server);
    return server;
  }

  it.each(ofKind('server').filter(({ script }) => script.length > 0))(
    'answers as $page says: $name',
    async (block) => {
      const server = await serverOf(block.name);
      expect(await converse(server, block.path, block.script)).toEqual(block.script);
    },
  );

  async function run(name: string): Promise<readonly string[]> {
    printed = [];
    await import(fileOf(name).href);
    return printed;
  }

  const programs = ofKind('program').map((block) => ({ ...block, port: USUAL_PORTS[block.beside ?? ''] }));
  const ordinary = programs.filter(({ port }) => port === undefined);
  it.each(ordinary)('prints what $page says: $name', async ({ name, code, beside, prints }) => {
    if (beside !== undefined) {
      const { port } = (await serverOf(beside)).address() as AddressInfo;
      writeFileSync(fileOf(name), code.replaceAll(':8080', `:${port}`));
    }
    expect(await run(name)).toEqual(prints);
  });

  for (const { name, page, code, beside = '', port, prints } of programs) {
    if (port === undefined) continue;
    const isHere = isInstalled(beside);
    const without = isHere ? '' : ` (skipped: there is no ${beside} here)`;
    it.skipIf(!isHere)(`prints what ${page} says beside a ${beside}: ${name}${without}`, async () => {
      const flag = beside === 'redis-server' ? '--port' : '-p';
      await using server = await StoppableServer.make(beside, (free) => [flag, `${free}`]);
      await server.start();
      writeFileSync(fileOf(name), code.replaceAll(`:${port}`, `:${server.port}`));
      const [links, before] = [linksHere(), signalListeners()];
      expect(await run(name)).toEqual(prints);
      const added = signalListeners().filter(([, listener]) => !before.some(([, old]) => old === listener));
      for (const [signal, listener] of added) {
        if (signal === 'SIGTERM') await (listener as (given: string) => unknown)(signal);
        process.off(signal, listener);
      }
      // An open link would hold a process of its own.
      if (added.length > 0) await expect.poll(linksHere).toBeLessThanOrEqual(links);
    });
  }
});

type SignalListener = readonly [signal: 'SIGTERM' | 'SIGINT', listener: NodeJS.SignalsListener];

/** What this process does at its end. */
function signalListeners(): readonly SignalListener[] {
  return (['SIGTERM', 'SIGINT'] as const).flatMap((signal) =>
    process.listeners(signal).map((listener): SignalListener => [signal, listener]),
  );
}

/** The number of open TCP links of this process. */
function linksHere(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

function fileOf(name: string): URL {
  return new URL(`${name}.ts`, folder);
}

/** Says the visitor's lines and answers with what was said and heard. */
async function converse(server: Server, path: string, script: readonly Line[]): Promise<readonly Line[]> {
  const { port } = server.address() as AddressInfo;
  const visitor = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  const heard: string[] = [];
  let wake = (): void => {};
  visitor.on('message', (data: Buffer) => {
    heard.push(data.toString());
    wake();
  });
  visitor.on('close', () => wake());
  await once(visitor, 'open');
  const spoken: Line[] = [];
  for (const line of script) {
    if (line.by === 'visitor') visitor.send(line.text);
    else if (heard.length === 0 && visitor.readyState === WebSocket.OPEN) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    spoken.push(line.by === 'visitor' ? line : { by: 'server', text: heard.shift() ?? '(closed)' });
  }
  visitor.terminate();
  return spoken;
}
