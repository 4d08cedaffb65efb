// ARCHITECTURE.md names the specs that prove each invariant: they exist, so that
// the table cannot drift when a spec is moved.

import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectRoot, readProjectFile } from './source-files.ts';

const rows = readProjectFile('ARCHITECTURE.md')
  .split('\n')
  .filter((line) => /^\| I\d/.test(line));

describe('the invariants of ARCHITECTURE.md', () => {
  it('are I1 to I10', () => {
    const names = rows.map((row) => (row.split('|')[1] ?? '').trim());
    expect(names).toEqual(Array.from({ length: 10 }, (_, index) => `I${index + 1}`));
  });

  it.each(rows)('names specs that exist: %s', (row) => {
    const paths = [...(row.split('|')[3] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
    expect(paths).not.toEqual([]);
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });
});

/** `room/*` stands for all specs of a room. */
function exists(path: string): boolean {
  const file = path.endsWith('/*') ? path.slice(0, -1) : `${path}.spec.ts`;
  return existsSync(new URL(`spec/${file}`, projectRoot));
}
