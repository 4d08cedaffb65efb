// Rule 1: imports follow the rooms table of ARCHITECTURE.md, without a cycle. The
// second half shows the checker a house with one fault at a time.

import { describe, expect, it } from 'vitest';
import { layerFaults, roomsIn } from './layer-faults.ts';
import { readProjectFile, sourceFile, sourceFiles } from './source-files.ts';

describe('src', () => {
  it('imports only what the rooms table of ARCHITECTURE.md allows, without a cycle', () => {
    expect(layerFaults(roomsIn(readProjectFile('ARCHITECTURE.md')), sourceFiles())).toEqual([]);
  });
});

describe('layerFaults', () => {
  const page = `
| room | holds | may import |
|---|---|---|
| \`core/\` | values | – |
| \`transport/\` | links | core |
| \`socket/\` | conversations | core, the Transport port |
| \`server/\` | hosts | all of the above |
| \`testing/\` | fakes | what it needs; nobody imports it |
`;
  const house: Readonly<Record<string, string>> = {
    'index.ts': `export { serve } from './server/serve.ts';`,
    'core/data.ts': `export type Data = string; // from '../server/serve.ts'`,
    'transport/transport.ts': `import type { Data } from '../core/data.ts';`,
    'transport/ws/transport.ts': `import type { Transport } from '../transport.ts';\nimport ws from 'ws';`,
    'socket/socket.ts': `import type { Transport } from '../transport/transport.ts';`,
    'server/serve.ts': `import { link } from '../transport/ws/transport.ts';`,
    'testing/fake.ts': `import { serve } from '../server/serve.ts';`,
  };
  const faultsWith = (changes: Readonly<Record<string, string>>): readonly string[] =>
    layerFaults(
      roomsIn(page),
      Object.entries({ ...house, ...changes }).map(([path, text]) => sourceFile(path, text)),
    );

  it('finds nothing in a house that keeps its table', () => {
    expect(faultsWith({})).toEqual([]);
  });

  it.each([
    [
      'an import from a floor above',
      { 'core/data.ts': `import '../socket/socket.ts';` },
      [
        'core/data.ts must not import socket/socket.ts',
        'a cycle: transport/transport.ts → core/data.ts → socket/socket.ts → transport/transport.ts',
      ],
    ],
    [
      'an import of types from a floor above',
      { 'transport/frame.ts': `import type { Host } from '../server/host.ts';`, 'server/host.ts': '' },
      ['transport/frame.ts must not import server/host.ts'],
    ],
    [
      'a transport where only the port is allowed',
      { 'socket/writer.ts': `const ws = await import('../transport/ws/transport.ts');` },
      ['socket/writer.ts must not import transport/ws/transport.ts'],
    ],
    [
      'an import of a door',
      { 'server/host.ts': `export { fake } from '../testing/fake.ts';` },
      ['server/host.ts must not import testing/fake.ts'],
    ],
    [
      'an import of the entry point',
      { 'testing/run.ts': `import { serve } from '../index.ts';` },
      ['testing/run.ts must not import index.ts'],
    ],
    [
      'a cycle within one room',
      { 'core/a.ts': `import './b.ts';`, 'core/b.ts': `import './a.ts';` },
      ['a cycle: core/a.ts → core/b.ts → core/a.ts'],
    ],
    [
      'a file that does not exist',
      { 'core/a.ts': `import './gone.ts';` },
      ['core/a.ts imports core/gone.ts, which does not exist'],
    ],
    ['a room that the table lacks', { 'attic/box.ts': '' }, ['attic/ is not in the table']],
  ])('finds %s', (_, changes, faults) => {
    expect(faultsWith(changes)).toEqual(faults);
  });

  it('finds a room of the table that src lacks, and one that nobody knows', () => {
    const rooms = roomsIn(`${page}| \`hub/\` | rooms | core, cellar |\n`);
    const files = Object.entries(house).map(([path, text]) => sourceFile(path, text));
    expect(layerFaults(rooms, files)).toEqual([
      'hub/ is in the table and not in src',
      'hub/ names an unknown room: cellar',
    ]);
  });

  it('refuses a page without the table', () => {
    expect(() => roomsIn('# Architecture')).toThrow('no table');
  });
});
