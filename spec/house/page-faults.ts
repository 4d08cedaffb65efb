// How a page is built: its opening, its links, and sentences that stand on two pages. All of it
// is found in the text, so that an invented page can be judged, too. page-faults.spec.ts asks
// for no faults.

import { posix } from 'node:path';
import type { DocPage } from './doc-pages.ts';

const FENCED = /^```.*?^```[^\n]*$/gms;
const INLINE_CODE = /`[^`\n]*`/g;
const COMMENT = /<!--.*?-->/gs;
const GENERATED = /<!-- generated: .*?<!-- \/generated -->/gs;
const LINK = /(?<!!)\[([^\]]*)\]\(([^)\s]+)\)/g;
/** A title, one paragraph, a block that is run. */
const OPENING = /^# .+\n\n(?![#<|>-]|```).+\n\n<!-- run: [^`]*-->\n```ts\n/;
const SHORTEST_SENTENCE = 6;

/** Tells whether a page begins with its title, one paragraph and a program. */
export function openingFaults({ path, text }: DocPage): readonly string[] {
  return OPENING.test(text) ? [] : [`${path} does not begin with a title, one paragraph and a program`];
}

/**
 * Names the relative links that lead to nothing.
 *
 * @param textOf - Gives the text of a file, '' for a folder, undefined for what is not there.
 */
export function linkFaults(page: DocPage, textOf: (path: string) => string | undefined): readonly string[] {
  return linksOf(page.text).flatMap((link) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [file = '', anchor] = link.split('#');
    const path = file === '' ? page.path : posix.join(posix.dirname(page.path), file);
    const text = textOf(path);
    if (text === undefined) return [`${page.path}: ${link} is not there`];
    if (anchor === undefined || anchorsOf(text).has(anchor)) return [];
    return [`${page.path}: ${link} is no heading of ${path}`];
  });
}

/** Names the sentences that stand twice. Code, generated parts and short sentences do not count. */
export function twiceFaults(pages: readonly DocPage[]): readonly string[] {
  const places = new Map<string, string[]>();
  for (const { path, text } of pages) {
    for (const sentence of sentencesOf(text)) places.set(sentence, [...(places.get(sentence) ?? []), path]);
  }
  return [...places]
    .filter(([, paths]) => paths.length > 1)
    .map(([sentence, paths]) => `${paths.join(' and ')}: ${sentence}`);
}

/** The words of a page that are neither code blocks nor comments; a link counts as its text. */
export function wordsOf(text: string): readonly string[] {
  return proseOf(text)
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
}

function linksOf(text: string): readonly string[] {
  return [...text.replace(FENCED, '').replace(INLINE_CODE, '``').matchAll(LINK)].map(
    ([, , link = '']) => link,
  );
}

/** The ids that GitHub gives to headings, and those that the page gives itself. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const heading of headingsOf(text)) {
    const id = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    let unique = id;
    for (let count = 1; ids.has(unique); count += 1) unique = `${id}-${count}`;
    ids.add(unique);
  }
  for (const [, id = ''] of text.matchAll(/<a (?:id|name)="([^"]+)">/g)) ids.add(id);
  return ids;
}

/** The headings of a page, links in them as their text. */
export function headingsOf(text: string): readonly string[] {
  return [...text.replace(FENCED, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading.replace(LINK, '$1'),
  );
}

function sentencesOf(text: string): ReadonlySet<string> {
  const parts = proseOf(text.replace(GENERATED, '')).split(/\n|\||(?<=[.:;!?])\s/);
  const sentences = parts.map((part) =>
    part
      .replace(/^[\s#*>-]*(?:\d+\. )?/, '')
      .trim()
      .toLowerCase(),
  );
  return new Set(sentences.filter((sentence) => sentence.split(/\s+/).length >= SHORTEST_SENTENCE));
}

function proseOf(text: string): string {
  return text.replace(FENCED, '').replace(COMMENT, '').replace(LINK, '$1');
}
