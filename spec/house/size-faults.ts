// Rule 8: how long a file may be, what it may be called, how it opens.
// The length of functions is the linter's; sizes.spec.ts asks for no faults.

import type { SourceFile } from './source-files.ts';

const MAX_LINES = 250;
const DRAWERS: ReadonlySet<string> = new Set(['utils', 'helpers', 'common', 'types', 'misc']);
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Says which file breaks rule 8, one sentence each. */
export function sizeFaults(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length;
    const names = path.replace(/\.ts$/, '').split('/');
    const opening = openingLines(text);
    return [
      ...(lines > MAX_LINES ? [`${path} has ${lines} lines`] : []),
      ...names.filter((name) => DRAWERS.has(name)).map((name) => `${path}: ${name} says nothing`),
      ...names.filter((name) => !KEBAB_CASE.test(name)).map((name) => `${path}: ${name} is not kebab-case`),
      ...(opening < 2 || opening > 6 ? [`${path} opens with ${opening} lines of comment, not 2 to 6`] : []),
    ];
  });
}

// A `/// <reference … />` belongs to the compiler, not to the reader.
function openingLines(text: string): number {
  const lines = text.split('\n').filter((line) => !line.startsWith('///'));
  const first = lines.findIndex((line) => line.trim() !== '');
  const end = lines.findIndex((line, index) => index >= first && !line.startsWith('//'));
  return (end < 0 ? lines.length : end) - Math.max(first, 0);
}
