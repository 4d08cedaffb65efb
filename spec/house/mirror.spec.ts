// spec/ mirrors the rooms of src/, and each unit has its own spec. The second half shows the
// checker what counts as a unit.

import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasBehaviour, mirrorFaults } from './mirror-faults.ts';
import { projectRoot, sourceFile, sourceFiles } from './source-files.ts';

describe('spec', () => {
  it('mirrors every room of src, and every file of 40 lines of code or more that has behaviour', () => {
    const hasSpec = (path: string): boolean => existsSync(new URL(`spec/${path}`, projectRoot));
    const folders = readdirSync(new URL('spec/', projectRoot), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(mirrorFaults(sourceFiles(), hasSpec, folders)).toEqual([]);
  });
});

describe('mirrorFaults', () => {
  const file = (path: string, lines: number): ReturnType<typeof sourceFile> =>
    sourceFile(path, `export function f(): void {\n${'  x();\n'.repeat(lines - 2)}}\n`);

  it('finds a unit without its spec', () => {
    const files = [file('core/a.ts', 40), file('core/b.ts', 40)];
    expect(mirrorFaults(files, (path) => path === 'core/a.spec.ts', ['core'])).toEqual([
      'core/b.ts has no spec',
    ]);
  });

  it('leaves a file of less than 40 lines of code to the specs of its room', () => {
    expect(mirrorFaults([file('core/a.ts', 39)], () => false, ['core'])).toEqual([]);
  });

  it('finds a folder of spec that mirrors no room, and a room without one', () => {
    expect(mirrorFaults([file('core/a.ts', 3)], () => true, ['house', 'words'])).toEqual([
      'spec/words/ mirrors no room',
      'core/ has no folder in spec/',
    ]);
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
    expect(hasBehaviour(sourceFile('core/a.ts', text))).toBe(expected);
  });
});
