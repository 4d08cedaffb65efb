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
    for (const key of joined) move(key, sum.left, sum.joined);
    for (const key of left) move(key, sum.joined, sum.left);
    if (sum.joined.length + sum.left.length === 0) this.takeBack();
  }

  override close(): void {
    super.close();
    this.#onClose(this);
  }
}

/** A key that has come and gone, or gone and come, has not changed. */
function move(key: string, from: string[], to: string[]): void {
  const at = from.indexOf(key);
  if (at === -1) to.push(key);
  else from.splice(at, 1);
}
