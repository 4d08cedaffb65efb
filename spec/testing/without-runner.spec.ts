// The test kit needs no test runner: the built package in node:test, and in a plain
// script, each in a process of its own that ends by itself.

import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot, readProjectFile } from '../house/source-files.ts';

const root = fileURLToPath(projectRoot);
const scratch = mkdtempSync(join(tmpdir(), 'corosock-'));
const modules = join(scratch, 'node_modules');
const { dependencies } = JSON.parse(readProjectFile('package.json')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};

const run = promisify(execFile);

beforeAll(async () => {
  const built = join(modules, 'corosock');
  mkdirSync(built, { recursive: true });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(built, 'dist')], {
    cwd: root,
  });
  copyFileSync(join(root, 'package.json'), join(built, 'package.json'));
  for (const name of Object.keys(dependencies)) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }');
}, 60_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the test kit', { timeout: 60_000 }, () => {
  it('works in node:test', async () => {
    const fixture = join(scratch, 'kit.test.js');
    copyFileSync(fileURLToPath(new URL('node-test-fixture.js', import.meta.url)), fixture);
    // Whoever runs this spec may have told its children that they are children of a test run.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', fixture], { env });
    expect(stdout).toMatch(/^# tests 5$/m);
    expect(stdout).toMatch(/^# pass 5$/m);
  });

  it('does not hold a process, whatever is left open', async () => {
    const script = `
      import { fakeSocket } from 'corosock/testing';
      const { ws, client } = fakeSocket({ queueMessages: 1 });
      void client.read();
      await client.write('a');
      await client.write('b');
      void client.close();
      process.stdout.write(ws.id === '' ? 'no id' : 'left open');
    `;
    const file = join(scratch, 'script.js');
    writeFileSync(file, script);
    const { stdout, stderr } = await run(process.execPath, [file]);
    expect([stdout, stderr]).toEqual(['left open', '']);
  });
});
