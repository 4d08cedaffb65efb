// spec/ mirrors src/: each file with behaviour has the spec that covers it. The
// second half shows the checker what counts as behaviour.

import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasBehaviour, mirrorFaults } from './mirror-faults.ts';
import { projectRoot, sourceFile, sourceFiles } from './source-files.ts';

describe('spec', () => {
  it('mirrors every file of src that has behaviour', () => {
    const hasSpec = (path: string): boolean => existsSync(new URL(`spec/${path}`, projectRoot));
    expect(mirrorFaults(sourceFiles(), hasSpec)).toEqual([]);
  });
});

describe('mirrorFaults', () => {
  it('finds a file without its spec', () => {
    const files = ['words/a.ts', 'words/b.ts'].map((path) =>
      sourceFile(path, 'export function f(): void {}'),
    );
    expect(mirrorFaults(files, (path) => path === 'words/a.spec.ts')).toEqual(['words/b.ts has no spec']);
  });

  it.each([
    ['a function', true, 'export async function read(): Promise<void> {}'],
    ['a class', true, 'export class Reader {}'],
    ['a class of its own', true, 'class Reader {}\nexport type R = Reader;'],
    ['a function in a constant', true, 'export const clock: Clock = {\n  now: () => 0,\n};'],
    ['a port', false, 'export interface Clock {\n  set(run: () => void): void;\n}'],
    ['types', false, 'export type Handler = (ws: Socket) => void;'],
    ['numbers', false, '/** f() => x */\nexport const MAX: number = 64;\nexport type F = () => void;'],
    ['an entry point', false, `export { serve } from './server/serve.ts';`],
  ])('takes %s for behaviour: %s', (_, expected, text) => {
    expect(hasBehaviour(sourceFile('words/a.ts', text))).toBe(expected);
  });
});
