// What `console.log` and `util.inspect` show of objects whose state is private. Only Node, Bun and
// Deno ask for it; no browser loads this file. socket/ and server/ say what is shown.

import { inspect } from 'node:util';
import type { InspectOptions } from 'node:util';

/**
 * Has the objects of a class shown as a name and facts.
 *
 * @param factsOf - Called each time. Where it throws, the name alone is shown: an object that is
 *   looked at must not end its program.
 */
export function showAs<T extends object>(prototype: T, name: string, factsOf: (shown: T) => object): void {
  function show(this: T, depth: number, options: InspectOptions): string {
    if (depth < 0) return `[${name}]`;
    try {
      return `${name} ${inspect(factsOf(this), { ...options, depth: Math.max(depth, 1) })}`;
    } catch {
      return `[${name}]`;
    }
  }
  // Not written as a method: isolated declarations cannot name its key (TS9038).
  Object.defineProperty(prototype, inspect.custom, { configurable: true, writable: true, value: show });
}
