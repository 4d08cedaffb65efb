// The marks of a page's blocks: what is read from them, and which block is refused.

import { describe, expect, it } from 'vitest';
import { blockFaults, blocksIn } from './page-blocks.ts';

const fenced = (code: string): string => `\`\`\`ts\n${code}\n\`\`\`\n`;
const faultsOf = (text: string): readonly string[] => {
  const { blocks, faults } = blocksIn('a.md', text);
  return [...faults, ...blockFaults(blocks)];
};

describe('blocksIn', () => {
  it('reads the name, the path, the conversation and the code', () => {
    const text = `# Title\n<!-- run: chat at /chat/lobby\n> hello\n< hello there\n< \n-->\n${fenced('serve(chat);')}`;
    expect(blocksIn('a.md', text)).toEqual({
      blocks: [
        {
          page: 'a.md',
          name: 'chat',
          path: '/chat/lobby',
          beside: undefined,
          code: 'serve(chat);\n',
          script: [
            { by: 'visitor', text: 'hello' },
            { by: 'server', text: 'hello there' },
            { by: 'server', text: '' },
          ],
          prints: [],
        },
      ],
      faults: [],
    });
  });

  it('reads the lines that a program prints, and the server beside which it runs', () => {
    const code = `console.log('a', 1); // → a 1\n// no output\nfor (;;) console.log(n); // → 2\n// → 3`;
    const [block] = blocksIn('a.md', `<!-- run: visit beside chat -->\n${fenced(code)}`).blocks;
    expect(block).toMatchObject({ name: 'visit', beside: 'chat', prints: ['a 1', '2', '3'] });
  });

  it('finds each block and its line on a page of several', () => {
    const text = `<!-- run: a -->\n${fenced('a')}\n${fenced('b')}\nText.\n\`\`\`js\nc\n\`\`\`\n`;
    expect(blocksIn('a.md', text)).toMatchObject({
      blocks: [{ name: 'a' }],
      faults: ['a.md:6: a block without a mark `<!-- run: name -->`', 'a.md:11: a block of `js`, not `ts`'],
    });
  });
});

describe('blockFaults', () => {
  it.each([
    [
      'a block that another one imports',
      `<!-- run: a -->\n${fenced('x')}<!-- run: b -->\n${fenced(`import './a.ts';\nimport { x } from './a.ts';\nit('x', f)`)}`,
    ],
    ['a server that a visitor hears', `<!-- run: a\n> x\n< y -->\n${fenced('serve(x)')}`],
    [
      'a server for a program',
      `<!-- run: a -->\n${fenced('serve(x)')}<!-- run: b beside a -->\n${fenced('console.log(1); // → 1')}`,
    ],
    ['a server that prints', `<!-- run: a -->\n${fenced('serve(x); console.log(1); // → 1')}`],
    ['a block of another language', '```sh\nnpm install corosock\n```\n'],
  ])('accepts %s', (_, text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  it.each([
    ['a block without a mark', fenced('x'), ['a.md:1: a block without a mark `<!-- run: name -->`']],
    [
      'a mark that it cannot read',
      `<!-- run: A b -->\n${fenced('x')}`,
      ['a.md:2: a block without a mark `<!-- run: name -->`'],
    ],
    [
      'a server that no visitor talks to',
      `<!-- run: a -->\n${fenced('serve(x)')}`,
      ['a.md, a: a server that no visitor talks to'],
    ],
    [
      'a server that says nothing',
      `<!-- run: a\n> x -->\n${fenced('serve(x)')}`,
      ['a.md, a: a server that no visitor talks to'],
    ],
    [
      'a block that is not run',
      `<!-- run: a -->\n${fenced('x')}`,
      ['a.md, a: a block that is not run: it prints nothing, and no block imports it'],
    ],
    [
      'a conversation without a server',
      `<!-- run: a\n> hello -->\n${fenced(`it('x', f)`)}`,
      ['a.md, a: a conversation without a server'],
    ],
    [
      'a program beside no server',
      `<!-- run: a beside b -->\n${fenced('console.log(1); // → 1')}`,
      ['a.md, a: runs beside b, which is no server'],
    ],
    [
      'a fence in a list',
      `- Text\n  \`\`\`ts\n  x\n  \`\`\`\n`,
      [2, 4].map((line) => `a.md:${line}: a fence that does not begin its line with three backticks`),
    ],
    [
      'a name that is taken',
      `<!-- run: a -->\n${fenced(`it('x', f)`)}<!-- run: a -->\n${fenced(`it('y', f)`)}`,
      ['a.md, a: two blocks have this name', 'a.md, a: two blocks have this name'],
    ],
  ])('refuses %s', (_, text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });
});
