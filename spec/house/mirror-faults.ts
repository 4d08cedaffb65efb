// spec/ mirrors the rooms of src/. A unit with a promise of its own has its own spec: a
// file with behaviour of 40 lines of code or more. A smaller one is proved by the specs of
// its room; that no branch of it is left out is what the coverage thresholds say.

import type { SourceFile } from './source-files.ts';

const FUNCTION_OR_CLASS = /^(?:export )?(?:default )?(?:async )?(?:abstract )?(?:function|class)\b/m;
const CONSTANT = /^(?:export )?(?:const|let)\b[^;]*=>/m;
const UNIT_LINES = 40;
/** Folders of spec/ that mirror no room, and what they hold. */
const BESIDE: ReadonlySet<string> = new Set([
  'conformance', // cases of RFC 6455 and RFC 7692, with frames of autobahn
  'examples', // of examples/
  'faults', // the fault catalogue
  'fuzz', // random scripts from seeds
  'fixtures', // what specs of several rooms start or read
  'house', // what keeps the house
  'peers', // raw clients
  'bench', // of bench/
  'adapters', // libraries for `ws` and frameworks, with their own clients
  'roads', // one behaviour over each way to reach a host
  'runtimes', // the same ten steps on Node, Bun and Deno
  'simulation', // scenarios under many seeds, with the claims that hold under each
  'stories', // whole journeys
]);

/** Tells whether the file does anything when it is called. */
export function hasBehaviour(file: SourceFile): boolean {
  return FUNCTION_OR_CLASS.test(file.code) || CONSTANT.test(file.code);
}

/** Says which unit has no spec of its own, and which folder of spec/ mirrors no room. */
export function mirrorFaults(
  files: readonly SourceFile[],
  hasSpec: (path: string) => boolean,
  specFolders: readonly string[],
): readonly string[] {
  const rooms = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
  const withSpecs = new Set(specFolders);
  return [
    ...files
      .filter((file) => isUnit(file) && !hasSpec(file.path.replace(/\.ts$/, '.spec.ts')))
      .map((file) => `${file.path} has no spec`),
    ...specFolders
      .filter((name) => !rooms.has(name) && !BESIDE.has(name))
      .map((name) => `spec/${name}/ mirrors no room`),
    ...[...rooms]
      .filter((name) => !name.endsWith('.ts') && !withSpecs.has(name))
      .map((name) => `${name}/ has no folder in spec/`),
  ];
}

function isUnit(file: SourceFile): boolean {
  const lines = file.code.split('\n').filter((line) => line.trim() !== '').length;
  return lines >= UNIT_LINES && hasBehaviour(file);
}
