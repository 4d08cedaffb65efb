// Where words find room in a picture: names at the ends of lines that lie close together,
// and long lines of text, which SVG does not break.

/**
 * Moves labels so that each has its room, in their order and as little as may be.
 *
 * @param wanted - Where they would be, in pixels from the top.
 * @param height - Of each.
 * @returns Where they are, in the order of `wanted`; beyond the top where there is no room.
 */
export function spreadLabels(
  wanted: readonly number[],
  height: number,
  { top, bottom }: { readonly top: number; readonly bottom: number },
): readonly number[] {
  const order = wanted.map((_, index) => index).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const places = [...wanted];
  let least = top;
  for (const index of order) {
    places[index] = Math.max(places[index] ?? 0, least);
    least = (places[index] ?? 0) + height;
  }
  let most = bottom;
  for (const index of order.toReversed()) {
    places[index] = Math.min(places[index] ?? 0, most);
    most = (places[index] ?? 0) - height;
  }
  return places;
}

/** Breaks text between words, into lines of so many characters at most. A longer word has a line of its own. */
export function wrapped(words: string, most: number): readonly string[] {
  const lines: string[] = [];
  for (const word of words.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > most) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
