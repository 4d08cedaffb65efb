// What a page tells its readers to type, and which files it names: a script that package.json
// does not have, a word that picks no spec, a path that is not there. contributing.spec.ts asks
// for no faults.

import type { DocPage } from './doc-pages.ts';

/** What a command or a path can be compared with. */
export interface Project {
  /** The names of the scripts of package.json. */
  readonly scripts: ReadonlySet<string>;
  /** All specs, from the top level: `spec/core/status.spec.ts`. */
  readonly specs: readonly string[];
  /** Tells whether a file or folder is there, by its path from the top level. */
  exists(path: string): boolean;
}

/** `npm run spec -- core/status`, `npm test`, `npm start`. */
const COMMAND = /\bnpm (?:run (?:-s )?(?<name>[\w:]+)|(?<short>test|start))(?: -- (?<word>[\w/.-]+))?/g;
const PATH = /`((?:src|spec|docs|bench|examples)\/[\w./-]*)`/g;
/** Scripts that take words of the paths of specs. */
const PICKING: ReadonlySet<string> = new Set(['spec', 'test:watch']);

/** Says which command or path of a page leads to nothing, one sentence each. */
export function commandFaults({ path, text }: DocPage, project: Project): readonly string[] {
  const commands = [...text.matchAll(COMMAND)].flatMap(({ groups }) => {
    const name = groups?.['name'] ?? groups?.['short'] ?? '';
    const word = groups?.['word'] ?? '';
    if (!project.scripts.has(name)) return [`${path}: there is no script ${name}`];
    const picks = !PICKING.has(name) || project.specs.some((spec) => spec.includes(word));
    return picks ? [] : [`${path}: no spec has ${word} in its path`];
  });
  const missing = [...text.matchAll(PATH)]
    .map(([, named = '']) => named)
    .filter((named) => !project.exists(named));
  return [...commands, ...missing.map((named) => `${path}: ${named} is not there`)];
}
