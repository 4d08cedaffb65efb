// What `room.presence.changes` gives, as the events behind a channel: keys that have come and gone
// since the last take. A taker that is slow misses nothing, and costs at most one change: what was
// not taken yet is added up. presence-state.ts fills it.

import type { PresenceChange } from './room.ts';
import { ValueQueue } from '../tasks/value-queue.ts';
import type { Clock } from '../time/clock.ts';
import type { ReadResult } from '../core/status.ts';
import type { ListNode } from '../structures/linked-list.ts';

/** The change that waits. */
interface Sum {
  /** What is taken: the lists are made then. */
  readonly change: { joined: readonly string[]; left: readonly string[] };
  readonly joined: Set<string>;
  readonly left: Set<string>;
}

/** The changes of one `room.presence.changes`: one value at most. */
export class PresenceChanges extends ValueQueue<PresenceChange> implements ListNode<PresenceChanges> {
  readonly #onClose: (queue: PresenceChanges) => void;
  /** Undefined where no change waits. */
  #sum: Sum | undefined;
  // Set by the list of its room.
  previous: PresenceChanges | undefined;
  next: PresenceChanges | undefined;

  /** @param onClose - Called by each `close`. */
  constructor(clock: Clock, onClose: (queue: PresenceChanges) => void) {
    super(1, 'wait', clock);
    this.#onClose = onClose;
  }

  /** Adds keys to the change that waits, or makes one. A key is in one of the lists. */
  add(joined: readonly string[], left: readonly string[]): void {
    const sum = this.#sum;
    if (sum === undefined || this.newest !== sum.change) {
      const change = { joined, left };
      this.#sum = { change, joined: new Set(joined), left: new Set(left) };
      return this.append(change);
    }
    addUp(joined, sum.left, sum.joined);
    addUp(left, sum.joined, sum.left);
    if (sum.joined.size + sum.left.size === 0) this.takeBack();
  }

  override take(): ReadResult<PresenceChange> {
    const taken = super.take();
    const sum = this.#sum;
    if (sum === undefined || taken[0] !== sum.change) return taken;
    sum.change.joined = [...sum.joined];
    sum.change.left = [...sum.left];
    this.#sum = undefined;
    return taken;
  }

  override close(): void {
    super.close();
    this.#onClose(this);
  }
}

/** Adds keys to one set. One that is in the other set has not changed: it is in neither. */
function addUp(keys: readonly string[], others: Set<string>, own: Set<string>): void {
  for (const key of keys) if (!others.delete(key)) own.add(key);
}
