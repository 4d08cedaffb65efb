// The time of day. Cookies of express-session say when they expire as a date, and a
// Clock has none. Nobody else asks: every wait is the clock's.

/** Milliseconds since 1970. */
export function wallTimeMs(): number {
  return Date.now();
}
