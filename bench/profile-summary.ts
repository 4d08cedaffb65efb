// Where the time went, from a CPU profile as V8 writes it: for the remarks on a limit
// that is missed, where nobody wants to open a profiler for the first look.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What of a `.cpuprofile` is looked at. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** From 0. */
      readonly lineNumber: number;
    };
  }[];
  /** The node at hand, at each sample, and µs since the one before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const MOST_SHOWN = 15;
const NOT_WORKING = '(idle)';

/** Tells of the newest profile in a folder which functions took most time by themselves. */
export function summaryOfNewest(folder: string): string {
  const [newest] = readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => join(folder, name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (newest === undefined) return `no profile was written to ${folder}\n`;
  const taken = timesOf(JSON.parse(readFileSync(newest, 'utf8')) as Profile);
  taken.delete(NOT_WORKING);
  const all = [...taken.values()].reduce((sum, micros) => sum + micros, 0);
  const lines = [...taken]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MOST_SHOWN)
    .map(([place, micros]) => `${((micros / all) * 100).toFixed(1).padStart(5)} %  ${place}\n`);
  return `${newest}\n${lines.join('')}`;
}

/** @returns µs by function. */
function timesOf({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const places = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      url === '' ? functionName : `${functionName || '(anonymous)'} ${basename(url)}:${lineNumber + 1}`,
    ]),
  );
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const place = places.get(id) ?? '?';
    times.set(place, (times.get(place) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return times;
}
