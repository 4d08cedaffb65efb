// What can have properties. Not by `instanceof Object`: objects of Node itself are of
// another realm where tests run in one of theirs.

/** Tells whether a value is an object or a function, of whichever realm. */
export function isReference(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
