// README's code is type-checked and run. Each ```ts block has a mark above it, an
// HTML comment that readers do not see:
//
//   <!-- run: echo -->                 the block is the file echo.ts
//   <!-- run: chat at /chat/lobby      … and a visitor connects to this path,
//   > hello                            says this
//   < hello                            and hears exactly this -->
//
// A block with `it(` or `test(` is run as a spec, be it vitest's or node:test's. A
// block that serves or listens gets a free port instead of its own, and is talked
// to. Any other block must be imported by one of these: `from './echo.ts'`.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { blocksIn, isServer, isSpec } from './readme-blocks.ts';
import type { Line } from './readme-blocks.ts';
import { projectRoot, readProjectFile } from './source-files.ts';

const folder = new URL('spec/house/.readme/', projectRoot);
const { blocks, faults } = blocksIn(readProjectFile('README.md'));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const { name, code } of blocks) {
  // The two agree on `it`, `test`, `describe`; only one runner can be running.
  writeFileSync(new URL(`${name}.ts`, folder), `${code.replace(`'node:test'`, `'vitest'`)}\nexport {};\n`);
}

describe('README', () => {
  it('marks every block of TypeScript, and each one is used', () => {
    expect(faults).toEqual([]);
  });

  it('has code that type-checks', async () => {
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

describe.each(blocks.filter((block) => isSpec(block)))("README's spec $name", async ({ name }) => {
  await import(new URL(`${name}.ts`, folder).href);
});

describe("README's servers", () => {
  const listening: Server[] = [];
  const listen = Server.prototype.listen;

  beforeAll(() => {
    vi.spyOn(console, 'log').mockReturnValue();
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

  it.each(blocks.filter((block) => isServer(block)))('$name answers as the page says', async (block) => {
    await import(new URL(`${block.name}.ts`, folder).href);
    const server = listening.at(-1);
    if (server === undefined) throw new Error(`${block.name} does not listen`);
    if (!server.listening) await once(server, 'listening');
    expect(await converse(server, block.path, block.script)).toEqual(block.script);
  });
});

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
