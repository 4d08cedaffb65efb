// The generated blocks of docs/reference/: Markdown made of the tables of options, of the comments
// beside options, error codes, limits and statuses, and of the report on all declarations. The
// declarations are read as text. reference-pages.spec.ts compares the pages with them.

import type { Check } from '../../src/core/options.ts';
import type { SourceFile } from './source-files.ts';

/** A table of options: default and check by name. */
export type Table = Readonly<Record<string, readonly [fallback: unknown, check: Check]>>;

/** One table of the page of options: the members that one interface declares itself. */
export interface OptionSection {
  readonly title: string;
  /** Text of the file that declares the interface. */
  readonly text: string;
  readonly interfaceName: string;
  /** Rows of default and check, by name; also of options that other interfaces declare. */
  readonly table: Table;
}

/** A member of an interface, or a property of an object type. */
export interface Member {
  readonly name: string;
  /** Its type, where it stands in one line. */
  readonly type: string;
  /** The words of its comment in one line; '' without one. */
  readonly doc: string;
}

/** Puts a block between the markers of its name. @throws Error where the page has none. */
export function withBlock(page: string, name: string, block: string): string {
  const [before = '', rest] = page.split(`<!-- generated: ${name} -->\n`);
  const [, after] = (rest ?? '').split(/^<!-- \/generated -->$/m);
  if (after === undefined) throw new Error(`the page has no block \`<!-- generated: ${name} -->\``);
  return `${before}<!-- generated: ${name} -->\n${block}\n<!-- /generated -->${after}`;
}

/** Gives the members between an opening line and the `}` that ends it, in their order. */
export function membersAfter(text: string, opening: string): readonly Member[] {
  const [, rest = ''] = text.split(opening);
  const [body = ''] = rest.slice(rest.indexOf('{\n') + 2).split(/^\}/m);
  return [...body.matchAll(/^ {2}readonly (\w+)\??: (.*?);?$/gm)].map(
    ({ 1: name = '', 2: type = '', index }) => ({
      name,
      type,
      doc: docBefore(body.slice(0, index)),
    }),
  );
}

/** A section and a table for each interface: option, default, meaning. */
export function optionBlock(sections: readonly OptionSection[]): string {
  return sections
    .map(({ title, text, interfaceName, table }) => {
      const rows = membersAfter(text, `interface ${interfaceName} `).map(({ name, doc }) => {
        const { meaning, fallback } = splitDefault(doc);
        return [`\`${name}\``, shownDefault(name, table[name]?.[0]) ?? fallback ?? '–', meaning];
      });
      return `## ${title}\n\n${tableOf(['option', 'default', 'meaning'], rows)}`;
    })
    .join('\n\n');
}

/** A heading, which is an anchor, the class, the meaning and the cure of each code. */
export function errorBlock(codesText: string): string {
  return membersAfter(codesText, 'interface ErrorCodes ')
    .map(({ name, type, doc }) => {
      const [meaning = '', cure = ''] = doc.split(' Cure: ');
      const kind = type.slice(1, -1);
      const carrier = kind.includes(' ') ? `A ${kind}` : `\`${kind}\``;
      return `### \`${name}\`\n\n${carrier}. ${meaning}\n\n**Cure:** ${cure}`;
    })
    .join('\n\n');
}

/**
 * A row for each declaration with a tag `@limit label | beyond it`. The value is that of the
 * constant; for another declaration the tag holds it: `@limit label | value | beyond it`.
 */
export function limitBlock(files: readonly SourceFile[]): string {
  const rows = files.flatMap(({ text }) =>
    [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*?@limit(?:(?!\*\/)[\s\S])*?)\*\/\n(.*)/g)].map(
      ([, comment = '', declaration = '']) => {
        const [, tag = ''] = wordsOf(comment).split('@limit ');
        const parts = tag.split(' | ');
        const [, name = '', digits] = /const (\w+) = ([\d_]+);/.exec(declaration) ?? [];
        if (digits === undefined) return parts;
        const [label = '', beyond = ''] = parts;
        return [label, amountOf(name, Number(digits.replaceAll('_', ''))), beyond];
      },
    ),
  );
  return tableOf(
    ['limit', 'value', 'beyond it'],
    rows.toSorted(([a = ''], [b = '']) => a.localeCompare(b)),
  );
}

