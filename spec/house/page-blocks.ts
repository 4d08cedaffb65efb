// The TypeScript blocks of a Markdown page: the mark above each block, what a visitor says to
// it, what it prints, and the faults of the marks. pages.spec.ts describes the marks, writes the
// blocks to files, type-checks them and runs them.

export interface Block {
  /** Path of the page, from the top level. */
  readonly page: string;
  /** Name of its file, so that another block can import it. */
  readonly name: string;
  readonly code: string;
  /** Path of the URL to which the visitor connects. */
  readonly path: string;
  /**
   * Name of the server that has to listen before this block runs, or of a program of
   * {@link USUAL_PORTS}; undefined for none.
   */
  readonly beside: string | undefined;
  /** What the visitor says and hears, in order. */
  readonly script: readonly Line[];
  /** The lines that the block prints, in order: its comments `// → …`. */
  readonly prints: readonly string[];
}

export interface Line {
  readonly by: 'visitor' | 'server';
  readonly text: string;
}

export interface PageBlocks {
  readonly blocks: readonly Block[];
  /** What is wrong with the marks, one sentence each. */
  readonly faults: readonly string[];
}

/** How a block is run. */
export type BlockKind = 'spec' | 'program' | 'server' | 'module';

/** Programs that a block may run beside, and the port that it names: it gets another one. */
export const USUAL_PORTS: Readonly<Record<string, number>> = { 'redis-server': 6379, 'nats-server': 4222 };

const FENCE = /(?:<!--\s*run:([\s\S]*?)-->\s*\n)?^```([a-z]+)[^\n]*\n([\s\S]*?)^```\s*$/gm;
const HEAD = /^([a-z0-9-]+)(?:\s+at\s+(\/\S*)|\s+beside\s+([a-z0-9-]+))?$/;
const PRINTED = /\/\/ → (.*)$/gm;
/** A fence that FENCE does not find: indented, or of tildes. */
const HIDDEN_FENCE = /^(?:[ \t>]+```|[ \t>]*~~~)/gm;
/** Other names of the language, under which a block would not be run. */
const OTHER_NAMES = new Set(['js', 'javascript', 'mjs', 'jsx', 'mts', 'tsx', 'typescript']);

/** Finds the TypeScript blocks of a page, and the marks above them. */
export function blocksIn(page: string, text: string): PageBlocks {
  const blocks: Block[] = [];
  const faults: string[] = [];
  for (const { 0: whole, 1: mark, 2: language = '', 3: code = '', index } of text.matchAll(FENCE)) {
    const line = lineAt(text, index + whole.indexOf('```'));
    if (OTHER_NAMES.has(language)) faults.push(`${page}:${line}: a block of \`${language}\`, not \`ts\``);
    if (language !== 'ts') continue;
    const block = blockOf(page, mark, code);
    if (block === undefined) faults.push(`${page}:${line}: a block without a mark \`<!-- run: name -->\``);
    else blocks.push(block);
  }
  for (const { index } of text.matchAll(HIDDEN_FENCE)) {
    faults.push(`${page}:${lineAt(text, index)}: a fence that does not begin its line with three backticks`);
  }
  return { blocks, faults };
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** Names the blocks that would prove nothing, or cannot be run: one sentence each. */
export function blockFaults(blocks: readonly Block[]): readonly string[] {
  return blocks.flatMap((block) => {
    const { page, name, script, beside } = block;
    const kind = kindOf(block);
    const isHeard = script.some(({ by }) => by === 'server');
    const isUsed = blocks.some((other) => other.beside === name || other.code.includes(`from './${name}.`));
    const besideKind = kindOf(blocks.find((other) => other.name === beside));
    return [
      ...(blocks.filter((other) => other.name === name).length > 1 ? ['two blocks have this name'] : []),
      ...(kind === 'server' && !isHeard && !isUsed ? ['a server that no visitor talks to'] : []),
      ...(kind !== 'server' && script.length > 0 ? ['a conversation without a server'] : []),
      ...(kind === 'module' && !isUsed
        ? ['a block that is not run: it prints nothing, and no block imports it']
        : []),
      ...(beside !== undefined && USUAL_PORTS[beside] === undefined && besideKind !== 'server'
        ? [`runs beside ${beside}, which is no server`]
        : []),
    ].map((fault) => `${page}, ${name}: ${fault}`);
  });
}

/** Tells how a block is run: as specs, for what it prints, by a visitor, or by the block that imports it. */
export function kindOf(block: Block | undefined): BlockKind {
  if (block === undefined) return 'module';
  if (/^\s*(?:it|test)\(/m.test(block.code)) return 'spec';
  if (block.prints.length > 0) return 'program';
  return /\bserve\(|\.listen\(/.test(block.code) ? 'server' : 'module';
}

function blockOf(page: string, mark: string | undefined, code: string): Block | undefined {
  const [head = '', ...rest] = (mark ?? '').trim().split('\n');
  const match = HEAD.exec(head.trim());
  if (match === null) return undefined;
  const [, name = '', path = '/', beside] = match;
  const script = rest.map((line): Line => ({
    by: line.startsWith('<') ? 'server' : 'visitor',
    text: line.slice(2),
  }));
  const prints = [...code.matchAll(PRINTED)].map(([, printed = '']) => printed);
  return { page, name, code, path, beside, script, prints };
}
