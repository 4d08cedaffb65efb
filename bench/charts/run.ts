// `npm run bench:charts`: measures the charts of docs/internals/benchmarks.md, keeps their
// figures in bench/charts.json, and draws them. `-- flood`: those with such a word in their
// names, and the others stay as they are. `-- --draw` draws without measuring; `--runs 5`:
// so many runs. `npm run bench` ends with all of them.

import { parseArgs } from 'node:util';
import { LOOK } from '../measure.ts';
import { CHARTS } from './charts.ts';
import { keptFigures } from './figures.ts';
import { measureCharts } from './measure-charts.ts';
import { writePictures } from './pictures.ts';

const {
  values: { draw, runs },
  positionals: words,
} = parseArgs({
  options: { draw: { type: 'boolean', default: false }, runs: { type: 'string' } },
  allowPositionals: true,
});
const picked = CHARTS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (picked.length === 0) {
  process.stderr.write(`no chart is called so; there are: ${CHARTS.map(({ name }) => name).join(', ')}\n`);
  process.exit(1);
}

if (draw) writePictures(keptFigures());
else await measureCharts(picked, { ...LOOK, ...(runs === undefined ? {} : { runs: Number(runs) }) });
