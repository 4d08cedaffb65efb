// Where a value stands on an axis: scales from values to places, and the ticks that are
// shown. line-chart.ts draws with them.

export interface Scale {
  /** From the least value to the greatest, both shown. */
  readonly ticks: readonly number[];
  /** The place of a value: 0 at the first tick, 1 at the last. */
  readonly at: (value: number) => number;
}

/** How a scale goes from its least value to its greatest. */
export type ScaleKind = 'log' | 'tail';

/** More ticks than this are too many for an axis of 300 pixels. */
const MOST_TICKS = 10;
const STEPS = [1, 2, 5];

/**
 * Makes a scale with round ticks.
 *
 * @param values - What it has to hold. Without any it goes from 1 to 10.
 */
export function scaleOf(kind: ScaleKind, values: readonly number[]): Scale {
  switch (kind) {
    case 'log':
      return logarithmic(logTicks(values));
    case 'tail':
      return tail();
    default:
      return kind satisfies never;
  }
}

/** Makes a scale whose ticks are the values themselves, each once. */
export function scaleAt(kind: ScaleKind, values: readonly number[]): Scale {
  const ticks = [...new Set(values)].toSorted((a, b) => a - b);
  if (ticks.length < 2 || kind === 'tail') return scaleOf(kind, values);
  return logarithmic(ticks);
}

function logarithmic(ticks: readonly number[]): Scale {
  const [first, last] = ends(ticks).map(Math.log10) as [number, number];
  return { ticks, at: (value) => (Math.log10(value) - first) / (last - first) };
}

/** How many times ten of the rest are beyond: 1 for 90, 2 for 99. */
function decades(percentile: number): number {
  return percentile === 100 ? 4 : 2 - Math.log10(100 - percentile);
}

/**
 * Percentiles: as far from 90 to 99 as from 99 to 99.9, since ten times fewer answers are
 * beyond. The greatest, 100, would be endlessly far: it stands one such step after 99.9.
 */
function tail(): Scale {
  const [first, last] = [decades(50), decades(100)];
  return {
    ticks: [50, 90, 99, 99.9, 100],
    at: (percentile) => (decades(percentile) - first) / (last - first),
  };
}

function ends(ticks: readonly number[]): readonly [number, number] {
  return [ticks[0] ?? NaN, ticks.at(-1) ?? NaN];
}

/** 1, 2 and 5 of each power of ten; the powers alone where that would be too many. */
function logTicks(values: readonly number[]): readonly number[] {
  const [least, greatest] = values.length === 0 ? [1, 10] : [Math.min(...values), Math.max(...values)];
  const fine = ticksAround(least, greatest, STEPS);
  return fine.length <= MOST_TICKS ? fine : ticksAround(least, greatest, [1]);
}

/** Begins with the last tick that is not above the least, ends with the first that is not below the greatest. */
function ticksAround(least: number, greatest: number, steps: readonly number[]): readonly number[] {
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(greatest)) + 1];
  const ticks: number[] = [];
  for (let power = from; power <= to; power += 1) {
    ticks.push(...steps.map((step) => rounded(step * 10 ** power)));
  }
  const first = ticks.findLastIndex((tick) => tick <= least);
  const last = Math.max(
    ticks.findIndex((tick) => tick >= greatest),
    first + 1,
  );
  return ticks.slice(first, last + 1);
}

/** Without what binary fractions add: 0.30000000000000004. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
