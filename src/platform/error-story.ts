// The text of an error for a warning of the process: what it says, once, and the frames of users.
// node.ts prints it.

import { isOwnFrame } from './own-frames.ts';

/** Errors that are told with one: those that it is made of, and those that have caused it. */
const MOST_ERRORS = 10;
/**
 * A peer may have chosen the text.
 *
 * @limit Characters of an error in a warning of the process | the rest is left out
 */
const MOST_TEXT = 4096;

/**
 * Gives what an error says, and its frames; behind them the errors in it, each with its own text
 * and frames. Never throws: anything can be thrown, also an object that throws when it is read.
 */
export function storyOf(error: unknown): { readonly text: string; readonly detail?: string | undefined } {
  try {
    const lines = linesOf(error, new Set());
    return { text: textOf(error), detail: lines.length > 0 ? lines.join('\n') : undefined };
  } catch {
    return { text: 'an error that cannot be shown' };
  }
}

/** What would begin a line of its own, or steer a terminal. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** Gives what an error says. Further lines of it are indented: none looks like one of the log. */
function textOf(error: unknown): string {
  const text = String(error);
  const end = text.length > MOST_TEXT ? ' …' : '';
  return `${text.slice(0, MOST_TEXT)}${end}`.replaceAll(CONTROLS, escaped);
}

function escaped(control: string): string {
  if (control === '\n') return '\n    ';
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function linesOf(error: unknown, told: Set<unknown>): string[] {
  told.add(error);
  if (typeof error !== 'object' || error === null) return [];
  const lines = framesOf(error);
  for (const [label, part] of partsOf(error)) {
    if (told.has(part) || told.size >= MOST_ERRORS) continue;
    lines.push(`  ${label}${textOf(part)}`, ...linesOf(part, told));
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
  const { message, name, stack } = error as Readonly<Record<'message' | 'name' | 'stack', unknown>>;
  if (typeof stack !== 'string') return [];
  // Behind the text, in which a peer may have written frames, too.
  const at = typeof message === 'string' ? stack.indexOf(message) : NaN;
  const lines = (at >= 0 ? stack.slice(at + (message as string).length) : stack).split('\n');
  const frames = lines.filter((line) => /^ +at /.test(line));
  const isBug = BUG.test(String(name)) && isOwnFrame(frames[0] ?? '');
  return isBug ? frames : frames.filter((line) => !isOwnFrame(line));
}
