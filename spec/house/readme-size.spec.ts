// README stays a page of one screen and a table of pages. Whatever needs more room has a page of
// its own in docs/.

import { describe, expect, it } from 'vitest';
import { wordsOf } from './page-faults.ts';
import { readProjectFile } from './source-files.ts';

const MAX_LINES = 160;
const MAX_WORDS = 900;

describe('README', () => {
  it('has at most 160 lines and 900 words: words outside of code blocks and comments, a link counts as its text', () => {
    const readme = readProjectFile('README.md');
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_LINES);
    expect(wordsOf(readme).length).toBeLessThanOrEqual(MAX_WORDS);
  });
});

describe('wordsOf', () => {
  it('counts what has a letter or a figure, in text and tables', () => {
    expect(wordsOf('## A `b`\n| c | 1 |\n|---|---|\n- **d** – [e f](g.md): €')).toEqual([
      'A',
      '`b`',
      'c',
      '1',
      '**d**',
      'e',
      'f:',
    ]);
  });

  it('counts neither code blocks nor comments', () => {
    expect(wordsOf('a\n<!-- run: b\n> c -->\n```ts\nd\n```\ne\n```sh\nf\n```\n')).toEqual(['a', 'e']);
  });
});
