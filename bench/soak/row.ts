// A row of the soak: what is measured, what came of it, and what it has to be.

/** One figure of a row. */
export interface Figure {
  readonly what: string;
  /** With its unit. */
  readonly ours: string;
  /** What raw `ws` does under the same; undefined where it has nothing of the kind. */
  readonly raw?: string | undefined;
  readonly limit: string;
  readonly isKept: boolean;
}

export interface Row {
  readonly name: string;
  /** What has to be there, such as a right of the user; undefined where all is. */
  readonly obstacle?: () => string | undefined;
  /** @param minutes - How long a row runs that runs for a time. */
  readonly measure: (minutes: number) => Promise<readonly Figure[]>;
}

/** The number that so many percent of the others do not exceed; NaN for none. */
export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? NaN;
}

/** Writes bytes as MiB. */
export function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}
