// What each entry point shows, as a literal list: a name that appears or goes
// is a change for users, and belongs in the CHANGELOG.

import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectRoot, readProjectFile } from './source-files.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}
const manifest = JSON.parse(readProjectFile('package.json')) as Manifest;

const entryPoints = [
  {
    name: '.',
    names: [
      'ConnectionLostError',
      'HandshakeOverError',
      'SessionCookieError',
      'Status',
      'UsageError',
      'attach',
      'channel',
      'defineServer',
      'every',
      'expressSessionStore',
      'select',
      'serve',
      'source',
    ],
    load: async (): Promise<object> => await import('../../src/index.ts'),
  },
  {
    name: './testing',
    names: [
      'ConnectError',
      'fakeSocket',
      'runServer',
      'sessionStoreContract',
      'settle',
      'transportContract',
      'virtualClock',
    ],
    load: async (): Promise<object> => await import('../../src/testing/index.ts'),
  },
];

describe('the package', () => {
  it('has exactly the entry points listed here', () => {
    expect(Object.keys(manifest.exports)).toEqual([...entryPoints.map(({ name }) => name), './package.json']);
  });

  it.each(entryPoints)('builds $name from a file of src', ({ name }) => {
    const target = manifest.exports[name];
    if (typeof target !== 'object') throw new TypeError(`${name} has no types`);
    expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'));
    const source = target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
    expect(existsSync(new URL(source, projectRoot)), source).toBe(true);
  });

  it.each(entryPoints)('exports exactly the names listed here from $name', async ({ names, load }) => {
    expect(Object.keys(await load()).toSorted()).toEqual(names);
  });
});
