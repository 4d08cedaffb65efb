// Values as JSON: writes one, and refuses what JSON would lose in silence. `writeJson`, the replies
// of requests/ and the data of sessions go through it. What comes in is parsed by
// socket/json-message.ts.

import { show } from './arguments.ts';
import { UsageError } from './errors.ts';
import { isThenable } from './object-like.ts';

/**
 * Writes a value as JSON.
 *
 * @param call - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT` for undefined, a function, a symbol, a BigInt, a cycle,
 *   and where the value holds a promise, a Map, a Set, an Error or the like, of which JSON would
 *   make `{}`; up to Node 25 also for a value that is too deep for `JSON.stringify`, which has no
 *   limit from Node 26 on. The error of `JSON.stringify` is its `cause`.
 */
export function stringifyJson(call: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw badJson(call, 'one that it cannot', { cause });
  }
  if (text === undefined) throw badJson(call, show(value));
  // What JSON makes of a promise, a Map and the like. A text has no members, but many characters.
  if (typeof value !== 'string' && text.includes('{}')) refuseLost(call, value);
  return text;
}

type Part = Readonly<Record<string, unknown>>;

/** A part, and where it stands in the value. */
type Place = readonly [part: Part, path: string];

/**
 * Refuses an object whose data JSON does not see, such as a promise or a Map, and an object with
 * one in it. Objects with `toJSON` are not looked into: their text is their own.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`, which says where the object stands.
 */
export function refuseLost(call: string, value: unknown): void {
  // Grows while it is gone through: a value may be deeper than calls can be.
  const parts: Place[] = [[value as Part, 'value']];
  for (const place of parts) lookInto(call, place, parts);
}

/** @param parts - Gets the members that are to be looked into. */
function lookInto(call: string, [part, path]: Place, parts: Place[]): void {
  if (typeof part['toJSON'] === 'function') return;
  // Its tag, of any realm: `Map`. That of users' classes is `Object`.
  const kind = isThenable(part) ? 'Promise' : {}.toString.call(part).slice(8, -1);
  if (!/Object|Array$/u.test(kind) && JSON.stringify(part) === '{}')
    throw badJson(call, `${kind} at ${show(path)}`);
  for (const [name, member] of Object.entries(part)) {
    if (typeof member === 'object' && member !== null) parts.push([member as Part, `${path}.${name}`]);
  }
}

function badJson(call: string, got: string, options?: ErrorOptions): UsageError {
  return new UsageError(
    'COROSOCK_ARGUMENT',
    `${call}: expected a value that JSON can hold, got ${got}`,
    options,
  );
}
