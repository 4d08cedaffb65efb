// Runs every spec on each Node version that the package supports, and prints one
// line for each; what a version fails is printed below its line. The versions
// come from npm (`npx node@24`). JavaScript, for Node 20 has to run it as it stands.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSIONS = [20, 22, 24, 26];
/** Many times what the specs take. A worker that never comes back to its event loop must not hold up the rest. */
const LIMIT_MS = 1_200_000;

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'corosock-nodes-'));
let stop = () => {};
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    stop();
    process.exit(1);
  });
}

for (const version of VERSIONS) {
  const results = join(scratch, `${version}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const { status, output } = await run('npx', ['-y', `node@${version}`, vitest, 'run', ...reporters]);
  process.stdout.write(`Node ${version}: ${counts(results)}\n`);
  if (status === 0) continue;
  process.stdout.write(output);
  process.exitCode = 1;
}
rmSync(scratch, { recursive: true, force: true });

/** Runs a program in a group of its own, so that its workers can be ended with it. */
async function run(program, args) {
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  stop = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL');
  const timer = setTimeout(() => stop(), LIMIT_MS);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const status = await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  stop = () => {};
  return { status, output };
}

function counts(path) {
  if (!existsSync(path)) return `the specs did not come to an end (given ${LIMIT_MS / 1000} s)`;
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(path, 'utf8'));
  return `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`;
}
