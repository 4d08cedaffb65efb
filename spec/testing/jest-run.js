// Runs jest-fixture.js in jest, over the package as npm installs it. jest comes from npm, in one
// version. JavaScript, for Node 20 has to run it as it stands.

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const JEST = 'jest@30.5.2';
/** Many times what the tests take. */
const LIMIT_MS = 60_000;
const QUIETLY = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];

const scratch = mkdtempSync(join(tmpdir(), 'corosock-jest-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

try {
  npm(fileURLToPath(new URL('../..', import.meta.url)), 'pack', '--silent', '--pack-destination', scratch);
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module", "private": true }');
  const packed = readdirSync(scratch).find((name) => name.endsWith('.tgz'));
  npm(scratch, 'install', ...QUIETLY, join(scratch, packed));
} catch (error) {
  process.stdout.write(`${error.stderr ?? error}\n`);
  process.exit(1);
}
if (!hasJest()) {
  process.stdout.write('jest: npm does not give it, so that it was left out\n');
  process.exit(0);
}
copyFileSync(new URL('jest-fixture.js', import.meta.url), join(scratch, 'kit.test.js'));
const jest = join(scratch, 'node_modules/jest/bin/jest.js');
const words = ['--experimental-vm-modules', '--no-warnings', jest, '--testEnvironment=node'];
const { status } = spawnSync(process.execPath, words, {
  cwd: scratch,
  stdio: 'inherit',
  timeout: LIMIT_MS,
  killSignal: 'SIGKILL',
});
process.exitCode = status ?? 1;

function hasJest() {
  try {
    npm(scratch, 'install', ...QUIETLY, JEST);
    return true;
  } catch {
    return false;
  }
}

function npm(cwd, ...args) {
  const options = { cwd, encoding: 'utf8', stdio: 'pipe', shell: process.platform === 'win32' };
  return execFileSync('npm', args, options);
}
