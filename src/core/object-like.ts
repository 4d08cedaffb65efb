// What can have properties. Not by `instanceof Object`: objects of Node itself are of
// another realm where tests run in one of theirs.

/** Tells whether a value is an object or a function, of whichever realm. */
export function isObjectLike(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Looks at what was thrown. @returns What it has under a name; undefined for nothing, and for what throws when it is looked at: anything can be thrown. */
export function propertyOf(thrown: unknown, name: PropertyKey): unknown {
  try {
    return isObjectLike(thrown) ? (Reflect.get(thrown, name) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
