// How long one thing after another takes, and which time is in the middle.

/** The middle one. */
export function middle(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

/** @returns µs that one call takes in the middle, each begun when the one before has ended. */
export async function middleMicros(times: number, call: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const sinceMs = performance.now();
    await call();
    took.push((performance.now() - sinceMs) * 1000);
  }
  return middle(took);
}
