// Sends what is much, so that little of it is under way: what rooms publish has to fit into what
// the broker takes at once, too (brokers/unacknowledged-calls.ts). remote-sockets.ts makes one for
// the messages of all its handles, and what is retained has one for answers and one for what nodes
// send each other after a gap.

import { Ring } from '../structures/ring.ts';

/** Bytes that the broker has not acknowledged. */
export const WINDOW_BYTES = 4_194_304;

/** A part that waits for its turn. */
export interface WaitingFrame {
  readonly bytes: number;
  /** Sends it, unless its sender has ended. Resolves with the broker's answer; never rejects. */
  send(): Promise<unknown>;
}

/** Sends parts in the order in which they come. */
export class FrameWindow {
  readonly #waiting = new Ring<Iterator<WaitingFrame>>();
  #underWayBytes = 0;

  /** Whether nothing waits, and what comes next is sent at once. */
  get isOpen(): boolean {
    return this.#waiting.length === 0 && this.#underWayBytes < WINDOW_BYTES;
  }

  /**
   * Sends parts at once where there is room for them, and no others wait.
   *
   * @param parts - Each is asked for when it is sent: an iterator may make them then, and end
   *   early. It must not throw.
   */
  push(parts: Iterable<WaitingFrame>): void {
    this.#waiting.push(parts[Symbol.iterator]());
    this.#sendSome();
  }

  #sendSome(): void {
    while (this.#waiting.length > 0 && this.#underWayBytes < WINDOW_BYTES) {
      // Taken out meanwhile: what an iterator does may end up here again.
      const parts = this.#waiting.shift();
      const next = parts.next();
      if (next.done === true) continue;
      this.#waiting.unshift(parts);
      this.#send(next.value);
    }
  }

  #send(part: WaitingFrame): void {
    this.#underWayBytes += part.bytes;
    void part.send().then(() => {
      this.#underWayBytes -= part.bytes;
      this.#sendSome();
    });
  }
}
