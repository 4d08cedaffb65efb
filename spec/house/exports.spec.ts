// What each entry point shows, as a literal list: a name that appears or goes
// is a change for users, and belongs in the CHANGELOG.

import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectRoot, readProjectFile } from './source-files.ts';

interface Target {
  readonly types: string;
  readonly default: string;
  /** What browsers get in its place. */
  readonly browser?: Target;
}
interface Manifest {
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly exports: Readonly<Record<string, string | Target>>;
}
const manifest = JSON.parse(readProjectFile('package.json')) as Manifest;

const CLIENT_NAMES = [
  'ConnectError',
  'ConnectionLostError',
  'MessageError',
  'RequestError',
  'Status',
  'UsageError',
  'channel',
  'connect',
  'every',
  'jsonOf',
  'requests',
  'select',
  'source',
];

const entryPoints = [
  {
    name: '.',
    names: [
      'BrokerError',
      'ConnectionLostError',
      'EnvelopeError',
      'HandshakeOverError',
      'LimitError',
      'MessageError',
      'PeerFaultsError',
      'RequestError',
      'SessionCookieError',
      'SessionStoreError',
      'Status',
      'UsageError',
      'asWs',
      'attach',
      'channel',
      'defineServer',
      'every',
      'expressSessionStore',
      'jsonOf',
      'limitByAddress',
      'memoryBroker',
      'openHub',
      'requests',
      'select',
      'serve',
      'source',
    ],
    load: async (): Promise<object> => await import('../../src/index.ts'),
  },
  {
    name: './client',
    names: CLIENT_NAMES,
    load: async (): Promise<object> => await import('../../src/client/index.ts'),
  },
  {
    name: './ipc',
    names: ['ipcBroker'],
    load: async (): Promise<object> => await import('../../src/ipc/index.ts'),
  },
  {
    name: './nats',
    names: ['natsBroker'],
    load: async (): Promise<object> => await import('../../src/nats/index.ts'),
  },
  {
    name: './redis',
    names: ['redisBroker'],
    load: async (): Promise<object> => await import('../../src/redis/index.ts'),
  },
  {
    name: './testing',
    names: [
      'ConnectError',
      'SimulationError',
      'brokerContract',
      'fakeSocket',
      'runServer',
      'sessionStoreContract',
      'settle',
      'simulate',
      'torture',
      'transportContract',
      'virtualClock',
      'world',
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
    expect(isBuilt(target.default), target.default).toBe(true);
  });

  it.each(entryPoints)(
    'exports exactly the names listed here from $name',
    async ({ names, load }) => {
      expect(Object.keys(await load()).toSorted()).toEqual(names);
      // To import all of src takes a busy machine its time.
    },
    30_000,
  );

  it('gives browsers the same names, and the same types, from ./client', async () => {
    const target = manifest.exports['./client'];
    const browser = typeof target === 'object' ? target.browser : undefined;
    expect(browser?.types).toBe(browser?.default.replace(/\.js$/, '.d.ts'));
    expect(isBuilt(browser?.default ?? '')).toBe(true);
    expect(Object.keys(await import('../../src/client/browser.ts')).toSorted()).toEqual(CLIENT_NAMES);
  });

  it('has names of its own for files of src alone', () => {
    const targets = Object.values(manifest.imports).flatMap((conditions) => Object.values(conditions));
    expect(targets.filter((path) => !isBuilt(path))).toEqual([]);
    expect(targets).toHaveLength(2);
  });
});

/** Whether a file of `dist/` is built from one of `src/`. */
function isBuilt(path: string): boolean {
  return existsSync(new URL(path.replace('./dist/', 'src/').replace(/\.js$/, '.ts'), projectRoot));
}
