// Rule 8: no long file, no drawer, kebab-case, and each file opens by saying what
// lives in it. The second half shows the checker one fault at a time.

import { describe, expect, it } from 'vitest';
import { sizeFaults } from './size-faults.ts';
import { sourceFile, sourceFiles } from './source-files.ts';

describe('src', () => {
  it('has no long file, no drawer, and opens each file with two to six lines of comment', () => {
    expect(sizeFaults(sourceFiles())).toEqual([]);
  });
});

describe('sizeFaults', () => {
  const opening = '// What lives here,\n// and why.\n';
  const faultsOf = (path: string, text: string): readonly string[] => sizeFaults([sourceFile(path, text)]);

  it.each([
    ['250 lines', 'words/data.ts', `${opening}${'\n'.repeat(247)}x\n`],
    ['a reference above the opening', 'index.ts', `/// <reference types="node" />\n\n${opening}\nx\n`],
  ])('lets pass %s', (_, path, text) => {
    expect(faultsOf(path, text)).toEqual([]);
  });

  it.each([
    ['251 lines', 'words/data.ts', `${opening}${'\n'.repeat(248)}x\n`, 'words/data.ts has 251 lines'],
    ['a drawer', 'words/utils.ts', opening, 'words/utils.ts: utils says nothing'],
    ['a drawer of a folder', 'helpers/data.ts', opening, 'helpers/data.ts: helpers says nothing'],
    ['a capital', 'words/closeInfo.ts', opening, 'words/closeInfo.ts: closeInfo is not kebab-case'],
    ['one line', 'words/a.ts', '// Data.\n\nx\n', 'words/a.ts opens with 1 lines of comment, not 2 to 6'],
    ['no opening', 'words/a.ts', 'x\n', 'words/a.ts opens with 0 lines of comment, not 2 to 6'],
    ['an essay', 'words/a.ts', '// a\n'.repeat(7), 'words/a.ts opens with 7 lines of comment, not 2 to 6'],
  ])('finds %s', (_, path, text, fault) => {
    expect(faultsOf(path, text)).toEqual([fault]);
  });
});
