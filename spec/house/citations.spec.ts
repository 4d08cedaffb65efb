// Whatever code, specs and pages cite is in the repository: fault codes, invariants, rules,
// pages, headings, links. The second half shows the checker one fault at a time.

import { describe, expect, it } from 'vitest';
import { catalogueFaults, citationFaults } from './citation-faults.ts';
import { citingFiles, textInProject } from './cited-files.ts';
import type { TextOf } from './cited-files.ts';

describe('the project', () => {
  it('cites nothing that is not in the repository', () => {
    expect(citationFaults(citingFiles(), textInProject)).toEqual([]);
  });

  it('reads source, specs, examples, benchmark and pages', () => {
    const paths = citingFiles().map(({ path }) => path);
    for (const path of ['README.md', 'src/index.ts', 'spec/faults/README.md', 'bench/run.ts']) {
      expect(paths).toContain(path);
    }
    expect(paths.some((path) => path.startsWith('examples/stories/'))).toBe(true);
    expect(paths.some((path) => path.startsWith('docs/internals/decisions/'))).toBe(true);
  });

  it('names for each fault the specs that prove it, or why there is none yet', () => {
    expect(catalogueFaults(textInProject)).toEqual([]);
  });
});

/** A project of these files. */
function projectOf(files: Readonly<Record<string, string>>): TextOf {
  const isFolder = (path: string): boolean =>
    Object.keys(files).some((known) => known.startsWith(`${path}/`));
  return (path) => files[path] ?? (isFolder(path) ? '' : undefined);
}

const small = projectOf({
  'ARCHITECTURE.md':
    '## The house\n\nTwo rules keep it a house.\n\n1. One.\n2. Two.\n\n## A journey\n\n3. End.\n\n| I1 | order | `a/b` |\n',
  'spec/faults/README.md': '# Faults\n\n## Frames\n\n| H1 | silence | `server/serve` |\n',
  'docs/a.md': '# A page\n\n## The turn budget\n\n## `read`, and more\n\n## The turn budget\n',
  'docs/b/c.md': '# C\n',
  'spec/server/serve.spec.ts': `it('H1: closes')`,
});

describe('citationFaults', () => {
  it.each([
    ['codes of the catalogue and invariants', 'src/a.ts', '// As H1 and I1 ask.'],
    ['rules', 'src/a.ts', '// Rules 1 and 2, rule 1.'],
    ['bytes in a path and base64', 'src/a.ts', `const x = ['/%C3%BC', 'aH2+B9==', '#A1', 'TS90'];`],
    ['sections of RFCs and of HTML', 'src/a.ts', '// RFC 6455 §5.2, HTML §8.6.'],
    ['a page', 'src/a.ts', '/** See docs/a.md. */'],
    ['a page with an anchor', 'src/a.ts', '/** See docs/a.md#the-turn-budget-1. */'],
    ['a page of the same folder', 'docs/b.ts', '// See a.md.'],
    ['a page with headings', 'src/a.ts', '// (spec/faults/README.md, "Faults" and\n// "Frames")'],
    ['a path in code', 'src/a.ts', `read('other.md');`],
    ['a page on another site', 'src/a.ts', '// https://example.org/other.md'],
    ['links', 'docs/b/c.md', '[a](../a.md) [b](../a.md#read-and-more) [c](#c) [d](..)'],
    ['a link to another site', 'docs/a.md', '[a](https://example.org/#x)'],
    ['a link in code', 'docs/a.md', '`calls[0](x)`\n\n```ts\ncalls[0](x);\n```\n'],
    ['a seed', 'spec/a.ts', `const seed = 7; // A seed.`],
    ['the seed of random numbers', 'docs/a.md', 'fast-check plays it, and prints\nthe seed that repeats it.'],
    ['the page that explains the word', 'docs/from/cache.md', 'It is called the seed.'],
  ])('lets pass %s', (_, path, text) => {
    expect(citationFaults([{ path, text }], small)).toEqual([]);
  });

  it.each([
    ['a code', 'spec/a.spec.ts', `\nit('H2: waits')`, 'spec/a.spec.ts:2: H2 is nowhere explained'],
    ['an invariant', 'src/a.ts', '// (I1, I2)', 'src/a.ts:1: I2 is nowhere explained'],
    ['a rule', 'src/a.ts', '// (rules 2 and 3)', 'src/a.ts:1: rule 3 is nowhere explained'],
    ['a section', 'src/a.ts', '// (DESIGN §6)', 'src/a.ts:1: a section of no RFC'],
    ['a page', 'src/a.ts', '// FAULTS.md, line 1', 'src/a.ts: FAULTS.md does not exist'],
    ['an anchor', 'src/a.ts', '// docs/a.md#the-turn', 'src/a.ts: docs/a.md#the-turn has no such heading'],
    [
      'a heading',
      'src/a.ts',
      '// (spec/faults/README.md,\n// "Handlers")',
      'src/a.ts: spec/faults/README.md, "Handlers" has no such heading',
    ],
    ['a link', 'docs/b/c.md', '[a](a.md)', 'docs/b/c.md: a.md is not there'],
    ['a link to a heading', 'docs/a.md', '[a](b/c.md#d)', 'docs/a.md: b/c.md#d is no heading of docs/b/c.md'],
    ...['// As the seed\n// has it.', "// As the\n// seed's pool.", '/** Our seed. */'].map((text) => [
      'the word',
      'src/a.ts',
      text,
      'src/a.ts: name %CSP.WebSocket; only docs/from/cache.md calls it the seed',
    ]),
  ])('finds %s that does not resolve', (_, path = '', text = '', fault) => {
    expect(citationFaults([{ path, text }], small)).toEqual([fault]);
  });
});

describe('catalogueFaults', () => {
  const faultsOf = (...rows: readonly string[]): readonly string[] =>
    catalogueFaults(
      projectOf({
        'spec/faults/README.md': rows.join('\n'),
        'spec/server/serve.spec.ts': `it('H1: closes')`,
      }),
    );

  it.each([
    ['one that its spec names', '| H1 | silence | raw | 408 | `server/serve` |'],
    ['one that is proved in part', '| H1 | silence | `server/serve`; a limit is not built yet |'],
    ['one that is not built yet', '| H2 | silence | `raw/ws` | not built yet: there is no limit |'],
    ['one that another one proves', '| A6 | blocks | see H1; a measure is not built yet |'],
  ])('lets pass %s', (_, row) => {
    expect(faultsOf(row)).toEqual([]);
  });

  it.each([
    ['without a proof', ['| H1 | silence |  |'], 'H1: no spec, and no reason why it is not built yet'],
    [
      'without a reason',
      ['| H1 | x | not built yet |'],
      'H1: no spec, and no reason why it is not built yet',
    ],
    [
      'whose spec does not name it',
      ['| H2 | x | `server/serve` |'],
      'H2: spec/server/serve.spec.ts does not name it',
    ],
    ['whose spec is not there', ['| H1 | x | `server/no` |'], 'H1: spec/server/no.spec.ts does not name it'],
    ['that stands twice', ['| H1 | x | `server/serve` |', '| H1 | y | `server/serve` |'], 'H1 stands twice'],
  ])('finds one %s', (_, rows, fault) => {
    expect(faultsOf(...rows)).toEqual([fault]);
  });
});
