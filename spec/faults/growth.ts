// How the processor time of some work grows with its size: a ratio, so that it says
// the same on every machine. Between sizes far apart, by the quickest of several
// rounds, so that what else a machine does is small beside what is asked.

/** Prepares work of one size; only what it answers with is measured. */
export type Preparation = (size: number) => () => void | Promise<void>;

const ROUNDS = 7;
const DOUBLINGS = 4;

/** @returns time(2n) / time(n), as the mean over four doublings of n: 2 where the work is linear, 4 where it is quadratic. */
export async function growth(n: number, prepare: Preparation): Promise<number> {
  let [least, most] = [Infinity, Infinity];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const small = await timeOf(prepare(n));
    const large = await timeOf(prepare(n * 2 ** DOUBLINGS));
    // The first round warms up.
    if (round > 0) [least, most] = [Math.min(least, small), Math.min(most, large)];
  }
  return (most / least) ** (1 / DOUBLINGS);
}

/** Microseconds of the processor: what other processes take does not count. */
async function timeOf(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