/** A row for each status: the constant, the calls that give it by their declarations, its meaning. */
export function statusBlock(statusText: string, report: string): string {
  const calls = statusesByCall(report);
  const rows = membersAfter(statusText, 'const Status: ').map(({ name, type, doc }) => {
    const givers = [...calls].filter(([, statuses]) => statuses.has(type)).map(([call]) => `\`${call}\``);
    return [`\`${type}\``, `\`Status.${name}\``, givers.join(', '), doc];
  });
  return tableOf(['status', 'constant', 'given by', 'means'], rows);
}

/** What handlers call the things whose methods give a status. */
const HOLDERS: Readonly<Record<string, string>> = {
  Socket: 'ws',
  Channel: 'channel',
  Session: 'session',
  Host: 'host',
};

/** Gives the statuses of each method whose declared result holds one, quoted: `'ok'`. */
export function statusesByCall(report: string): ReadonlyMap<string, ReadonlySet<string>> {
  const [, door = ''] = report.split('## `corosock`\n');
  const aliases = new Map(
    [...door.matchAll(/^(?:export )?type (\w+)(?:<.*?>)? = (.*);$/gm)].map(([, name = '', type = '']) => [
      name,
      type,
    ]),
  );
  const calls = new Map<string, Set<string>>();
  for (const [, holder = '', body = ''] of door.matchAll(
    /^export interface (\w+)\b[^\n]*\{\n([\s\S]*?)^\}/gm,
  )) {
    for (const [, method = '', result = ''] of body.matchAll(
      /^ {4}(\w+)(?:<.*?>)?\(.*\): Promise<(.*)>;$/gm,
    )) {
      const types = [result, ...(result.match(/\w+/g) ?? []).map((name) => aliases.get(name) ?? '')];
      const statuses = types.flatMap((type) => type.match(/'[a-z-]+'/g) ?? []);
      const call = `${HOLDERS[holder] ?? holder}.${method}()`;
      if (statuses.includes(`'ok'`)) calls.set(call, new Set([...(calls.get(call) ?? []), ...statuses]));
    }
  }
  return calls;
}

/** Parts the words of an option's comment: the last sentence says the default. */
export function splitDefault(doc: string): { readonly meaning: string; readonly fallback?: string } {
  const [, meaning = doc, fallback] = /^(.*?) ?(?:Default:? (.*)|Required)\.$/.exec(doc) ?? [];
  return fallback === undefined ? { meaning } : { meaning, fallback };
}

/**
 * Shows a default as the page does: `1 MiB`, `10,000`, `'pause'`.
 *
 * @returns undefined for what a comment has to say: an object, a function, a list.
 */
export function shownDefault(name: string, value: unknown): string | undefined {
  if (value === Infinity) return 'Infinity';
  if (typeof value === 'number') {
    // A close code is no amount.
    if (name.endsWith('Code')) return String(value);
    return name.endsWith('Bytes') ? bytesText(value) : grouped(value);
  }
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? `\`'${value}'\`` : undefined;
}

function tableOf(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const lineOf = (cells: readonly string[]): string => `| ${cells.map(cellOf).join(' | ')} |`;
  return [lineOf(head), `|${'---|'.repeat(head.length)}`, ...rows.map(lineOf)].join('\n');
}

/** Escapes what would end a cell, and links error codes and HTTP statuses to their pages. */
function cellOf(words: string): string {
  return words
    .replaceAll('|', '\\|')
    .replaceAll(/`(COROSOCK_[A-Z_]+)`/g, (code, name: string) => `[${code}](errors.md#${name.toLowerCase()})`)
    .replaceAll(/\bHTTP \d{3}\b/g, '[$&](http-answers.md)');
}

/** The words of the comment that a text ends with; '' where it ends with code. */
function docBefore(text: string): string {
  const [, comment = ''] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(text) ?? [];
  return wordsOf(comment);
}

function wordsOf(comment: string): string {
  return comment
    .replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function amountOf(name: string, value: number): string {
  if (name.endsWith('_BYTES')) return bytesText(value);
  if (!name.endsWith('_MS')) return grouped(value);
  return value % 1000 === 0 ? `${grouped(value / 1000)} s` : `${grouped(value)} ms`;
}

function bytesText(bytes: number): string {
  if (bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MiB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
