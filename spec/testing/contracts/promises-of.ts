// The numbered promises of a port, read from its docstring: the checks of its contract are named by
// words of them.

import { readFileSync } from 'node:fs';

/** Reads the promises of a port. @param path - Below `src/`. @returns Each by its number. */
export function promisesOf(path: string): ReadonlyMap<number, string> {
  const port = readFileSync(new URL(`../../../src/${path}`, import.meta.url), 'utf8');
  return new Map(
    [...port.matchAll(/^ \* (\d+)\. (.+(?:\n \* {2,}.+)*)$/gm)].map(([, number, words = '']) => [
      Number(number),
      words.replaceAll(/\n \* +/g, ' '),
    ]),
  );
}

/** Splits the name of a check. A note in parentheses at its end belongs to no promise. */
export function quoteOf(name: string): readonly [number: number, words: string | undefined] {
  const [, number, words] = /^(\d+)\. (.+?)(?: \([^)]*\))?$/u.exec(name) ?? [];
  return [Number(number), words];
}
