// The name that a caller has probably meant. core/arguments.ts asks for options,
// server/server-hooks.ts for hooks; both only where a name is not known, so it need not be fast.
// Pages do without: node.ts alone has it.

/** Most changes; of a short name one for each three letters: `port` is not meant for `report`. */
const MOST_CHANGES = 2;

/**
 * Finds the known name that is nearest to a given one.
 *
 * A name in another case is the nearest; then one that differs by two changes at most: a letter
 * that is missing, too many or another one, or two that have changed places.
 *
 * @param mostChanges - Fewer than two for names that may be something else.
 * @returns undefined where none is near.
 */
export function nearName(
  name: string,
  known: Iterable<string>,
  mostChanges: number = MOST_CHANGES,
): string | undefined {
  let least = Math.min(mostChanges, Math.floor(name.length / 3)) + 1;
  let near: string | undefined;
  for (const candidate of known) {
    const changes = changesBetween(name.toLowerCase(), candidate.toLowerCase());
    if (changes < least) [least, near] = [changes, candidate];
  }
  return near;
}

/** Counts the changes from one text to another (the distance of Damerau and Levenshtein). */
function changesBetween(from: string, to: string): number {
  // A row has the changes from a beginning of `from` to each beginning of `to`.
  const rows = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  const at = (i: number, j: number): number => rows[i]?.[j] as number;
  for (let i = 0; i < from.length; i += 1) {
    const row = [i + 1];
    rows.push(row);
    for (let j = 0; j < to.length; j += 1) {
      const isSwapped = from[i] === to[j - 1] && from[i - 1] === to[j];
      row.push(
        Math.min(
          at(i, j) + Number(from[i] !== to[j]),
          at(i, j + 1) + 1,
          at(i + 1, j) + 1,
          isSwapped ? at(i - 1, j - 1) + 1 : Infinity,
        ),
      );
    }
  }
  return at(from.length, to.length);
}
