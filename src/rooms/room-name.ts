// What may be the name of a room, and the key of a retained message: any text up to a length. The
// broker's addresses are made of it.

import { badArgument, show } from '../core/arguments.ts';
import { bytesOf } from '../core/data.ts';
import { UsageError } from '../core/errors.ts';

/**
 * Longest name of a room, and longest key of `retain`.
 *
 * @limit Name of a room, and key of `retain`, in UTF-8 | `COROSOCK_ROOM_NAME`
 */
export const MAX_NAME_BYTES = 1024;

/** UTF-8 takes at most three bytes for each unit of UTF-16. */
const SURELY_SHORT = Math.floor(MAX_NAME_BYTES / 3);

/**
 * Refuses what is no name: the empty string, one of more than {@link MAX_NAME_BYTES} bytes, and one
 * with a lone surrogate, which UTF-8 cannot carry. `__proto__` is a name.
 *
 * @param what - How errors name it: `a room`, for example.
 * @throws UsageError `COROSOCK_ARGUMENT` for what is no text. `COROSOCK_ROOM_NAME` for a text that
 *   is no name: it may be the client's.
 */
export function checkRoomName(call: string, what: string, name: unknown): asserts name is string {
  const expected = `${what} to be a text of 1 to ${MAX_NAME_BYTES} bytes of UTF-8`;
  if (typeof name !== 'string') throw badArgument(call, expected, name);
  const fault = faultIn(name);
  if (fault === undefined) return;
  throw new UsageError('COROSOCK_ROOM_NAME', `${call}: expected ${expected}, got ${fault}`);
}

function faultIn(name: string): string | undefined {
  if (name === '') return show(name);
  if (!name.isWellFormed()) return `a lone surrogate in ${show(name)}`;
  if (name.length <= SURELY_SHORT) return undefined;
  const bytes = bytesOf(name);
  return bytes <= MAX_NAME_BYTES ? undefined : `${bytes} in ${show(name)}`;
}
