// The port of what `select` takes from: sockets, channels, ticks and tasks have one, and users can
// give one to any object. Types, and the key under which a source keeps its port. tasks/select.ts
// waits for them.

/** The key under which an object keeps its {@link SourcePort}: `select` can then take from it. */
export const source: unique symbol = Symbol('corosock.source');

/**
 * Tells whether a value is there, wakes when one comes, and gives it.
 *
 * 1. `ready` tells whether `take` would give a value now. It takes nothing and never waits.
 * 2. `take` gives the value. It is called only when `ready` has just answered true, synchronously,
 *    at most once per select.
 * 3. `subscribe` takes nothing. From then on `wake` is called whenever `ready` may have become
 *    true, also synchronously. One call too many does no harm; one call too few is a wait that
 *    never ends.
 * 4. The function that `subscribe` returns unsubscribes. It is called once; calls of `wake` after
 *    it have no effect.
 * 5. None of them throws, unless the source is broken: `select` then rejects with that error, and
 *    has taken nothing from the other sources.
 */
export interface SourcePort<T> {
  ready(): boolean;
  take(): T;
  /** @param wake - Never throws. */
  subscribe(wake: () => void): () => void;
}

/** What `select` can take from: what is not taken stays in the source. */
export interface Source<T> {
  readonly [source]: SourcePort<T>;
}
