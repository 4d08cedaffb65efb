// README and docs/ are built alike: a page opens with a program, its links lead somewhere, and
// no sentence stands twice. The second half shows the checks what breaks each rule.

import { describe, expect, it } from 'vitest';
import { docPages, linkedText } from './doc-pages.ts';
import { linkFaults, openingFaults, twiceFaults } from './page-faults.ts';
import { readProjectFile } from './source-files.ts';

const pages = docPages();
/** Pages for users; those of docs/internals/ are for maintainers. */
const userPages = pages.filter(({ path }) => /^docs\/(?!internals\/)/.test(path));
const [readme] = pages;

describe('the pages of docs/', () => {
  it('begin with a title, one paragraph and a program, but for those about the inside', () => {
    expect(userPages.flatMap(openingFaults)).toEqual([]);
    expect(userPages).not.toEqual([]);
  });

  it.each(pages)('link to what is there: $path', (page) => {
    expect(linkFaults(page, linkedText)).toEqual([]);
  });

  it('are all linked from README, but for those about the inside', () => {
    const linked = userPages.filter(({ path }) => readme?.text.includes(`](${path})`));
    expect(linked).toEqual(userPages);
  });

  it('say no sentence twice, README included, but for those about the inside', () => {
    expect(twiceFaults([...userPages, ...pages.slice(0, 1)])).toEqual([]);
  });
});

describe('CHANGELOG', () => {
  // A merge that keeps both sides tells a change twice, which begins with the same words.
  it('tells each change once', () => {
    const lines = readProjectFile('CHANGELOG.md').match(/^- .+$/gm) ?? [];
    const openings = lines.map((line) => line.split(' ').slice(0, 8).join(' '));
    expect(openings.filter((opening, index) => openings.indexOf(opening) < index)).toEqual([]);
    expect(lines).not.toEqual([]);
  });
});

describe('openingFaults', () => {
  const fence = '```ts\nx\n```\n';

  it.each([
    ['a program', `# A\n\nIt reads.\n\n<!-- run: a -->\n${fence}`],
    [
      'a program with a conversation',
      `# A\n\n\`read\` => data.\n\n<!-- run: a at /x\n> b\n< c -->\n${fence}`,
    ],
  ])('accepts %s', (_, text) => {
    expect(openingFaults({ path: 'a.md', text })).toEqual([]);
  });

  it.each([
    ['no title', `It reads.\n\n<!-- run: a -->\n${fence}`],
    ['no paragraph', `# A\n\n<!-- run: a -->\n${fence}`],
    ['two paragraphs', `# A\n\nIt reads.\n\nIt writes.\n\n<!-- run: a -->\n${fence}`],
    ['a list', `# A\n\n- It reads.\n\n<!-- run: a -->\n${fence}`],
    ['no program', `# A\n\nIt reads.\n`],
    ['another language', `# A\n\nIt reads.\n\n\`\`\`sh\nx\n\`\`\`\n`],
  ])('refuses %s', (_, text) => {
    expect(openingFaults({ path: 'a.md', text })).toEqual([
      'a.md does not begin with a title, one paragraph and a program',
    ]);
  });
});

describe('linkFaults', () => {
  const files = new Map([
    ['docs/b.md', '# Bee\n\n## `read` or [write](c.md)?\n\n<a id="own"></a>\n\n## Bee\n'],
    ['docs', ''],
  ]);
  const faultsOf = (text: string): readonly string[] =>
    linkFaults({ path: 'docs/a.md', text }, (path) => (path === 'docs/a.md' ? text : files.get(path)));

  it('accepts files, headings and ids that are there, and what is elsewhere', () => {
    const links = [
      'b.md',
      'b.md#bee',
      'b.md#bee-1',
      'b.md#read-or-write',
      'b.md#own',
      '#here',
      '../docs',
      'https://x.org/#y',
    ];
    expect(faultsOf(`# Here\n\n${links.map((link) => `[x](${link})`).join(' ')}`)).toEqual([]);
  });

  it('finds files and headings that are not there, outside of code', () => {
    expect(faultsOf('[x](c.md) [y](b.md#sea) [z](#there) `f[0](x)`\n```\n[x](d.md)\n```\n')).toEqual([
      'docs/a.md: c.md is not there',
      'docs/a.md: b.md#sea is no heading of docs/b.md',
      'docs/a.md: #there is no heading of docs/a.md',
    ]);
  });
});

describe('twiceFaults', () => {
  const faultsOf = (a: string, b: string): readonly string[] =>
    twiceFaults([
      { path: 'a.md', text: a },
      { path: 'b.md', text: b },
    ]);

  it.each([
    ['sentence', 'First. A read takes nothing at all.', '- A read [takes](x.md) nothing at all. Second.'],
    ['cell', '| x | a read takes nothing at all |', 'A read takes nothing at all'],
    ['half of a sentence', 'x: a read takes nothing at all; y', 'A read takes nothing at all;'],
  ])('finds a %s on two pages', (_, a, b) => {
    expect(faultsOf(a, b)).toEqual([expect.stringMatching(/^a\.md and b\.md: a read takes nothing at all/)]);
  });

  it.each([
    ['code', '```ts\na b c d e f g\n```', 'a b c d e f g'],
    ['a comment', '<!-- a b c d e f g -->', 'a b c d e f g'],
    ['a generated part', '<!-- generated: x -->\na b c d e f g\n<!-- /generated -->', 'a b c d e f g'],
    ['a short sentence', 'It closes with 1011.', 'It closes with 1011.'],
  ])('leaves %s alone', (_, a, b) => {
    expect(faultsOf(a, b)).toEqual([]);
  });
});
