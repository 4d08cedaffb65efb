// Which public names the programs of README and docs/ never use. The names are read from the API
// report: exported functions, classes and constants, and the members of each type there.

export interface PublicName {
  /** Type that has the member; undefined for an exported value. */
  readonly type: string | undefined;
  readonly name: string;
}

const DECLARATION = /^(export )?(function|class|const|interface|type) (\w+)/;
const MEMBER = /^ {4}(?:readonly )?(\w+)\??[:(<]/;
const WORD = /[A-Za-z_$][\w$]*/g;

/** Lists the exported values of an API report, and the members of its types, each once. */
export function publicNames(report: string): readonly PublicName[] {
  const found = new Map<string, PublicName>();
  const add = (type: string | undefined, name: string): void => {
    found.set(`${type}.${name}`, { type, name });
  };
  let type = '';
  for (const line of report.split('\n')) {
    const declared = DECLARATION.exec(line);
    const [, exported, kind = '', declaredName = ''] = declared ?? [];
    if (declared !== null) type = declaredName;
    if (exported !== undefined && kind !== 'interface' && kind !== 'type') add(undefined, declaredName);
    const member = MEMBER.exec(line)?.[1];
    if (member !== undefined && member !== 'constructor') add(type, member);
  }
  return [...found.values()];
}

/** Names what no program uses, as `name` or `Type.member`. */
export function hiddenNames(names: readonly PublicName[], programs: readonly string[]): readonly string[] {
  const used = new Set(programs.flatMap((program) => program.match(WORD) ?? []));
  return names
    .filter(({ name }) => !used.has(name))
    .map(({ type, name }) => (type === undefined ? name : `${type}.${name}`));
}
