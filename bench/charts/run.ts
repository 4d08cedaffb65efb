// `npm run bench:charts`: measures the charts of docs/internals/benchmarks.md, keeps their
// figures in bench/charts.json, and draws them. `-- flood`: those with such a word in their
// names, and the others stay as they are. `-- --draw` draws without measuring; `--runs 5`:
// so many runs.

import { parseArgs } from 'node:util';
import { machine } from '../machine.ts';
import { LOOK } from '../measure.ts';
import { CHARTS } from './charts.ts';
import { keepFigures, keptFigures } from './figures.ts';
import { writePictures } from './pictures.ts';
import { echoOf, sweep } from './sweeps.ts';

const MINUTE_MS = 60_000;

const {
  values: { draw, runs },
  positionals: words,
} = parseArgs({
  options: { draw: { type: 'boolean', default: false }, runs: { type: 'string' } },
  allowPositionals: true,
});
const effort = { ...LOOK, ...(runs === undefined ? {} : { runs: Number(runs) }) };
const picked = CHARTS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (picked.length === 0) {
  process.stderr.write(`no chart is called so; there are: ${CHARTS.map(({ name }) => name).join(', ')}\n`);
  process.exit(1);
}

if (!draw) {
  for (const { name } of picked) {
    process.stderr.write(`${name} …\n`);
    const sinceMs = performance.now();
    try {
      const { series, notes } = await sweep(name, effort);
      keepFigures(name, { conditions: [...conditions(sinceMs), ...notes], series });
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`${name} stays as it was: ${String(error)}\n`);
    }
  }
}
writePictures(keptFigures());

/** When, where and how, in lines. */
function conditions(sinceMs: number): readonly string[] {
  const [where = '', versions = '', cores = '', load = ''] = machine([
    echoOf({ sockets: 1, inFlight: 1, bytes: 1 }),
  ])
    .split('\n')
    .map((line) => line.replace(/^- /, ''));
  const shown =
    effort.runs === 1 ? 'One run.' : `Median of ${effort.runs} runs; whiskers: the least and the most.`;
  const minutes = (performance.now() - sinceMs) / MINUTE_MS;
  const took = `It took ${minutes.toFixed(1)} minutes.`;
  return [`${where}; ${load}`, versions, `${shown} ${cores[0]?.toUpperCase()}${cores.slice(1)}. ${took}`];
}
