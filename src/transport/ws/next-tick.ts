// Runs a function behind the running callback, before the event loop goes on. All files of this
// folder call it: what a socket receives and sends is not faked where a test fakes the timers.

/** Node's own, as it was when this file was loaded. */
// oxlint-disable-next-line typescript/unbound-method -- it is called without `this` everywhere
export const nextTick: typeof process.nextTick = process.nextTick;
