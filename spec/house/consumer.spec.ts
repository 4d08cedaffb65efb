// The package as a stranger gets it: built and packed from a copy of the project,
// unpacked into a fresh one, type-checked there with nothing forgiven and run.
// It installs nothing from the network: the dependencies are linked from ours.

import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksIn } from './page-blocks.ts';
import { linkFaults } from './page-faults.ts';
import { projectRoot, readProjectFile } from './source-files.ts';

const root = fileURLToPath(projectRoot);
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const scratch = mkdtempSync(join(tmpdir(), 'corosock-'));
const consumer = join(scratch, 'consumer');
const installed = join(consumer, 'node_modules', 'corosock');
const manifest = JSON.parse(readProjectFile('package.json')) as {
  readonly version: string;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
};

// What somebody writes on the first day. "types" is empty in the tsconfig beside
// it: `node:http` is known because our declarations bring the types they name.
const program = `
import { attach, serve, UsageError } from 'corosock';
import type { CloseInfo, Handler, Host, ReadResult, ServerSocket } from 'corosock';
import { connect, ConnectError } from 'corosock/client';
import type { ClientSocket, ConnectOptions } from 'corosock/client';
import { fakeSocket } from 'corosock/testing';
import { createServer } from 'node:http';
import { Duplex, Readable, Writable } from 'node:stream';
import type { IncomingHttpHeaders } from 'node:http';

const shout: Handler = async (ws: ServerSocket) => {
  const result: ReadResult = await ws.read();
  const headers: IncomingHttpHeaders = ws.request.headers;
  if (result[1] === 'ok') await ws.write(String(result[0]).toUpperCase() + (headers['x-mark'] ?? ''));
};

// The default lib holds the streams of browsers.
const streamOf = (ws: ServerSocket): Duplex => Duplex.fromWeb(ws, { objectMode: true });
const streamOfClient = (ws: ClientSocket): Duplex =>
  Duplex.from({ readable: Readable.from(ws), writable: Writable.fromWeb(ws.writable, { objectMode: true }) });

const { ws, client } = fakeSocket({ headers: { 'x-mark': '!' } });
await client.write('hello');
await shout(ws);
const [heard, status] = await client.read();
const end: CloseInfo = await ws.endServer();

const host: Host = await serve(shout);
const options: ConnectOptions = { headers: { 'x-mark': '?' } };
const visitor: ClientSocket = await connect(host.url, options);
await visitor.write('who');
const [answer] = await visitor.readMessage();
await visitor.close();
const port: number = host.port;
await host.close({ graceMs: 0 });
const refused: unknown = await connect(visitor.url).catch((error: unknown) => error);

const server = createServer();
await attach(server, { '/shout': shout }).close({ graceMs: 0 });

const error = new UsageError('COROSOCK_EXAMPLE', 'an example');
process.stdout.write(JSON.stringify([heard, status, end.code, port > 0, error.code, answer, refused instanceof ConnectError, typeof streamOf === typeof streamOfClient]));
`;

// What goes into a page: no types of Node are there, and a bundler gives the file for browsers.
const page = `
import { connect } from 'corosock/client';
import type { ClientSocket, ReadResult } from 'corosock/client';

const ws: ClientSocket = await connect(new URL('/chat', location.href));
const [data, status]: ReadResult = await ws.read();
if (status === 'ok') document.title = String(data);
for await (const each of connect.each(ws.url, { onRetry: ({ message }) => void message })) await each.close();
`;
const pageOptions = {
  target: 'es2022',
  module: 'esnext',
  moduleResolution: 'bundler',
  customConditions: ['browser'],
  strict: true,
  skipLibCheck: false,
  types: [],
};

