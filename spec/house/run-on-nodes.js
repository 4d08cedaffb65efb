// Runs every spec on each Node version that the package supports, and prints one
// line for each; what a version fails is printed below its line. The versions
// come from npm (`npx node@24`). JavaScript, for Node 20 has to run it as it stands.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSIONS = [20, 22, 24, 26];
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'corosock-nodes-'));

for (const version of VERSIONS) {
  const results = join(scratch, `${version}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const { status, stdout, stderr } = spawnSync(
    'npx',
    ['-y', `node@${version}`, vitest, 'run', ...reporters],
    {
      encoding: 'utf8',
      maxBuffer: Infinity,
    },
  );
  process.stdout.write(`Node ${version}: ${counts(results)}\n`);
  if (status === 0) continue;
  process.stdout.write(stdout + stderr);
  process.exitCode = 1;
}
rmSync(scratch, { recursive: true, force: true });

function counts(path) {
  if (!existsSync(path)) return 'the specs did not run';
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(path, 'utf8'));
  return `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`;
}
