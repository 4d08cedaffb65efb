// What may be the name of a room, and the key of a retained message: any text up to a length. The
// broker's addresses are made of it.

import { badArgument, show } from '../core/arguments.ts';
import { bytesOf } from '../core/data.ts';
import { UsageError } from '../core/errors.ts';

/**
 * Longest name of a room, and longest key of `retain`.
 *
 * @limit Name of a room, and key of `retain`, in UTF-8 | `COROSOCK_ARGUMENT`
 */
export const MAX_NAME_BYTES = 1024;

/** UTF-8 takes at most three bytes for each unit of UTF-16. */
const SURELY_SHORT = Math.floor(MAX_NAME_BYTES / 3);

/**
 * Refuses what is no name: the empty string, one of more than {@link MAX_NAME_BYTES} bytes, and one
 * with a lone surrogate, which UTF-8 cannot carry. `__proto__` is a name.
 *
 * @param what - How errors name it: `a room`, for example.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function checkRoomName(call: string, what: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') {
    throw badArgument(call, `${what} to be a text of 1 to ${MAX_NAME_BYTES} bytes of UTF-8`, name);
  }
  if (!name.isWellFormed()) throw badArgument(call, `${what} without a lone surrogate`, name);
  if (name.length <= SURELY_SHORT) return;
  const bytes = bytesOf(name);
  if (bytes <= MAX_NAME_BYTES) return;
  const text = `expected ${what} of at most ${MAX_NAME_BYTES} bytes of UTF-8, got ${bytes} in ${show(name)}`;
  throw new UsageError('COROSOCK_ARGUMENT', `${call}: ${text}`);
}
