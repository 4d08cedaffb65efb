// Citations resolve inside the project: fault codes in spec/faults/README.md, invariants and rules
// in ARCHITECTURE.md, pages by their paths, headings and anchors, links of Markdown by their
// targets. citations.spec.ts asks for no faults; cited-files.ts reads the files.

import { posix } from 'node:path';
import type { CitingFile, TextOf } from './cited-files.ts';
import { anchorsOf, headingsOf, linkFaults } from './page-faults.ts';
import { commentsIn } from './source-files.ts';

/** The one page that tells where the project comes from. */
const ORIGIN = 'docs/from/cache.md';

/** `H22`, `I3`: a letter of the catalogue or of the invariants, and its number. Not `%C3`, `RFC1`, base64. */
const CODE = /(?<![\w%$+/=.#&-])[ABCFHIKLPQRSW]\d{1,2}(?![\w+/=%-])/g;
/** `rule 6`, `rules 5 and 9`. */
const RULES = /\brules? (\d+)(?:(?:,| and) (\d+))?/gi;
/** Sections of documents that have a public number. */
const SECTION = /(?<!(?:RFC \d+|HTML) ?)§/g;
/** A path, an anchor, and headings in quotes: `docs/a.md#b`, `spec/faults/README.md, "Frames" and "Probes"`. */
const PAGE = /(?<![\w/:.-])([\w./-]*\w\.md)\b(#[\w-]+)?((?:(?:,| and) "[^"]+")*)/g;
const SEED = /\b(?:the|this|our) seed\b|\bseed's\b/i;
/** A sentence about random numbers means theirs. */
const RANDOM = /\brandom|\bfast-check\b/i;

/** Says what does not resolve, one sentence each; nothing when all is well. */
export function citationFaults(files: readonly CitingFile[], textOf: TextOf): readonly string[] {
  const codes = codesOf(textOf);
  return files.flatMap((file) => [
    ...codeFaults(file, codes),
    ...[...file.text.matchAll(SECTION)].map(({ index }) => `${at(file, index)}: a section of no RFC`),
    ...(file.path.endsWith('.md') ? linkFaults(file, textOf) : pageFaults(file, textOf)),
    ...(file.path !== ORIGIN && speaksOfSeed(file.text)
      ? [`${file.path}: name %CSP.WebSocket; only ${ORIGIN} calls it the seed`]
      : []),
  ]);
}

/** Says which line of the catalogue is not proved as it says, one sentence each. */
export function catalogueFaults(textOf: TextOf): readonly string[] {
  const rows = rowsOf(textOf('spec/faults/README.md') ?? '');
  const codes = rows.map(({ code }) => code);
  return rows.flatMap(({ code, proof }, index) => {
    const specs = [...proof.matchAll(/`([\w./-]+\/[\w.-]+)`/g)].map((match) => `spec/${match[1]}.spec.ts`);
    return [
      ...(codes.indexOf(code) < index ? [`${code} stands twice`] : []),
      ...(specs.length === 0 && !/not built yet: \w|see [A-Z]\d/.test(proof)
        ? [`${code}: no spec, and no reason why it is not built yet`]
        : []),
      ...specs
        .filter((path) => !names(textOf(path) ?? '', code))
        .map((path) => `${code}: ${path} does not name it`),
    ];
  });
}

/** Fault codes, invariants and `rule n`. */
function codesOf(textOf: TextOf): ReadonlySet<string> {
  const house = textOf('ARCHITECTURE.md') ?? '';
  // Other sections have numbered lists, too.
  const rules = house.split(/^## /m).find((section) => section.includes('rules keep it a house')) ?? '';
  return new Set([
    ...rowsOf(textOf('spec/faults/README.md') ?? '').map(({ code }) => code),
    ...[...house.matchAll(/^\| (I\d+) \|/gm)].map((match) => match[1] ?? ''),
    ...[...rules.matchAll(/^(\d+)\. /gm)].map((match) => `rule ${match[1]}`),
  ]);
}

function rowsOf(catalogue: string): ReadonlyArray<{ readonly code: string; readonly proof: string }> {
  return [...catalogue.matchAll(/^\| ([A-Z]\d+) \|.*\| ([^|]*) \|$/gm)].map(([, code = '', proof = '']) => ({
    code,
    proof,
  }));
}

function names(text: string, code: string): boolean {
  return [...text.matchAll(CODE)].some(([found]) => found === code);
}

function codeFaults(file: CitingFile, codes: ReadonlySet<string>): readonly string[] {
  const cited = [
    ...[...file.text.matchAll(CODE)].map(({ 0: code, index }) => ({ code, index })),
    ...[...file.text.matchAll(RULES)].flatMap(({ 1: first, 2: second, index }) =>
      [first, second]
        .filter((number) => number !== undefined)
        .map((number) => ({ code: `rule ${number}`, index })),
    ),
  ];
  return cited
    .filter(({ code }) => !codes.has(code))
    .map(({ code, index }) => `${at(file, index)}: ${code} is nowhere explained`);
}

/** Pages that comments name, from the top level or from the file's own folder. */
function pageFaults(file: CitingFile, textOf: TextOf): readonly string[] {
  return [...unwrapped(commentsIn(file.text)).matchAll(PAGE)].flatMap(
    ([cited, path = '', anchor = '', quotes = '']) => {
      const page = textOf(path) ?? textOf(posix.join(posix.dirname(file.path), path));
      if (page === undefined) return [`${file.path}: ${path} does not exist`];
      const headings = new Set(headingsOf(page));
      const quoted = [...quotes.matchAll(/"([^"]+)"/g)].map(([, heading = '']) => heading);
      const isThere =
        (anchor === '' || anchorsOf(page).has(anchor.slice(1))) && quoted.every((name) => headings.has(name));
      return isThere ? [] : [`${file.path}: ${cited} has no such heading`];
    },
  );
}

function speaksOfSeed(text: string): boolean {
  const sentences = unwrapped(text).split(/(?<=[.!?])\s/);
  return sentences.some((sentence) => SEED.test(sentence) && !RANDOM.test(sentence));
}

/** On one line, without the marks of comments: a sentence may be broken anywhere. */
function unwrapped(text: string): string {
  return text.replaceAll(/\s*\n\s*(?:\/\/+|\*+(?!\/)|>)?\s*/g, ' ');
}

function at({ path, text }: CitingFile, index: number): string {
  return `${path}:${text.slice(0, index).split('\n').length}`;
}
