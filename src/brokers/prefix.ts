// The prefix of what adapters name in their engine, the same rule for all of them, so that a
// deployment can move from one engine to another.

import { badArgument } from '../core/arguments.ts';

const PREFIX = /^[\w-]+(?:\.[\w-]+)*$/;
const MAX_PREFIX = 100;

/** Refuses a prefix that is no dotted name of at most 100 letters, digits, `-` and `_`. */
export function checkPrefix(call: string, name: string, prefix: unknown): void {
  if (typeof prefix === 'string' && prefix.length <= MAX_PREFIX && PREFIX.test(prefix)) return;
  throw badArgument(
    call,
    `${name} to be 1 to ${MAX_PREFIX} letters, digits, "-", "_" and dots between`,
    prefix,
  );
}
