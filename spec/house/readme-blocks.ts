// The TypeScript of README.md: which blocks there are, what is said to each, and
// what is wrong with how they are marked. readme.spec.ts describes the marks,
// writes the blocks to files, type-checks and runs them.

export interface Block {
  /** The name of its file, so that one block can import another. */
  readonly name: string;
  readonly code: string;
  /** Where the visitor connects. */
  readonly path: string;
  /** What the visitor says and hears, in order. */
  readonly script: readonly Line[];
}

export interface Line {
  readonly by: 'visitor' | 'server';
  readonly text: string;
}

export interface Readme {
  readonly blocks: readonly Block[];
  /** What is wrong with the marks, one sentence each. */
  readonly faults: readonly string[];
}

const FENCE = /(?:<!--\s*run:([\s\S]*?)-->\s*\n)?^```(?:ts|typescript)\s*\n([\s\S]*?)^```\s*$/gm;
const HEAD = /^([a-z0-9-]+)(?:\s+at\s+(\/\S*))?$/;

/** Finds the TypeScript blocks of a page of Markdown, and the marks above them. */
export function blocksIn(page: string): Readme {
  const blocks: Block[] = [];
  const faults: string[] = [];
  for (const [whole, mark, code = ''] of page.matchAll(FENCE)) {
    const line = page.slice(0, page.indexOf(whole)).split('\n').length;
    const block = blockOf(mark, code);
    if (block === undefined) faults.push(`line ${line}: a block without a mark \`<!-- run: name -->\``);
    else blocks.push(block);
  }
  if (blocks.length === 0) faults.push('no block to run');
  return { blocks, faults: [...faults, ...blocks.flatMap((block) => faultsOf(block, blocks))] };
}

/** Whether a block holds specs. */
export function isSpec(block: Block): boolean {
  return /^\s*(?:it|test)\(/m.test(block.code);
}

/** Whether a block listens on a port. */
export function isServer(block: Block): boolean {
  return /\bserve\(|\.listen\(/.test(block.code);
}

function blockOf(mark: string | undefined, code: string): Block | undefined {
  const [head = '', ...rest] = (mark ?? '').trim().split('\n');
  const match = HEAD.exec(head.trim());
  if (match === null) return undefined;
  const script = rest.map((line): Line => ({
    by: line.startsWith('<') ? 'server' : 'visitor',
    text: line.slice(2),
  }));
  return { name: match[1] ?? '', path: match[2] ?? '/', code, script };
}

// A block that nobody talks to, runs or imports would prove nothing.
function faultsOf(block: Block, blocks: readonly Block[]): readonly string[] {
  const { name, script } = block;
  const isHeard = script.some(({ by }) => by === 'server');
  const isImported = blocks.some(({ code }) => code.includes(`from './${name}.`));
  return [
    ...(blocks.filter((other) => other.name === name).length > 1
      ? [`${name}: two blocks have this name`]
      : []),
    ...(isServer(block) && !isHeard ? [`${name}: a server that nobody talks to`] : []),
    ...(!isServer(block) && script.length > 0 ? [`${name}: a conversation without a server`] : []),
    ...(!isServer(block) && !isSpec(block) && !isImported ? [`${name}: a block that nobody uses`] : []),
  ];
}
