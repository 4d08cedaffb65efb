// spec/ mirrors src/, one spec per file with behaviour. Whether a file
// has any is read from its code: a function, a class, or a constant that holds
// a function. Ports, types and plain constants need no spec of their own.

import type { SourceFile } from './source-files.ts';

const FUNCTION_OR_CLASS = /^(?:export )?(?:default )?(?:async )?(?:abstract )?(?:function|class)\b/m;
const CONSTANT = /^(?:export )?(?:const|let)\b[^;]*=>/m;

/** Whether the file does anything when it is called. */
export function hasBehaviour(file: SourceFile): boolean {
  return FUNCTION_OR_CLASS.test(file.code) || CONSTANT.test(file.code);
}

/** Says which file with behaviour has no spec of its own. */
export function mirrorFaults(
  files: readonly SourceFile[],
  hasSpec: (path: string) => boolean,
): readonly string[] {
  return files
    .filter((file) => hasBehaviour(file) && !hasSpec(file.path.replace(/\.ts$/, '.spec.ts')))
    .map((file) => `${file.path} has no spec`);
}
