// `npm run soak -- --minutes 10`: lets servers live through what the internet does to them, and
// prints one table, beside raw `ws` where it has the figure. `npm run soak -- shut cycles` runs the
// rows with these words in their names. A run of all rows is kept in `bench/`. Exit code 1 where a
// limit is not kept.

import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release, type } from 'node:os';
import { parseArgs } from 'node:util';
import { ADDRESSES_ROW } from './addresses.ts';
import { ATTACKED } from './attacked.ts';
import { CYCLES_ROW } from './cycles.ts';
import { HOSTILE } from './hostile.ts';
import { HALF_OPEN } from './half-open.ts';
import { MIXED } from './mixed.ts';
import { READS_ROW } from './reads.ts';
import type { Figure, Row } from './row.ts';
import { SHUT_DOWN } from './shut-down.ts';
import { SLOW_HANDSHAKES } from './slow-handshakes.ts';
import { STALLED_READERS } from './stalled.ts';
import { SOAKED } from '../places.ts';

const ROWS: readonly Row[] = [
  HOSTILE,
  ATTACKED,
  STALLED_READERS,
  SLOW_HANDSHAKES,
  HALF_OPEN,
  SHUT_DOWN,
  CYCLES_ROW,
  ADDRESSES_ROW,
  READS_ROW,
  MIXED,
];

const {
  values: { minutes },
  positionals: words,
} = parseArgs({ options: { minutes: { type: 'string', default: '10' } }, allowPositionals: true });

/** How busy the machine was before. */
const loadAtStart = loadavg();

const length = Number(minutes);
if (!(length > 0)) throw new Error(`--minutes: expected a number above 0, got ${minutes}`);

const picked = ROWS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (picked.length === 0) throw new Error(`no row is called so: ${ROWS.map(({ name }) => name).join(', ')}`);

const figures: Figure[] = [];
const leftOut: string[] = [];
for (const { name, obstacle, measure } of picked) {
  const why = obstacle?.();
  if (why !== undefined) {
    leftOut.push(`- left out, ${why}: ${name}`);
    continue;
  }
  process.stderr.write(`${name} …\n`);
  figures.push(...(await measure(length)));
}

const lines = figures.map(({ what, ours, raw, limit, isKept }) =>
  ['', what, isKept ? ours : `**${ours}, beyond the limit**`, raw ?? '–', limit, ''].join(' | ').trim(),
);
const table = ['| what | corosock | raw ws | limit |', '|---|---|---|---|', ...lines, ''].join('\n');
const [load = NaN] = loadAtStart;
const circumstances = [
  `- ${new Date().toISOString().slice(0, 10)}; ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores; ${type()} ${release()}; Node ${process.versions.node}`,
  `- load average before the run: ${load.toFixed(1)}`,
  `- \`npm run soak -- --minutes ${length}\``,
  ...leftOut,
  '',
].join('\n');
process.stdout.write(`${table}\n${circumstances}`);
if (words.length === 0) writeFileSync(SOAKED, `# Soak\n\n${table}\n${circumstances}`);
// Clients of an attack may still have bytes that their server never takes.
process.exit(figures.every(({ isKept }) => isKept) ? 0 : 1);
