// Header lines as callers give them: an object of strings, or a `Headers` of fetch. Its lines are
// no properties of its own: read as an object, it has none. `client/` and `testing/` use it.

import { badArgument } from './arguments.ts';
import { isThenable } from './object-like.ts';

/** Header lines by their names, or a `Headers` of fetch, also one of another realm or package. */
export type HeaderLines = Readonly<Record<string, string>> | Headers;

/** Gives header lines as an object of its own. Undefined stands for none. */
export function plainLines<Value>(
  headers: Readonly<Record<string, Value>> | Headers | undefined,
): Record<string, Value | string> {
  return isHeaders(headers) ? Object.fromEntries(headers) : { ...headers };
}

/** Refuses what is neither an object of header lines nor a `Headers`: it would send no line. */
export function checkLines(
  call: string,
  name: string,
  headers: unknown,
): asserts headers is Readonly<Record<string, unknown>> | Headers {
  const isObject = typeof headers === 'object' && headers !== null;
  const isOfPairs = isObject && Symbol.iterator in headers;
  if (isHeaders(headers) || (isObject && !isOfPairs && !isThenable(headers))) return;
  const cure = isOfPairs ? ` (of pairs: Object.fromEntries(${name}))` : '';
  throw badArgument(call, `${name} to be an object of strings or a Headers${cure}`, headers);
}

function isHeaders(value: unknown): value is Headers {
  return Object.prototype.toString.call(value) === '[object Headers]';
}
