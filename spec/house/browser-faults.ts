// Where the browser's entry point leads: to no module of Node, no package but those
// that run in a page, and no global that a page has not. browser.spec.ts asks for
// no faults.

import { targetOf } from './source-files.ts';
import type { SourceFile } from './source-files.ts';

/** Packages that need nothing of Node. */
const PORTABLE: ReadonlySet<string> = new Set(['abort-controller-x']);
/** What `#platform` stands for in a browser. */
const PLATFORM = 'platform/browser.ts';
/** Globals of Node; a property of that name is none. */
const GLOBALS =
  /(?<![.\w#'"-])(?:Buffer|process|global|require|setImmediate|clearImmediate|__dirname|__filename)\b(?!['":-])/;

/** All files that the entry point leads to, types left out: they are gone when it runs. */
export function reachable(entry: string, files: readonly SourceFile[]): readonly SourceFile[] {
  const found = new Map<string, SourceFile>();
  const visit = (path: string): void => {
    const file = files.find((candidate) => candidate.path === path);
    if (file === undefined || found.has(path)) return;
    found.set(path, file);
    for (const specifier of valueImports(file)) visit(browserTarget(file, specifier) ?? '');
  };
  visit(entry);
  return [...found.values()];
}

/** Says what a browser could not load or run, one sentence each. */
export function browserFaults(entry: string, files: readonly SourceFile[]): readonly string[] {
  return reachable(entry, files).flatMap((file) => {
    const foreign = valueImports(file).filter(
      (specifier) => browserTarget(file, specifier) === undefined && !PORTABLE.has(specifier),
    );
    const [global] = GLOBALS.exec(file.code) ?? [];
    return [
      ...foreign.map((specifier) => `${file.path} imports ${specifier}`),
      ...(global === undefined ? [] : [`${file.path} uses ${global}`]),
    ];
  });
}

function browserTarget(file: SourceFile, specifier: string): string | undefined {
  return specifier === '#platform' ? PLATFORM : targetOf(file, specifier);
}

const TYPE_IMPORT = /(?<![.\w])(?:import|export) type\b[^;]*?\bfrom\s*(['"])([^'"\n]+)\1/g;

/** A module may be imported for its types and for its values, each in a line of its own. */
function valueImports(file: SourceFile): readonly string[] {
  const left = [...file.imports];
  for (const match of file.code.matchAll(TYPE_IMPORT)) left.splice(left.indexOf(match[2] ?? ''), 1);
  return left;
}
