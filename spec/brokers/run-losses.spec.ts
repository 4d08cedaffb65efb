// `npm run test:brokers -- --runs N`, as somebody types it.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isNatsHere, withoutNats } from '../nats/nats-scene.ts';

const script = fileURLToPath(new URL('run-losses.js', import.meta.url));

/** Runs it to its end. */
function run(...words: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

describe('npm run test:brokers', { timeout: 120_000 }, () => {
  it.skipIf(!isNatsHere)(`kills and cuts as often as --runs says${withoutNats}`, () => {
    const { status, output } = run('nats', '--runs', '1');
    expect(output).toContain('0 silent losses and 0 doubles in 1 kills of the server');
    expect(output).toContain('0 silent losses and 0 doubles in 1 cuts of the link');
    expect(status).toBe(0);
  });

  it.each([[['--runs', '0']], [['--runs', 'many']], [['--runs', '-1']], [['mongo']], [['nats', 'mongo']]])(
    'says in one sentence what it takes, where it gets %j',
    (words) => {
      expect(run(...words)).toEqual({
        status: 1,
        output: 'It takes --runs N, with N from 1 to 999999, and the words nats, redis and ipc.\n',
      });
    },
  );
});
