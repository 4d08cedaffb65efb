// Waiting in tests without sleeping: the event loop is given turns until what can
// run has run. Time is the virtual clock's.

/** Turns of the event loop: what a chain of yields may need; a turn that has nothing to do costs some microseconds. */
const TURNS = 128;

/**
 * Lets everything run that is ready now; no time passes.
 *
 * Goes on for 128 turns of the event loop, so that chains of promises,
 * in-memory messages and yields come to rest. What waits for a clock or for the
 * network goes on waiting.
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
