// Takes the ten steps of visitor.js over the package as npm installs it, with Node, Bun and Deno as
// server and as client, and prints one line for each pair; what has failed stands below it. Bun and
// Deno come from npm, in the versions that the benchmark pins. JavaScript, for Node 20 has to run it
// as it stands.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const STEPS = 10;
/** Many times what a pair takes. */
const LIMIT_MS = 60_000;
const QUIETLY = [
  '--ignore-scripts',
  '--no-save',
  '--no-audit',
  '--no-fund',
  '--no-package-lock',
  '--loglevel=error',
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const { dependencies: pinned } = JSON.parse(readFileSync(join(root, 'bench/package.json'), 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'corosock-runtimes-'));
const children = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

const page = installedPackage();
const node = { name: `Node ${process.versions.node}`, command: [process.execPath] };
const others = [
  runtime('Bun', 'bun', '@oven', (folder) => join(folder, 'bin', executable('bun')), []),
  runtime('Deno', 'deno', '@deno', (folder) => join(folder, executable('deno')), [
    'run',
    '--allow-net',
    '--allow-env',
  ]),
].filter((found) => found !== undefined);
const pairs = [
  [node, node],
  ...others.flatMap((other) => [
    [other, other],
    [other, node],
    [node, other],
  ]),
];
for (const [server, client] of pairs) await takeSteps(server, client);

/** Installs the package as a user does, and puts the programs beside it. */
function installedPackage() {
  const folder = join(scratch, 'page');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  const packed = npm(root, 'pack', '--silent', '--pack-destination', scratch).trim().split('\n').at(-1);
  npm(folder, 'install', ...QUIETLY, join(scratch, packed));
  const own = fileURLToPath(new URL('.', import.meta.url));
  for (const name of readdirSync(own)) cpSync(join(own, name), join(folder, name));
  const [cert, key] = ['cert', 'key'].map((name) =>
    JSON.stringify(readFileSync(join(root, `spec/fixtures/localhost-${name}.pem`), 'utf8')),
  );
  // A module, so that Deno needs no permission to read files.
  writeFileSync(join(folder, 'certificate.js'), `export const cert = ${cert};\nexport const key = ${key};\n`);
  return folder;
}

/**
 * Finds a runtime in a package of npm. Its install script would put it into place, and npm runs none
 * unasked: it is taken from the package of this platform.
 */
function runtime(title, name, scope, placeIn, words) {
  const version = pinned[name];
  const folder = join(scratch, name);
  mkdirSync(folder);
  try {
    npm(folder, 'install', ...QUIETLY, `${name}@${version}`);
    const packages = join(folder, 'node_modules', scope);
    const places = readdirSync(packages).map((found) => placeIn(join(packages, found)));
    const program = places.find((place) => existsSync(place) && runs(place));
    if (program !== undefined) return { name: `${title} ${version}`, command: [program, ...words] };
    console.log(`${title} ${version}: left out, for none of its packages runs here: ${places.join(', ')}`);
  } catch (error) {
    console.log(`${title} ${version}: left out, for npm does not give it: ${String(error.stderr ?? error)}`);
  }
  return undefined;
}

function executable(name) {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

function runs(program) {
  try {
    return execFileSync(program, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] }).length > 0;
  } catch {
    return false;
  }
}

function npm(cwd, ...words) {
  return execFileSync('npm', words, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
}

async function takeSteps(server, client) {
  const serving = start(server, 'server.js');
  const ports = await serving.firstLine;
  const visiting = start(client, 'visitor.js', ...ports.split(' '));
  const visitor = await visiting.end;
  // Asked to shut down by the last step, the server ends by itself.
  if (visitor.code !== 0) serving.kill();
  const served = await serving.end;
  const passed = visitor.output.split('\n').filter((line) => line.startsWith('ok: ')).length;
  console.log(`${server.name} serves, ${client.name} visits: ${passed} of ${STEPS} steps`);
  if (passed === STEPS && visitor.code === 0 && served.code === 0) return;
  process.exitCode = 1;
  console.log(`${visitor.output}(the visitor ended with ${visitor.code}, the server with ${served.code})`);
  console.log(served.output);
}

/** Runs a program of this folder. One that does not end by itself is killed. */
function start({ command: [program, ...words] }, name, ...rest) {
  const child = spawn(program, [...words, name, ...rest], { cwd: page, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const end = once(child, 'close').then(([code, signal]) => {
    clearTimeout(limit);
    children.delete(child);
    return { code: code ?? signal, output };
  });
  const lines = createInterface(child.stdout);
  const firstLine = Promise.race([once(lines, 'line').then(([line]) => line), end.then(() => '0 0 0 0')]);
  return { firstLine, end, kill: () => child.kill('SIGKILL') };
}
