// `npm run test:brokers -- --runs 200`: the kills of real servers and the cuts of links of
// broker-stories.ts, so often over each broker and client. The words `nats` and `redis` pick one.
// JavaScript, for Node 20 has to run it as it stands.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SPECS = ['spec/nats/nats-broker.spec.ts', 'spec/redis/redis-losses.spec.ts'];
const BROKERS = new Set(['nats', 'redis']);

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

const asked = askedFor(process.argv.slice(2));
if (asked === undefined) {
  process.stderr.write('It takes --runs N, with N from 1 to 999999, and the words nats and redis.\n');
  process.exit(1);
}

const args = ['run', '--reporter=verbose', '--hideSkippedTests', '-t', 'silent losses', ...asked.specs];
const env = { ...process.env, BROKER_RUNS: asked.runs };
const child = spawn(process.execPath, [vitest, ...args], { cwd: root, env, stdio: 'inherit' });
// Ctrl+C reaches vitest, too: it stops its servers, and then this ends with it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill());
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});

/** Gives the specs that words pick, and how often; undefined where the words are wrong. */
function askedFor(args) {
  try {
    const options = { runs: { type: 'string', default: '20' } };
    const { values, positionals: words } = parseArgs({ args, options, allowPositionals: true });
    const picks = (spec) => words.length === 0 || words.some((word) => spec.includes(`/${word}/`));
    const isRight = /^[1-9]\d{0,5}$/.test(values.runs) && words.every((word) => BROKERS.has(word));
    return isRight ? { runs: values.runs, specs: SPECS.filter(picks) } : undefined;
  } catch {
    return undefined;
  }
}
