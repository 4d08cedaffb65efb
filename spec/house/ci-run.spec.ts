// `.ci/run` with stages that take no time: what it says and how it ends where a stage fails or is
// left out, and where a server of brokers is missing.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../.ci/run', import.meta.url));
const here = process.execPath;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'corosock-ci-'));
  mkdirSync(join(folder, 'bin'));
  cpSync(script, join(folder, '.ci/run'));
  program('apt-get', 'exit 1');
  program('npx', '');
  program('npm', STAGES);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Passes everything. $FAILS names what fails. */
const STAGES = `
case "$*" in
  test) echo '{"numPassedTests":3,"numFailedTests":0,"numPendingTests":1}' >coverage/specs.json ;;
  *simulate*) echo '5000 of 5000 seeds ran' ;;
esac
case "$*" in *"$FAILS"*) exit 1 ;; esac`;

function program(name: string, text: string): void {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

/** Runs it. @returns How it has ended, and its lines behind those of the stages. */
function run(env: Readonly<Record<string, string>> = {}): readonly unknown[] {
  const servers = { REDIS_SERVER_PATH: here, NATS_SERVER_PATH: here };
  const PATH = `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`;
  const { status, stdout } = spawnSync('bash', [join(folder, '.ci/run')], {
    env: { ...process.env, FAILS: 'nothing', ...servers, ...env, PATH },
    encoding: 'utf8',
  });
  const lines = stdout.trim().split('\n');
  return [status, ...lines.filter((line) => !/^could not be installed|^5000/.test(line))];
}

const SEEDS = 'several hosts: 5000 of 5000 seeds ran';

describe('.ci/run', () => {
  it('passes where all stages do', () => {
    expect(run()).toEqual([0, SEEDS, '3 passed, 0 failed, 1 skipped']);
  });

  it('fails where the time does not suffice for a stage, and says which', () => {
    expect(run({ SECONDS: '1200' })).toEqual([
      1,
      expect.stringMatching(
        /^the seeds of several hosts: left out, for it may take 480 s, and 4\d\d s were left$/,
      ),
      'the laws of rooms: left out behind a failure',
      'other versions of Node: left out',
      '3 passed, 1 failed, 1 skipped',
    ]);
  });

  it('fails where a stage does', () => {
    expect(run({ FAILS: 'test:jest' })).toEqual([
      1,
      'jest: failed',
      'the seeds of several hosts: left out behind a failure',
      'the laws of rooms: left out behind a failure',
      'other versions of Node: left out',
      '3 passed, 1 failed, 1 skipped',
    ]);
  });

  it.each(['REDIS_SERVER_PATH', 'NATS_SERVER_PATH'])('fails where there is no server, as of %s', (name) => {
    expect(run({ [name]: 'no-server' })).toEqual([
      1,
      SEEDS,
      'no-server: not here, so that no spec has run over it',
      '3 passed, 1 failed, 1 skipped',
    ]);
  });
});
