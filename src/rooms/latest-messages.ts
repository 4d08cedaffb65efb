// What waits for one slow member with `latestBy`: the last unsent message of each key, each in its
// place in the writer's line. member.ts asks it while the member is over its write buffer; the
// line itself is the writer's.

import type { OutgoingMessage } from './outgoing-message.ts';
import { QueuedMessage } from '../conversation/queued-message.ts';
import type { Writer } from '../conversation/writer.ts';
import type { SendOptions } from '../transport/transport.ts';

/**
 * Messages that wait for one member.
 *
 * @limit Messages of a room that wait for one slow member, with `latestBy` | further ones are
 * skipped
 */
export const MAX_WAITING_MESSAGES = 1000;
/**
 * Bytes of messages that wait for one member. One message may be larger.
 *
 * @limit Bytes of messages of a room that wait for one slow member, with `latestBy` | further ones
 * are skipped
 */
export const MAX_WAITING_BYTES = 1_048_576;

interface Waiting {
  readonly queued: QueuedMessage;
  bytes: number;
}

/** Keeps the unsent messages of one member, and replaces them. */
export class LatestMessages {
  /** What a newer message may replace: everything behind the last barrier. */
  readonly #byKey = new Map<string, Waiting>();
  #count = 0;
  #bytes = 0;

  /** Lets a message wait for room. @param key - undefined: nothing is replaced across it. */
  add(
    writer: Writer,
    message: OutgoingMessage,
    options: SendOptions,
    key: string | undefined,
  ): 'accepted' | 'replaced' | 'skipped' {
    const older = key === undefined ? undefined : this.#byKey.get(key);
    if (older !== undefined && this.#isFull(message.bytes - older.bytes, 0)) return 'skipped';
    if (older !== undefined && writer.replace(older.queued, message.data, options)) {
      this.#bytes += message.bytes - older.bytes;
      older.bytes = message.bytes;
      return 'replaced';
    }
    if (this.#isFull(message.bytes, 1)) return 'skipped';
    this.#queue(writer, message, options, key);
    return 'accepted';
  }

  #isFull(bytes: number, count: number): boolean {
    if (this.#count + count > MAX_WAITING_MESSAGES) return true;
    return this.#count + count > 1 && this.#bytes + bytes > MAX_WAITING_BYTES;
  }

  #queue(writer: Writer, message: OutgoingMessage, options: SendOptions, key: string | undefined): void {
    const { data, bytes } = message;
    const waiting: Waiting = { queued: new QueuedMessage(data, options, () => onEnd()), bytes };
    const onEnd = (): void => {
      this.#count -= 1;
      this.#bytes -= waiting.bytes;
      if (key !== undefined && this.#byKey.get(key) === waiting) this.#byKey.delete(key);
    };
    this.#count += 1;
    this.#bytes += bytes;
    if (key === undefined) this.#byKey.clear();
    else this.#byKey.set(key, waiting);
    writer.queue(waiting.queued);
  }
}
