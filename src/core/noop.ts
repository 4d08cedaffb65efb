// The one function that does nothing: for listeners and callbacks that must exist, such as the
// `error` listener without which Node ends the process.

/** Does nothing. */
export function noop(): void {}
