// docs/internals/tour.md names files that exist, and each leads to the next by an import. The
// second half shows the checker one fault at a time.

import { describe, expect, it } from 'vitest';
import { readProjectFile, sourceFile, sourceFiles } from './source-files.ts';
import { journeysIn, tourFaults } from './tour-faults.ts';

/** Files that a journey may enter at most. */
const LIMITS = {
  'A message comes in': 13,
  'A message goes out': 12,
  'A handshake': 25,
  'A close': 15,
};

describe('docs/internals/tour.md', () => {
  it('names files that exist, each entered by an import from the one above it', () => {
    expect(tourFaults(journeysIn(readProjectFile('docs/internals/tour.md')), sourceFiles(), LIMITS)).toEqual(
      [],
    );
  });
});

describe('tourFaults', () => {
  const house = [
    sourceFile('transport/port.ts', ''),
    sourceFile('transport/link.ts', `import type { Sink } from './port.ts';`),
    sourceFile('socket/sink.ts', `import type { Sink } from '../transport/port.ts';\nimport './queue.ts';`),
    sourceFile('socket/queue.ts', ''),
  ];
  const faultsOf = (steps: string, limits: Readonly<Record<string, number>> = {}): readonly string[] =>
    tourFaults(journeysIn(`# Tour\n\n## In\n\n${steps}`), house, limits);
  const good = [
    '1. `transport/link.ts` decodes.',
    '   1. `socket/sink.ts`, through `transport/port.ts`, keeps it.',
    '      - `socket/queue.ts` is the place.',
  ].join('\n');

  it('finds nothing on a page that tells the truth', () => {
    expect(faultsOf(good, { In: 3 })).toEqual([]);
  });

  it.each([
    ['a file that does not exist', '1. `socket/gone.ts`', ['In: socket/gone.ts does not exist']],
    [
      'a step that the file above does not import',
      '1. `socket/queue.ts`\n   1. `socket/sink.ts`',
      ['In: socket/queue.ts does not lead to socket/sink.ts'],
    ],
    [
      'a port that one of the two does not import',
      '1. `socket/queue.ts`\n   1. `socket/sink.ts`, through `transport/port.ts`',
      ['In: socket/queue.ts does not lead to socket/sink.ts'],
    ],
    [
      'a step that nothing leads to',
      '1. `transport/link.ts`\n2. `socket/queue.ts`',
      ['In: socket/queue.ts is entered from nowhere'],
    ],
  ])('finds %s', (_, steps, faults) => {
    expect(faultsOf(steps)).toEqual(faults);
  });

  it('finds a journey that enters more files than it may, and one that is missing', () => {
    expect(faultsOf(good, { In: 2, Out: 3 })).toEqual([
      'In: enters 3 files, at most 2 may be',
      'Out: the page has no such journey',
    ]);
  });
});
