// What the declarations behind docs/reference/ have to keep: each option says its default and its
// range as its table has them, each code that src/ throws or reports is declared with its class
// and its cure, and each limit has a label. reference-pages.spec.ts asks for no faults.

import { membersAfter, shownDefault, splitDefault, statusesByCall } from './reference-blocks.ts';
import type { OptionSection, Table } from './reference-blocks.ts';
import type { SourceFile } from './source-files.ts';

const CODE = /^(?:COROSOCK_[A-Z_]+|ABORT_ERR)$/;

/** Names the options whose comment does not say what their table does. */
export function optionFaults(sections: readonly OptionSection[]): readonly string[] {
  return sections.flatMap(({ text, interfaceName, table }) => {
    const members = membersAfter(text, `interface ${interfaceName} `);
    if (members.length === 0) return [`${interfaceName} has no members`];
    return members.flatMap(({ name, doc }) =>
      [...defaultFaults(name, doc, table[name]?.[0]), ...rangeFaults(name, doc, table)].map(
        (fault) => `${interfaceName}.${name}: ${fault}`,
      ),
    );
  });
}

/** Names the options of tables that no interface of a section declares. */
export function missingOptions(sections: readonly OptionSection[]): readonly string[] {
  const declared = new Set(
    sections.flatMap(({ text, interfaceName }) =>
      membersAfter(text, `interface ${interfaceName} `).map(({ name }) => name),
    ),
  );
  const names = new Set(sections.flatMap(({ table }) => Object.keys(table)));
  return [...names].filter((name) => !declared.has(name)).map((name) => `${name} is on no page`);
}

/** Names the codes that are thrown and not declared, declared and not thrown, or without a cure. */
export function codeFaults(files: readonly SourceFile[], codesText: string): readonly string[] {
  const declared = membersAfter(codesText, 'interface ErrorCodes ');
  const carriers = new Map(declared.map(({ name, type }) => [name, type.slice(1, -1)]));
  const used = files.flatMap(usesOf);
  return [
    ...used
      .filter(({ code }) => !carriers.has(code))
      .map(({ path, code }) => `${path}: ${code} is not declared`),
    ...used
      .filter(
        ({ code, carrier }) => carrier !== undefined && carriers.has(code) && carriers.get(code) !== carrier,
      )
      .map(({ path, code, carrier }) => `${path}: ${code} is carried by a ${carrier}`),
    ...declared
      .filter(({ name }) => !used.some(({ code, carrier }) => code === name && carrier !== undefined))
      .map(({ name }) => `${name} is used nowhere`),
    ...declared.filter(({ doc }) => !/\. Cure: .+\.$/.test(doc)).map(({ name }) => `${name} has no cure`),
  ];
}

/** Names the tags of limits that make no row. */
export function limitFaults(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(/@limit ((?:(?!\*\/)[\s\S])*)\*\/\n(.*)/g)].flatMap(
      ([, tag = '', declaration = '']) => {
        const parts = tag.split('|').length;
        const needed = /const \w+ = [\d_]+;/.test(declaration) ? 2 : 3;
        return parts === needed ? [] : [`${path}: a limit of ${parts} parts, not ${needed}`];
      },
    ),
  );
}

/** Names the statuses that a declared result holds, and the page does not name. */
export function statusFaults(report: string, page: string): readonly string[] {
  const statuses = new Set([...statusesByCall(report).values()].flatMap((given) => [...given]));
  return [...statuses]
    .filter((status) => !page.includes(`\`${status}\``))
    .map((status) => `${status} is on no page`);
}

function defaultFaults(name: string, doc: string, value: unknown): readonly string[] {
  const { fallback } = splitDefault(doc);
  if (fallback === undefined && !doc.endsWith('Required.'))
    return ['its comment does not end with its default'];
  const shown = shownDefault(name, value);
  if (shown === undefined || plain(shown) === plain(fallback ?? '')) return [];
  return [`its comment says ${fallback ?? 'no default'}, its table ${shown}`];
}

/** Tries the bounds of a range, `1 to 2³¹−1`, on the check of the table. */
function rangeFaults(name: string, doc: string, table: Table): readonly string[] {
  const [, from, to] = /\b(\d+) to (2³¹−1|\d+)/.exec(doc) ?? [];
  const [value, check] = table[name] ?? [];
  if (typeof value !== 'number' || check === undefined) return [];
  if (from === undefined || to === undefined) {
    return /≥ 0|to `/.test(doc) ? [] : ['its comment says no range'];
  }
  const [least, most] = [Number(from), to === '2³¹−1' ? 2_147_483_647 : Number(to)];
  const isTaken = (tried: number): boolean => {
    try {
      check('f()', name, tried);
      return true;
    } catch {
      return false;
    }
  };
  const taken = [least - 1, least, most, most + 1].map(isTaken);
  return taken.join() === 'false,true,true,false'
    ? []
    : [`its check takes another range than ${from} to ${to}`];
}

function plain(words: string): string {
  return words.replaceAll(/[`'", \u00a0]/g, '');
}

interface Use {
  readonly path: string;
  readonly code: string;
  /** The class or warning; undefined where the code is only named, as in a type. */
  readonly carrier: string | undefined;
}

/** Finds where a file names codes; comparisons with one do not count. */
function usesOf({ path, code }: SourceFile): readonly Use[] {
  const text = code.replaceAll(/[=!]==\s*'[A-Z_]+'/g, '');
  return [...text.matchAll(/'([A-Z_]+)'/g)].flatMap(({ 1: found = '', index }) => {
    if (!CODE.test(found)) return [];
    const before = text.slice(0, index);
    const carrier =
      /new (\w+)\(\s*$/.exec(before)?.[1] ??
      (/\bcode = $/.test(before) ? before.match(/(?<=override readonly name = ')\w+/g)?.at(-1) : undefined) ??
      (/\b(?:warn|emitWarning)\((?:(?!\);)[\s\S])*$/.test(before) ? 'process warning' : undefined);
    return [{ path, code: found, carrier }];
  });
}
