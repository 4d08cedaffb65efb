// The events behind what `room.subscribe` gives, a channel: a publish adds them without waiting.
// Where it is full, what it misses becomes a gap in its place. room-state.ts fills it.

import type { RoomEvent, SubscribeOptions } from './room.ts';
import { ValueQueue } from '../tasks/value-queue.ts';
import type { Clock } from '../time/clock.ts';
import { checkCount, checkNames } from '../core/arguments.ts';
import { complete, namesOf } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';
import type { ListNode } from '../structures/linked-list.ts';

export const SUBSCRIBE_OPTIONS: OptionTable<SubscribeOptions> = {
  capacity: [1000, checkCount],
};

/** Checks the options of `room.subscribe`. @throws UsageError `COROSOCK_ARGUMENT`. */
export function checkSubscribe(options: SubscribeOptions): Complete<SubscribeOptions> {
  checkNames('room.subscribe()', options, namesOf(SUBSCRIBE_OPTIONS));
  return complete('room.subscribe()', options, SUBSCRIBE_OPTIONS);
}

/** The events of one subscription, and the gap behind them where it is full. */
export class EventQueue extends ValueQueue<RoomEvent> implements ListNode<EventQueue> {
  readonly #capacity: number;
  readonly #onClose: (queue: EventQueue) => void;
  /** The gap that was added last; it may have been taken since. */
  #gap: { readonly gap: { forMs: number } } | undefined;
  #gapSinceMs = 0;
  // Set by the list of its room.
  previous: EventQueue | undefined;
  next: EventQueue | undefined;

  /** @param onClose - Called by each `close`. */
  constructor(capacity: number, clock: Clock, onClose: (queue: EventQueue) => void) {
    super(capacity, 'wait', clock);
    this.#capacity = capacity;
    this.#onClose = onClose;
  }

  /** Adds an event behind the others, or misses it. */
  add(event: RoomEvent): void {
    if ('gap' in event) this.#addGap(event.gap.forMs);
    else if (this.size < this.#capacity) this.append(event);
    else this.#addGap(0);
  }

  override close(): void {
    super.close();
    this.#onClose(this);
  }

  /** A gap that is the last event grows: it lasts from its beginning until now. */
  #addGap(forMs: number): void {
    const nowMs = this.scheduling.clock.now();
    const last = this.#gap !== undefined && this.newest === this.#gap ? this.#gap : undefined;
    this.#gapSinceMs = Math.min(last === undefined ? Infinity : this.#gapSinceMs, nowMs - forMs);
    if (last !== undefined) last.gap.forMs = nowMs - this.#gapSinceMs;
    else this.append((this.#gap = { gap: { forMs } }));
  }
}
