// Whether a value can have properties, and a safe look at one. Not by `instanceof Object`: where
// tests run in a realm of their own, objects of Node come from another realm.

/** Tells whether a value is an object or a function, of any realm. */
export function isObjectLike(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Tells whether a value is a promise, of any realm or library. Never throws. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof propertyOf(value, 'then') === 'function';
}

/**
 * Gives a property of what was thrown. Any value can be thrown, also one whose getters throw.
 *
 * @returns undefined where it has no such property, or throws when it is looked at.
 */
export function propertyOf(thrown: unknown, name: PropertyKey): unknown {
  try {
    return isObjectLike(thrown) ? (Reflect.get(thrown, name) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
