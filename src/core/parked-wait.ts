// A call that waits, as `host.waits` sees it. Types only: reads, writes, selects and awaited tasks
// keep this in the record that they have anyway. server/host-waits.ts lists them, and finds the
// line of each.

/**
 * The function that resolves the promise of a wait, as `new Promise` gave it. `host.waits` never
 * calls it: the engine finds the awaiting function by it (server/await-stacks.ts).
 */
export type Resolver = (value: never) => unknown;

/** A call that waits. */
export interface ParkedWait {
  readonly resolver: Resolver;
  /** When it began to wait, on its clock; Infinity where it only waits for the next turn. */
  readonly sinceMs: number;
}
