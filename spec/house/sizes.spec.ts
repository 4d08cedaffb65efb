// ARCHITECTURE rule 8: no long file, no crumb, no drawer, no wide comment, kebab-case, and
// each file opens by saying what lives in it. The second half shows the checker one fault
// at a time.

import { describe, expect, it } from 'vitest';
import { crumbFaults, sizeFaults, wideCommentFaults } from './size-faults.ts';
import { sourceFile, sourceFiles } from './source-files.ts';

/** Small files with one importer that stand alone, and why. */
const KEPT: Readonly<Record<string, string>> = {
  'testing/contracts/transport-contract.ts': 'the contract of a port: it joins the checks of four files',
  'testing/contracts/broker-contract.ts': 'the contract of a port: it joins the checks of two files',
  'transport/ws/link-end.ts': 'what an end of `ws` means: pure, with a spec of each combination',
  'tasks/signal-port.ts': 'promises one listener per subscription, and none after it (I7)',
  'server/process-signals.ts': 'the one file that listens to the process, with promises of its own',
};

describe('src', () => {
  it('has no file above 250 lines of code, no drawer, and opens each file with two to six lines of comment', () => {
    expect(sizeFaults(sourceFiles())).toEqual([]);
  });

  it('has no file below 40 lines that only one file imports, unless the reason is written here', () => {
    expect(crumbFaults(sourceFiles(), KEPT)).toEqual([]);
  });

  it('has no comment wider than 100 columns', () => {
    expect(wideCommentFaults(sourceFiles())).toEqual([]);
  });
});

describe('sizeFaults', () => {
  const opening = '// What lives here,\n// and why.\n';
  const faultsOf = (path: string, text: string): readonly string[] => sizeFaults([sourceFile(path, text)]);

  it.each([
    ['250 lines of code', 'core/data.ts', `${opening}${'x\n'.repeat(250)}`],
    ['comments and blank lines beyond that', 'core/data.ts', `${opening}${'x\n\n// y\n'.repeat(250)}`],
    ['a reference above the opening', 'index.ts', `/// <reference types="node" />\n\n${opening}\nx\n`],
  ])('lets pass %s', (_, path, text) => {
    expect(faultsOf(path, text)).toEqual([]);
  });

  it.each([
    [
      '251 lines of code',
      'core/data.ts',
      `${opening}${'x\n'.repeat(251)}`,
      'core/data.ts has 251 lines of code',
    ],
    ['a drawer', 'core/utils.ts', opening, 'core/utils.ts: utils says nothing'],
    ['a drawer of a folder', 'helpers/data.ts', opening, 'helpers/data.ts: helpers says nothing'],
    ['a capital', 'core/closeInfo.ts', opening, 'core/closeInfo.ts: closeInfo is not kebab-case'],
    ['one line', 'core/a.ts', '// Data.\n\nx\n', 'core/a.ts opens with 1 lines of comment, not 2 to 6'],
    ['no opening', 'core/a.ts', 'x\n', 'core/a.ts opens with 0 lines of comment, not 2 to 6'],
    ['an essay', 'core/a.ts', '// a\n'.repeat(7), 'core/a.ts opens with 7 lines of comment, not 2 to 6'],
  ])('finds %s', (_, path, text, fault) => {
    expect(faultsOf(path, text)).toEqual([fault]);
  });
});

describe('wideCommentFaults', () => {
  const faultsOf = (text: string): readonly string[] => wideCommentFaults([sourceFile('core/a.ts', text)]);

  it.each([
    ['a comment of 100 columns', `// ${'x'.repeat(97)}`],
    ['code of 110 columns', 'x'.repeat(110)],
    ['a link', `// https://${'x'.repeat(100)}`],
  ])('lets pass %s', (_, text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  it.each([
    ['a line of comment', `\n// ${'x'.repeat(98)}`, 2],
    ['a line of a docstring', `/**\n   * ${'x'.repeat(96)}\n   */`, 2],
    ['a docstring of one line', `/** ${'x'.repeat(94)} */`, 1],
  ])('finds %s', (_, text, line) => {
    expect(faultsOf(text)).toEqual([`core/a.ts:${line} has a comment of 101 columns`]);
  });
});

describe('crumbFaults', () => {
  const files = (lines: number, ...importers: readonly string[]): ReturnType<typeof sourceFiles> => [
    sourceFile('core/a.ts', 'x\n'.repeat(lines)),
    ...importers.map((path) => sourceFile(path, `import './a.ts';`)),
  ];

  it.each([
    ['a file of 40 lines', files(40, 'core/b.ts')],
    ['a small file with two importers', files(1, 'core/b.ts', 'core/c.ts')],
    ['a small file without an importer, an entry point', files(1)],
  ])('lets pass %s', (_, house) => {
    expect(crumbFaults(house, {})).toEqual([]);
  });

  it('finds a file of 39 lines with one importer, unless it is kept for a reason', () => {
    expect(crumbFaults(files(39, 'core/b.ts'), {})).toEqual(['core/a.ts belongs into core/b.ts']);
    expect(crumbFaults(files(39, 'core/b.ts'), { 'core/a.ts': 'a port' })).toEqual([]);
  });

  it('finds a reason that is not needed any more', () => {
    expect(crumbFaults(files(40, 'core/b.ts'), { 'core/a.ts': 'a port' })).toEqual([
      'core/a.ts is kept as a crumb and is none',
    ]);
  });
});
