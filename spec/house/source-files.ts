// The files of src/ as the house specs look at them: text, code without its
// comments, and what each one imports. All of it is found in the text; no file
// is loaded, so that a broken one can be judged too, and so can an invented one.

import { readFileSync, readdirSync } from 'node:fs';
import { posix, sep } from 'node:path';

export interface SourceFile {
  /** Below src/, with slashes: `socket/reader.ts`. */
  readonly path: string;
  readonly text: string;
  /** The text without its comments; line breaks stay. */
  readonly code: string;
  readonly imports: readonly string[];
}

export const projectRoot: URL = new URL('../../', import.meta.url);

/** Reads every source file of the project. */
export function sourceFiles(): readonly SourceFile[] {
  return readdirSync(new URL('src/', projectRoot), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.split(sep).join('/'))
    .toSorted()
    .map((path) => sourceFile(path, readProjectFile(`src/${path}`)));
}

/** Looks at a text as if it were the file at `path` below src/. */
export function sourceFile(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  return { path, text, code, imports: importsIn(code) };
}

/** Reads a text file of the project, by its path from the top level. */
export function readProjectFile(path: string): string {
  return readFileSync(new URL(path, projectRoot), 'utf8');
}

/** What a name of package.json's own stands for in Node. */
const OWN_NAMES: Readonly<Record<string, string>> = { '#platform': 'platform/node.ts' };

/** Resolves a relative import, or a name of our own, to a path below src/; a package or `node:` module is undefined. */
export function targetOf(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return OWN_NAMES[specifier];
  return posix.normalize(posix.join(posix.dirname(file.path), specifier));
}

// Strings are matched first, so that a `//` inside one opens no comment.
const STRING_OR_COMMENT =
  /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** Gives the comments of a text, one a line or more. */
export function commentsIn(text: string): string {
  const found = [...text.matchAll(STRING_OR_COMMENT)].filter(([, string]) => string === undefined);
  return found.map(([comment]) => comment).join('\n');
}

function withoutComments(text: string): string {
  return text.replace(STRING_OR_COMMENT, (match, string?: string) => string ?? match.replace(/[^\n]/g, ''));
}

// `import x from '…'`, `export … from '…'`, `import '…'`, `import('…')`, types included.
const IMPORT = /(?<![.\w])(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;

function importsIn(code: string): readonly string[] {
  return [...code.matchAll(IMPORT)].map((match) => match[2] ?? '');
}
