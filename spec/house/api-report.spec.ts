// The types of the package change only on purpose: `api-report.md` keeps the declarations of all
// doors, `npm run api` rewrites it, and a reviewer sees the difference. A change for users belongs
// in the CHANGELOG, too. The second half shows which changes the report notices.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildPackage } from '../fixtures/built-package.ts';
import { apiReport } from './api-report.ts';
import type { Door } from './api-report.ts';
import { readProjectFile } from './source-files.ts';

interface Target {
  readonly types: string;
  readonly browser?: Target;
}
interface Manifest {
  readonly exports: Readonly<Record<string, string | Target>>;
}

const OPENING = `# The declarations of all doors

Written by \`npm run api\` from the built declarations, and compared with them by a spec. What has no
\`export\` cannot be imported: it is here because a signature mentions it. Docstrings are left out.
`;

describe('the doors of the package', () => {
  it('declare what api-report.md says; `npm run api` rewrites it', { timeout: 60_000 }, async () => {
    await using built = await buildPackage();
    const report = `${OPENING}\n${apiReport(built.folder, doors())}`;
    await expect(report).toMatchFileSnapshot('api-report.md');
  });
});

describe('apiReport', { timeout: 60_000 }, () => {
  const before = {
    'index.d.ts': `export { open } from './door.ts';\nexport type { Door } from './door.ts';`,
    'door.d.ts': `import type { Key } from './key.ts';
      /** Opens. */
      export declare function open(key: Key): Door;
      export interface Door {
        readonly width: number;
      }`,
    'key.d.ts': `export interface Key {
        readonly teeth: number;
      }`,
  };
  const linesBefore = linesOf(before);

  it('holds what a door exports, and what those declarations mention', () => {
    expect(linesBefore).toEqual([
      '## door',
      '```ts',
      'export interface Door {',
      'readonly width: number;',
      '}',
      'interface Key {',
      'readonly teeth: number;',
      '}',
      'export function open(key: Key): Door;',
      '```',
    ]);
  });

  it.each([
    ['a parameter', 'door.d.ts', 'key: Key', 'key?: Key', 'export function open(key?: Key): Door;'],
    ['a result', 'door.d.ts', '): Door', '): void', 'export function open(key: Key): void;'],
    ['a member', 'door.d.ts', 'readonly width', 'width', 'width: number;'],
    [
      'a type that is only mentioned',
      'key.d.ts',
      'teeth: number',
      'teeth: bigint',
      'readonly teeth: bigint;',
    ],
    ['an export', 'index.d.ts', 'type { Door }', 'type {}', 'interface Door {'],
  ] as const)('notices a change of %s', (_, path, from, to, line) => {
    const after = linesOf({ ...before, [path]: before[path].replace(from, to) });
    expect(after.filter((text) => !linesBefore.includes(text))).toEqual([line]);
  });

  it('does not notice a better docstring, nor another place for a file', () => {
    const { 'key.d.ts': key, ...rest } = before;
    const door = rest['door.d.ts'].replace('Opens.', 'Opens the door.').replace('./key', './deep/lock');
    expect(linesOf({ ...rest, 'door.d.ts': door, 'deep/lock.d.ts': key })).toEqual(linesBefore);
  });

  it('says of a door with the same declarations only that they are the same', () => {
    const files = { ...before, 'back.d.ts': `export * from './index.ts';` };
    const lines = linesOf(files, [
      { name: 'door', types: './index.d.ts' },
      { name: 'back door', types: './back.d.ts' },
    ]);
    expect(lines).toEqual([...linesBefore, '## back door', 'The same as door.']);
  });

  it('says which file of a door is missing', () => {
    expect(() => linesOf({ 'other.d.ts': '' })).toThrow(/index\.d\.ts/);
  });
});

/** What package.json gives to a compiler, for Node and for browsers. */
function doors(): readonly Door[] {
  const { exports } = JSON.parse(readProjectFile('package.json')) as Manifest;
  return Object.entries(exports).flatMap(([path, target]) => {
    if (typeof target === 'string') return [];
    const name = `\`${path.replace('.', 'corosock')}\``;
    const { types, browser } = target;
    const page = browser === undefined ? [] : [{ name: `${name} for browsers`, types: browser.types }];
    return [{ name, types }, ...page];
  });
}

/** The lines of a report on an invented package, without indentation and blank lines. */
function linesOf(
  files: Readonly<Record<string, string>>,
  of: readonly Door[] = [{ name: 'door', types: './index.d.ts' }],
): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'corosock-api-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "name": "invented", "type": "module" }');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const report = apiReport(folder, of);
    return report
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