beforeAll(async () => {
  const copy = join(scratch, 'project');
  for (const name of [...manifest.files, 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    if (name !== 'dist') cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  await run('npm', ['pack', '--silent', '--pack-destination', scratch], copy);

  mkdirSync(installed, { recursive: true });
  const tarball = join(scratch, `corosock-${manifest.version}.tgz`);
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed], consumer);
  for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types']) {
    const link = join(consumer, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link, 'junction');
  }

  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    skipLibCheck: false,
    types: [],
  };
  writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
  writeFileSync(join(consumer, 'main.ts'), program);
}, 60_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the packed package', { timeout: 60_000 }, () => {
  it('type-checks in a strict project without ambient types, and runs', async () => {
    expect(await run(process.execPath, [tsc, '-p', '.'], consumer)).toBe('');
    const said = await run(process.execPath, ['main.js'], consumer);
    expect(JSON.parse(said)).toEqual(['HELLO!', 'ok', 1000, true, 'COROSOCK_EXAMPLE', 'WHO?', true, true]);
  });

  it("type-checks in a page's strict project, which knows nothing of Node", async () => {
    const folder = join(consumer, 'page');
    mkdirSync(folder);
    writeFileSync(join(folder, 'page.ts'), page);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: pageOptions, files: ['page.ts'] }),
    );
    const files = await run(process.execPath, [tsc, '--noEmit', '--listFiles', '-p', folder], consumer);
    expect(files).toContain('dist/client/browser.d.ts');
    expect(files.split('\n').filter((line) => /error TS|@types\/node|client\/index/.test(line))).toEqual([]);
  });

  it('runs as the page about installing says', async () => {
    const folder = join(consumer, 'project');
    const { blocks } = blocksIn('README.md', readProjectFile('README.md'));
    mkdirSync(join(folder, 'src'), { recursive: true });
    for (const name of ['greeter', 'main']) {
      const { code = '' } = blocks.find((block) => block.name === name) ?? {};
      const once = name === 'main' ? `${code.replace('8080', '0')}await host.close();\n` : code;
      writeFileSync(join(folder, 'src', `${name}.ts`), once);
    }
    const [, tsconfig = ''] = /^```json\n(.*?)^```/ms.exec(readProjectFile('docs/guide/installing.md')) ?? [];
    writeFileSync(join(folder, 'tsconfig.json'), tsconfig);

    expect(await run(process.execPath, [tsc], folder)).toBe('');
    expect(await run(process.execPath, ['dist/main.js'], folder)).toMatch(/^Listening on ws:/);
    const unbuilt = await run(process.execPath, ['--no-warnings', 'src/main.ts'], folder);
    expect(unbuilt.startsWith('Listening on ws:')).toBe(isNodeAtLeast(22, 18));
  });

  it('needs Node 24 for `await using` in JavaScript', async () => {
    const file = join(consumer, 'using.js');
    writeFileSync(file, `await using x = { async [Symbol.asyncDispose]() {} };\nconsole.log('ran');\n`);
    const said = await run(process.execPath, [file], consumer);
    expect(said).toMatch(isNodeAtLeast(24, 0) ? /^ran$/m : /SyntaxError/);
  });

  it('holds the source that each of its maps names', () => {
    const dist = join(installed, 'dist');
    const maps = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.map'),
    );
    const missing = maps.flatMap((name) => {
      const { sources } = JSON.parse(readFileSync(join(dist, name), 'utf8')) as {
        readonly sources: readonly string[];
      };
      return sources
        .map((source) => join(dirname(join(dist, name)), source))
        .filter((path) => !existsSync(path));
    });
    expect(maps).not.toEqual([]);
    expect(missing).toEqual([]);
  });

  it('holds each page that its pages for users link to', () => {
    const textOf = (path: string): string | undefined => {
      const file = join(installed, path);
      if (!existsSync(file)) return undefined;
      return statSync(file).isFile() ? readFileSync(file, 'utf8') : '';
    };
    const docs = readdirSync(join(installed, 'docs'), { recursive: true, encoding: 'utf8' });
    const pages = docs
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name.split(sep).join('/')}`);
    const others = ['README.md', 'SECURITY.md', 'ARCHITECTURE.md', 'examples/stories/README.md'];
    const faults = [...pages, ...others].flatMap((path) =>
      linkFaults({ path, text: textOf(path) ?? '' }, textOf),
    );
    expect(textOf('README.md')).toContain('](CONTRIBUTING.md)');
    expect(pages.length).toBeGreaterThan(20);
    expect(faults).toEqual([]);
  });

  // Last, for it spoils the installed package. Shows that the spec above would
  // notice: TypeScript 6 and 7 drop the line from declarations unless it says `preserve`.
  it('does not type-check without the reference to the types of node', async () => {
    const dist = join(installed, 'dist');
    const names = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.d.ts'),
    );
    const referring = names.filter((name) => dropReference(join(dist, name)));
    writeFileSync(join(consumer, 'main.ts'), `import { serve } from 'corosock';\nawait serve(() => {});\n`);
    expect(referring).not.toEqual([]);
    expect(await run(process.execPath, [tsc, '--noEmit', '-p', '.'], consumer)).toContain('node:http');
  });
});

function isNodeAtLeast(wantedMajor: number, wantedMinor: number): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** Answers with what the program printed, whether or not it succeeded. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const outcome = await promisify(execFile)(program, args, { cwd }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  return outcome.stdout + (outcome.stdout === '' ? outcome.stderr : '');
}

function dropReference(path: string): boolean {
  const text = readFileSync(path, 'utf8');
  const rest = text.replace(/^\/\/\/ <reference types="node".*\n/gm, '');
  writeFileSync(path, rest);
  return rest !== text;
}
