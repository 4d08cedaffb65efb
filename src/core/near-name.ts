// The name that a caller has probably meant. arguments.ts asks for options, server-hooks.ts for
// hooks; both only where a name is not known, so it need not be fast.

/** More changes than these make another word of it, and of a short name half of its letters. */
const MOST_CHANGES = 2;

/**
 * Finds the known name that is nearest to a given one.
 *
 * A name in another case is the nearest; then one that differs by two letters at most: missing,
 * added or other letters. @returns undefined where none is near.
 */
export function nearName(name: string, known: Iterable<string>): string | undefined {
  let least = Math.min(MOST_CHANGES, name.length >> 1) + 1;
  let near: string | undefined;
  for (const candidate of known) {
    const changes = changesBetween(name.toLowerCase(), candidate.toLowerCase());
    if (changes < least) [least, near] = [changes, candidate];
  }
  return near;
}

/** How many letters have to be put in, taken out or replaced (the distance of Levenshtein). */
function changesBetween(from: string, to: string): number {
  // The costs from the empty text to each beginning of `to`, then from one letter more each time.
  let costs = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const letter of from) {
    let left = (costs[0] as number) + 1;
    const next = [left];
    for (const [at, other] of [...to].entries()) {
      left = Math.min(
        left + 1,
        (costs[at + 1] as number) + 1,
        (costs[at] as number) + Number(letter !== other),
      );
      next.push(left);
    }
    costs = next;
  }
  return costs.at(-1) as number;
}
