// The page of the stories shows files: each block is the file to which the words
// above it link, whole and as it is. Code of README and docs: pages.spec.ts.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectRoot } from './source-files.ts';

const folder = new URL('examples/stories/', projectRoot);
const page = readFileSync(new URL('README.md', folder), 'utf8');

interface Shown {
  readonly file: string;
  readonly code: string;
}

/** A block belongs to the first file that is linked between the block before it and itself. */
function shownOn(text: string): readonly Shown[] {
  return [...text.matchAll(/((?:(?!^```)[\s\S])*?)^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, words = '', code = '']) => ({ file: /\]\(([^)]+\.ts)\)/.exec(words)?.[1] ?? 'no link', code }),
  );
}

describe('the page of the stories', () => {
  const shown = shownOn(page);

  it('shows each story, and beside it its test', () => {
    expect(shown.map(({ file }) => file)).toEqual([
      'echo.ts',
      '../../spec/stories/echo.spec.ts',
      'chat.ts',
      '../../spec/stories/chat.spec.ts',
      'orders.ts',
      '../../spec/stories/orders.spec.ts',
      'helpers.ts',
      '../../spec/stories/helpers.spec.ts',
      'news.ts',
      '../../spec/stories/news.spec.ts',
      'questions.ts',
      '../../spec/stories/questions.spec.ts',
    ]);
  });

  it.each(shown)('shows $file as it is', ({ file, code }) => {
    expect(code).toBe(readFileSync(new URL(file, folder), 'utf8'));
  });

  it('links to nothing that is not there', () => {
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
    for (const link of links) expect(readFileSync(new URL(link, folder), 'utf8')).not.toBe('');
  });

  it('is what README leads to', () => {
    expect(readFileSync(new URL('README.md', projectRoot), 'utf8')).toContain(
      '](examples/stories/README.md)',
    );
  });
});
