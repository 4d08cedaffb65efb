// The text of an error for a warning of the process: what it says, once, and the frames of users.
// node.ts prints it.

import { isOwnFrame } from './own-frames.ts';

/** Errors that are told with one: those that it is made of, and those that have caused it. */
const MOST_ERRORS = 10;

/**
 * Gives what an error says, and its frames; behind them the errors in it, each with its own text
 * and frames. Never throws: anything can be thrown, also an object that throws when it is read.
 */
export function storyOf(error: unknown): { readonly text: string; readonly detail?: string | undefined } {
  try {
    const lines = linesOf(error, new Set());
    return { text: String(error), detail: lines.length > 0 ? lines.join('\n') : undefined };
  } catch {
    return { text: 'an error that cannot be shown' };
  }
}

function linesOf(error: unknown, told: Set<unknown>): string[] {
  told.add(error);
  if (typeof error !== 'object' || error === null) return [];
  const lines = framesOf(error);
  for (const [label, part] of partsOf(error)) {
    if (told.has(part) || told.size >= MOST_ERRORS) continue;
    lines.push(`  ${label}${String(part)}`, ...linesOf(part, told));
  }
  return lines;
}

function partsOf(error: object): ReadonlyArray<readonly [label: string, part: unknown]> {
  const { errors, cause } = error as { readonly errors?: unknown; readonly cause?: unknown };
  const parts = (Array.isArray(errors) ? errors : []).map((part: unknown) => ['', part] as const);
  return cause === undefined ? parts : [...parts, ['caused by ', cause]];
}

/** What the engine throws for a bug. */
const BUG = /^(?:Type|Range|Reference|Syntax)Error$/;

/** The frames of an error without our own. They stay where our own code has a bug. */
function framesOf(error: object): string[] {
  const { stack, name } = error as { readonly stack?: unknown; readonly name?: unknown };
  if (typeof stack !== 'string') return [];
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  const isBug = BUG.test(String(name)) && isOwnFrame(frames[0] ?? '');
  return isBug ? frames : frames.filter((line) => !isOwnFrame(line));
}
