// Calls that wait for nothing of a socket: a select without one, a `take` or `put` of a channel, a
// join, a sleep. `host.waits` finds their handlers by their stacks. What can no longer be settled,
// because all of its sources are gone, is collected: only the youngest selects are held here.

import type { ParkedWait } from '../core/parked-wait.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/** A call that waits, and what it waits in. */
export type LooseWait = readonly [waits: 'select' | 'join' | 'other', wait: ParkedWait];

/** What knows calls that wait. */
export interface WaitHolder {
  /** None once it is done. */
  readonly held: Iterable<LooseWait>;
  /** Whether no further call will wait. */
  readonly isDone: boolean;
}

/** A select without a socket, or a sleep. */
export interface LooseSelect extends WaitHolder, ListNode<LooseSelect> {}

/**
 * So many selects are held by a list, which costs next to nothing. Beyond it the oldest is held by
 * a WeakRef: 3 µs, ten times what a select over channels takes. In a loop none gets so old.
 */
export const MOST_YOUNG = 1024;
/** At this number of weak references, and at twice the rest, those that are done are dropped. */
export const SWEEP_AT = 256;

class WeakHolder implements ListNode<WeakHolder> {
  readonly #holder: WeakRef<WaitHolder>;
  // Set by the list.
  previous: WeakHolder | undefined;
  next: WeakHolder | undefined;

  constructor(holder: WaitHolder) {
    this.#holder = new WeakRef(holder);
  }

  get held(): Iterable<LooseWait> {
    return this.#holder.deref()?.held ?? [];
  }

  get isDone(): boolean {
    return this.#holder.deref()?.isDone !== false;
  }
}

/** Lists calls that wait for something of no host. */
export class LooseWaits {
  readonly #young = new LinkedList<LooseSelect>();
  #youngCount = 0;
  readonly #weak = new LinkedList<WeakHolder>();
  #weakCount = 0;
  #sweepAt = SWEEP_AT;

  /** What it holds: selects, and weak references. */
  get size(): readonly [young: number, weak: number] {
    return [this.#youngCount, this.#weakCount];
  }

  /** Lists a select until it is removed, or collected. */
  add(select: LooseSelect): void {
    const { first } = this.#young;
    if (first !== undefined && this.#youngCount >= MOST_YOUNG) {
      this.remove(first);
      this.hold(first);
    }
    this.#young.append(select);
    this.#youngCount += 1;
  }

  /** Removes a select that is done. */
  remove(select: LooseSelect): void {
    // An old one is dropped by a sweep.
    if (!this.#young.has(select)) return;
    this.#young.remove(select);
    this.#youngCount -= 1;
  }

  /** Lists what a channel holds, until it is collected. */
  hold(holder: WaitHolder): void {
    if (this.#weakCount >= this.#sweepAt) this.#sweep();
    this.#weak.append(new WeakHolder(holder));
    this.#weakCount += 1;
  }

  *[Symbol.iterator](): IterableIterator<LooseWait> {
    for (const { held } of this.#weak) yield* held;
    for (const { held } of this.#young) yield* held;
  }

  #sweep(): void {
    this.#weak.forEach((holder) => {
      if (!holder.isDone) return;
      this.#weak.remove(holder);
      this.#weakCount -= 1;
    });
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#weakCount);
  }
}

/** Those of this process. */
export const looseWaits: LooseWaits = new LooseWaits();
