// How the time of some work grows with its size: a ratio, so that it says the same
// on every machine. Between sizes far apart, by the quickest of many rounds, so that
// what else a machine does is small beside what is asked.

/** Prepares work of one size; only what it answers with is measured. */
export type Preparation = (size: number) => () => void | Promise<void>;

/** Up to here, time(2n) / time(n) is that of linear work: it would be 4 where the work is quadratic. */
export const LINEAR = 2.5;

const DOUBLINGS = 4;
const MOST_ROUNDS = 50;

/**
 * Measures until the work has shown that it is linear, or for long enough to say
 * that it is not.
 *
 * @param mostRounds - Few, where one round of quadratic work would take seconds.
 * @returns time(2n) / time(n), as the mean over four doublings of n.
 */
export async function growth(
  n: number,
  prepare: Preparation,
  mostRounds: number = MOST_ROUNDS,
): Promise<number> {
  let [least, most, ratio] = [Infinity, Infinity, Infinity];
  for (let round = 0; round < mostRounds && ratio > LINEAR; round += 1) {
    least = Math.min(least, await timeOf(prepare(n)));
    most = Math.min(most, await timeOf(prepare(n * 2 ** DOUBLINGS)));
    ratio = (most / least) ** (1 / DOUBLINGS);
  }
  return ratio;
}

async function timeOf(work: () => void | Promise<void>): Promise<number> {
  const sinceMs = performance.now();
  await work();
  return performance.now() - sinceMs;
}
