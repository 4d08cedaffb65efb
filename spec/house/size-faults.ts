// ARCHITECTURE rule 8: how long a file may be, what it may be called, how it opens, how
// wide its comments are, and which file is too small to stand alone. The length of
// functions is the linter's rule. sizes.spec.ts asks for no faults.

import { targetOf } from './source-files.ts';
import type { SourceFile } from './source-files.ts';

const MAX_LINES_OF_CODE = 250;
const MAX_COMMENT_COLUMNS = 100;
/** A file of fewer lines than this with one importer belongs into that importer. */
const CRUMB_LINES = 40;
const DRAWERS: ReadonlySet<string> = new Set(['utils', 'helpers', 'common', 'types', 'misc']);
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Says which file breaks rule 8, one sentence each. */
export function sizeFaults(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text, code }) => {
    const lines = linesOfCode(code);
    const names = path.replace(/\.ts$/, '').split('/');
    const opening = openingLines(text);
    return [
      ...(lines > MAX_LINES_OF_CODE ? [`${path} has ${lines} lines of code`] : []),
      ...names.filter((name) => DRAWERS.has(name)).map((name) => `${path}: ${name} says nothing`),
      ...names.filter((name) => !KEBAB_CASE.test(name)).map((name) => `${path}: ${name} is not kebab-case`),
      ...(opening < 2 || opening > 6 ? [`${path} opens with ${opening} lines of comment, not 2 to 6`] : []),
    ];
  });
}

/** Says which comments are wider than they may be, one sentence each. */
export function wideCommentFaults(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const isWide = line.length > MAX_COMMENT_COLUMNS && /^\s*(?:\/\/|\/\*|\*)/.test(line);
      // A link cannot be broken.
      return isWide && !line.includes('://')
        ? [`${path}:${index + 1} has a comment of ${line.length} columns`]
        : [];
    }),
  );
}

/**
 * Says which file is a crumb: fewer than 40 lines, imported by one file only.
 *
 * @param kept - Paths that stand alone all the same, and why.
 */
export function crumbFaults(
  files: readonly SourceFile[],
  kept: Readonly<Record<string, string>>,
): readonly string[] {
  const importers = new Map<string, Set<string>>();
  for (const file of files) {
    for (const specifier of file.imports) {
      const target = targetOf(file, specifier) ?? '';
      importers.set(target, (importers.get(target) ?? new Set()).add(file.path));
    }
  }
  const crumbs = files.filter(
    ({ path, text }) => text.trimEnd().split('\n').length < CRUMB_LINES && importers.get(path)?.size === 1,
  );
  return [
    ...crumbs
      .filter(({ path }) => !Object.hasOwn(kept, path))
      .map(({ path }) => `${path} belongs into ${[...(importers.get(path) ?? [])].join()}`),
    ...Object.keys(kept)
      .filter((path) => !crumbs.some((crumb) => crumb.path === path))
      .map((path) => `${path} is kept as a crumb and is none`),
  ];
}

function linesOfCode(code: string): number {
  return code.split('\n').filter((line) => line.trim() !== '').length;
}

// A `/// <reference … />` belongs to the compiler, not to the reader.
function openingLines(text: string): number {
  const lines = text.split('\n').filter((line) => !line.startsWith('///'));
  const first = lines.findIndex((line) => line.trim() !== '');
  const end = lines.findIndex((line, index) => index >= first && !line.startsWith('//'));
  return (end < 0 ? lines.length : end) - Math.max(first, 0);
}
