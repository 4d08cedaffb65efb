// `npm run test:brokers -- --runs 200`: the kills of real servers, the cuts of links and the other
// faults of loss-stories.ts and ipc-losses.spec.ts, so often over each broker, and the kills and
// cuts over each client of Redis, too. The words `nats`, `redis` and `ipc` pick some.
// JavaScript, for Node 20 has to run it as it stands.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HOSTS = ['spec/hub/real-brokers.spec.ts', 'spec/hub/real-faults.spec.ts'];
/** Specs of each broker, and how titles name it. */
const BROKERS = new Map([
  ['nats', ['nats|NATS', 'spec/nats/nats-broker.spec.ts', 'spec/nats/nats-outages.spec.ts', ...HOSTS]],
  ['redis', ['redis|Redis', 'spec/redis/redis-losses.spec.ts', 'spec/redis/redis-outages.spec.ts', ...HOSTS]],
  ['ipc', ['ipc', 'spec/ipc/ipc-losses.spec.ts']],
]);

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

const asked = askedFor(process.argv.slice(2));
if (asked === undefined) {
  process.stderr.write('It takes --runs N, with N from 1 to 999999, and the words nats, redis and ipc.\n');
  process.exit(1);
}

const args = ['run', '--reporter=verbose', '--hideSkippedTests', '-t', asked.titles, ...asked.specs];
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
    const isRight = /^[1-9]\d{0,5}$/.test(values.runs) && words.every((word) => BROKERS.has(word));
    if (!isRight) return undefined;
    const picked = (words.length === 0 ? [...BROKERS.keys()] : words).map((word) => BROKERS.get(word));
    const titles = `(${picked.map(([names]) => names).join('|')}).*silent losses`;
    return { runs: values.runs, titles, specs: new Set(picked.flatMap(([, ...specs]) => specs)) };
  } catch {
    return undefined;
  }
}
