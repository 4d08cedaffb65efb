// The marks of README's blocks: what is read from them, and which page is refused.

import { describe, expect, it } from 'vitest';
import { blocksIn } from './readme-blocks.ts';

const fenced = (code: string): string => `\`\`\`ts\n${code}\n\`\`\`\n`;

describe('blocksIn', () => {
  it('reads the name, the path, the conversation and the code', () => {
    const page = `# Title\n<!-- run: chat at /chat/lobby\n> hello\n< hello there\n< \n-->\n${fenced('serve(chat);')}`;
    expect(blocksIn(page)).toEqual({
      blocks: [
        {
          name: 'chat',
          path: '/chat/lobby',
          code: 'serve(chat);\n',
          script: [
            { by: 'visitor', text: 'hello' },
            { by: 'server', text: 'hello there' },
            { by: 'server', text: '' },
          ],
        },
      ],
      faults: [],
    });
  });

  it('takes a block that another one imports', () => {
    const handler = `<!-- run: echo -->\n${fenced('export const echo = 1;')}`;
    const spec = `<!-- run: echo-spec -->\n${fenced(`import { echo } from './echo.ts';\nit('echoes', () => {});`)}`;
    expect(blocksIn(`${handler}\n${spec}`).faults).toEqual([]);
  });

  it('leaves other languages alone', () => {
    expect(blocksIn('```sh\nnpm install corosock\n```\n').faults).toEqual(['no block to run']);
  });

  it.each([
    ['no block at all', '# Title', ['no block to run']],
    [
      'a block without a mark',
      `# Title\n${fenced('x')}`,
      [expect.stringContaining('line 2: '), 'no block to run'],
    ],
    [
      'a server that nobody talks to',
      `<!-- run: a -->\n${fenced('serve(x)')}`,
      ['a: a server that nobody talks to'],
    ],
    ['a block that nobody uses', `<!-- run: a -->\n${fenced('x')}`, ['a: a block that nobody uses']],
    [
      'a conversation without a server',
      `<!-- run: a\n> hello -->\n${fenced(`it('x', f)`)}`,
      ['a: a conversation without a server'],
    ],
    [
      'a name that is taken',
      `<!-- run: a -->\n${fenced(`it('x', f)`)}<!-- run: a -->\n${fenced(`it('y', f)`)}`,
      ['a: two blocks have this name', 'a: two blocks have this name'],
    ],
  ])('refuses %s', (_, page, faults) => {
    expect(blocksIn(page).faults).toEqual(faults);
  });
});
