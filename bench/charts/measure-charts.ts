// Measures charts one after another, keeps their figures, and draws all that are kept. charts/run.ts
// calls it for the charts that it is asked for, and run.ts for all of them, behind its tables.

import { machine } from '../machine.ts';
import type { Effort } from '../measure.ts';
import type { Chart } from './charts.ts';
import { keepFigures, keptFigures } from './figures.ts';
import { writePictures } from './pictures.ts';
import { echoOf, sweep } from './sweeps.ts';

const MINUTE_MS = 60_000;

/** Measures charts and draws them. One that fails stays as it was, and the process ends with 1. */
export async function measureCharts(charts: readonly Chart[], effort: Effort): Promise<void> {
  for (const { name } of charts) {
    process.stderr.write(`${name} …\n`);
    const sinceMs = performance.now();
    try {
      const { series, notes } = await sweep(name, effort);
      keepFigures(name, { conditions: [...conditions(effort, sinceMs), ...notes], series });
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`${name} stays as it was: ${String(error)}\n`);
    }
  }
  writePictures(keptFigures());
}

/** When, where and how, in lines. */
function conditions({ runs }: Effort, sinceMs: number): readonly string[] {
  const [where = '', versions = '', cores = '', load = ''] = machine([
    echoOf({ sockets: 1, inFlight: 1, bytes: 1 }),
  ])
    .split('\n')
    .map((line) => line.replace(/^- /, ''));
  const shown = runs === 1 ? 'One run.' : `Median of ${runs} runs; whiskers: the least and the most.`;
  const minutes = (performance.now() - sinceMs) / MINUTE_MS;
  const took = `It took ${minutes.toFixed(1)} minutes.`;
  return [`${where}; ${load}`, versions, `${shown} ${cores[0]?.toUpperCase()}${cores.slice(1)}. ${took}`];
}
