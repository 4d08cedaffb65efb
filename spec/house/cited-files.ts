// The files whose citations are checked, and what they may cite: the project as
// citation-faults.ts sees it. Nothing is loaded, everything is found in the text.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { projectRoot, readProjectFile } from './source-files.ts';

export interface CitingFile {
  /** From the top level, with slashes: `src/index.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Gives the text of a file by its path from the top level: '' for a folder, undefined for what is not there. */
export type TextOf = (path: string) => string | undefined;

const FOLDERS = ['src', 'spec', 'examples', 'bench', 'docs'];
const KIND = /\.(?:ts|js|md|html|css|py)$/;
/** The checker and its spec hold citations that must not resolve. */
const CHECKER = /^spec\/house\/citation/;

/** Reads all files that may cite something. */
export function citingFiles(): readonly CitingFile[] {
  const atTop = readdirSync(projectRoot).filter((name) => name.endsWith('.md'));
  return [...atTop, ...FOLDERS.flatMap((folder) => pathsIn(folder))]
    .filter((path) => KIND.test(path) && !CHECKER.test(path))
    .map((path) => ({ path, text: readProjectFile(path) }));
}

/** Reads what may be cited. */
export const textInProject: TextOf = (path) => {
  const url = new URL(path, projectRoot);
  if (!existsSync(url)) return undefined;
  return statSync(url).isDirectory() ? '' : readProjectFile(path);
};

/** Neither what is installed nor what specs write. */
function pathsIn(folder: string): readonly string[] {
  return readdirSync(new URL(`${folder}/`, projectRoot), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? pathsIn(path) : [path];
    });
}
