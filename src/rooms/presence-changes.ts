// What `room.presence.changes` gives, as the events behind a channel: keys that have come and gone
// since the last take. A taker that is slow misses nothing, and costs at most one change: what was
// not taken yet is added up. presence-state.ts fills it.

import type { PresenceChange } from './room.ts';
import { ValueQueue } from '../tasks/value-queue.ts';
import type { Clock } from '../time/clock.ts';
import type { ListNode } from '../structures/linked-list.ts';

interface Sum extends PresenceChange {
  readonly joined: string[];
  readonly left: string[];
}

/** The changes of one `room.presence.changes`: one value at most. */
export class PresenceChanges extends ValueQueue<PresenceChange> implements ListNode<PresenceChanges> {
  readonly #onClose: (queue: PresenceChanges) => void;
  /** The change that was added last; it may have been taken since. */
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
    if (sum === undefined || this.newest !== sum) {
      this.append((this.#sum = { joined: [...joined], left: [...left] }));
      return;
    }
    addUp(joined, sum.left, sum.joined);
    addUp(left, sum.joined, sum.left);
    if (sum.joined.length + sum.left.length === 0) this.takeBack();
  }

  override close(): void {
    super.close();
    this.#onClose(this);
  }
}

/** Adds keys to one list. One that stands in the other list has not changed: it is in neither. */
function addUp(keys: readonly string[], others: string[], list: string[]): void {
  // Many keys change at one time where a node is lost: one walk serves all of them.
  const undone = keys.length > 1 ? removeAll(keys, others) : removeOne(keys[0], others);
  for (const key of keys) if (!undone.has(key)) list.push(key);
}

/** @returns Those that were in the list. */
function removeAll(keys: readonly string[], list: string[]): ReadonlySet<string> {
  const wanted = new Set(keys);
  const removed = new Set<string>();
  let kept = 0;
  for (const key of list) {
    if (wanted.has(key)) {
      removed.add(key);
    } else {
      list[kept] = key;
      kept += 1;
    }
  }
  list.length = kept;
  return removed;
}

/** The same for one key at most, without a look at each of the list. */
function removeOne(key: string | undefined, list: string[]): ReadonlySet<string> {
  const at = key === undefined ? -1 : list.indexOf(key);
  return new Set(at === -1 ? [] : list.splice(at, 1));
}
