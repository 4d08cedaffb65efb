// The pages that users read: README.md and all of docs/. pages.spec.ts runs their code,
// page-shape.spec.ts looks at how they are built.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { sep } from 'node:path';
import { projectRoot, readProjectFile } from './source-files.ts';

export interface DocPage {
  /** From the top level, with slashes: `docs/guide/reading.md`. */
  readonly path: string;
  readonly text: string;
}

/** Reads README.md and every page of docs/, in the order of their paths. */
export function docPages(): readonly DocPage[] {
  const docs = new URL('docs/', projectRoot);
  const names = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: 'utf8' }) : [];
  const paths = names
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.split(sep).join('/')}`);
  return ['README.md', ...paths.toSorted()].map((path) => ({ path, text: readProjectFile(path) }));
}

/** The text of what a link leads to: '' for a folder, undefined where nothing is there. */
export function linkedText(path: string): string | undefined {
  const url = new URL(path, projectRoot);
  if (!existsSync(url)) return undefined;
  return statSync(url).isFile() ? readProjectFile(path) : '';
}
