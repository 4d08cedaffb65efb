// The port of what `select` can take from: sockets, channels, timers and tasks
// have one, and users can give one to anything. Types, and the key under which a
// source keeps its port; who waits is tasks/select.ts.

/** The key under which a source keeps its port: give an object one, and `select` can take from it. */
export const source: unique symbol = Symbol('corosock.source');

/**
 * Says whether there is something, tells when there is, and gives it away.
 *
 * 1. `ready` tells whether `take` would give something now. It takes nothing and never waits.
 * 2. `take` gives it. It is called only when `ready` has just said so, synchronously, at most once per select.
 * 3. `subscribe` takes nothing. From then on `wake` is called whenever `ready` may have become true: once more
 *    than needed does no harm, once less is a wait that never ends. It may be called synchronously, too.
 * 4. What `subscribe` answers unsubscribes; it is called once, and `wake` may still be called afterwards, to no effect.
 * 5. None of them throws, unless the source is broken: `select` then rejects with that error, and has taken nothing from others.
 */
export interface SourcePort<T> {
  ready(): boolean;
  take(): T;
  /** @param wake - Never throws. */
  subscribe(wake: () => void): () => void;
}

/** Something `select` can take from without losing what it does not take. */
export interface Source<T> {
  readonly [source]: SourcePort<T>;
}
