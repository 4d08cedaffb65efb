// What is published to one member before its handler could write `membership.retained`: it is held,
// in order, and sent right after. member.ts adds to it and sends it.

import { MAX_WAITING_BYTES, MAX_WAITING_MESSAGES } from './latest-messages.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

/** A message, and what `latestBy` has given for it. */
export interface HeldMessage {
  message: OutgoingMessage;
  readonly key: string | undefined;
}

/** Holds the messages of one member, within the bounds of those that wait for room. */
export class HeldMessages implements Iterable<HeldMessage> {
  readonly #inOrder: HeldMessage[] = [];
  /** What a newer message may replace: everything behind the last message without a key. */
  readonly #byKey = new Map<string, HeldMessage>();
  #bytes = 0;

  add(message: OutgoingMessage, key: string | undefined): 'accepted' | 'replaced' | 'skipped' {
    const older = key === undefined ? undefined : this.#byKey.get(key);
    const count = this.#inOrder.length + (older === undefined ? 1 : 0);
    const bytes = this.#bytes + message.bytes - (older?.message.bytes ?? 0);
    if (count > MAX_WAITING_MESSAGES || (count > 1 && bytes > MAX_WAITING_BYTES)) return 'skipped';
    this.#bytes = bytes;
    if (older !== undefined) {
      older.message = message;
      return 'replaced';
    }
    const held = { message, key };
    this.#inOrder.push(held);
    if (key === undefined) this.#byKey.clear();
    else this.#byKey.set(key, held);
    return 'accepted';
  }

  [Symbol.iterator](): Iterator<HeldMessage> {
    return this.#inOrder.values();
  }
}
