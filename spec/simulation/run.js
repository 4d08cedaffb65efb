// `npm run simulate -- --seeds 1000`: plays every scenario of this folder under the seeds 1 to 1000.
// `--seed 7` plays one seed, `--workers 2` uses two cores, `--minutes 30` ends it by then, `--log
// FILE` also writes into a file, and words pick scenarios by their names. Exit code 1 where a play
// has failed or hangs, or where fewer seeds than `--least 500` ran in time. With `--turns` each seed
// plays one scenario, and all take turns. `--cost` measures what chats and worlds cost instead.
// JavaScript, for Node 20 runs it.

import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

/** A play that takes longer in real time hangs. The longest one takes a fiftieth of a second. */
const HANGS_AFTER_MS = 60_000;
const LOOK_EVERY_MS = 1000;
const TELL_EVERY_MS = 30_000;
/** More failures than these say nothing new. */
const MOST_FAILURES = 50;

/** What tsconfig.build.json makes. */
const WORKER = new URL('../../dist-simulation/spec/simulation/worker.js', import.meta.url);

const text = (value) => ({ type: 'string', default: value });
const { values, positionals: words } = parseArgs({
  options: {
    seeds: text('1000'),
    seed: text(''),
    workers: text('1'),
    minutes: text('60'),
    least: text('1'),
    log: text(''),
    cost: { type: 'boolean', default: false },
    turns: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (values.cost) await tellCost();

const first = values.seed === '' ? 1 : Number(values.seed);
const end = first + (values.seed === '' ? Number(values.seeds) : 1);
const count = Math.min(Number(values.workers), end - first);
const minutes = Number(values.minutes);
const least = Number(values.least);
if (!(end > first && count >= 1 && minutes > 0 && least > 0))
  throw new Error('--seeds, --workers, --minutes, --least: expected numbers above 0');

const beganMs = Date.now();
const failures = [];
let hung = 0;
const totals = { seeds: 0, plays: 0, steps: 0, virtualMs: 0 };
const cpu = process.cpuUsage();
const playing = Array.from({ length: count }, (_, at) => share(first + at));
const telling = setInterval(() => say(`${playsOf()} plays, ${summary()}`), TELL_EVERY_MS);
await Promise.all(playing.map(({ done }) => done));
clearInterval(telling);

const seconds = (Date.now() - beganMs) / 1000;
const { user, system } = process.cpuUsage(cpu);
say(
  `${totals.seeds} seeds, ${totals.plays} plays, ${totals.steps} events, ${(totals.virtualMs / 3_600_000).toFixed(1)} hours of virtual time in ${seconds.toFixed(0)} s and ${((user + system) / 1e6).toFixed(0)} s of CPU`,
);
say(
  `${(totals.plays / seconds).toFixed(0)} plays, ${(totals.steps / seconds).toFixed(0)} events a second; ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident; ${summary()}`,
);
say(
  `${totals.seeds} of ${end - first} seeds ran${values.turns ? ', each in one scenario: all take turns' : ''}`,
);
const hasFailed = failures.length + hung > 0;
if (!hasFailed && totals.seeds < least) say(`Fewer than ${least} seeds are a failure.`);
process.exitCode = hasFailed || totals.seeds < least ? 1 : 0;

/** Does not return. */
async function tellCost() {
  const { chatLines, costLines } = await import('../../dist-simulation/spec/simulation/cost.js');
  for (const line of await chatLines()) say(line);
  for (const line of await costLines()) say(line);
  process.exit();
}

/** Lets a worker play the seeds from one on, with the stride of all workers. */
function share(from) {
  const place = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(WORKER, {
    workerData: {
      words,
      first: from,
      stride: count,
      end,
      untilMs: beganMs + minutes * 60_000,
      turns: values.turns,
      place,
    },
  });
  const before = { plays: -1, atMs: Date.now() };
  const watching = setInterval(() => {
    if (place[2] !== before.plays) Object.assign(before, { plays: place[2], atMs: Date.now() });
    if (Date.now() - before.atMs < HANGS_AFTER_MS) return;
    hung += 1;
    say(`seed ${place[0]} hangs in scenario ${place[1]} of those picked`);
    void worker.terminate();
  }, LOOK_EVERY_MS);
  const done = new Promise((resolve) => {
    worker.on('message', (message) => onMessage(message, worker));
    worker.on('error', (error) => fail({ name: 'a worker', seed: place[0], text: error.stack }));
    worker.once('exit', () => {
      clearInterval(watching);
      resolve();
    });
  });
  return { place, done };
}

function onMessage({ failure, totals: own }, worker) {
  if (failure !== undefined) fail(failure);
  else for (const [name, value] of Object.entries(own)) totals[name] += value;
  if (failures.length >= MOST_FAILURES) void worker.terminate();
}

function fail(failure) {
  failures.push(failure);
  say(`seed ${failure.seed} of '${failure.name}' fails:\n${failure.text}`);
}

function playsOf() {
  return playing.reduce((sum, { place }) => sum + place[2], 0);
}

function summary() {
  return `${failures.length} lost, ${hung} hung`;
}

function say(line) {
  console.log(line);
  if (values.log !== '') appendFileSync(values.log, `${new Date().toISOString()} ${line}\n`);
}
