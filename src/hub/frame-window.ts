// The parts of messages that the handles of one node send. Few enough are under way that what its
// rooms publish fits into what the broker takes at once, too (brokers/unacknowledged-calls.ts).
// remote-sockets.ts makes it for all handles; both ends of a handle send through it.

import { Ring } from '../structures/ring.ts';

/** Bytes of parts that the broker has not acknowledged. */
export const WINDOW_BYTES = 4_194_304;

/** A frame that waits for its turn. */
export interface WaitingFrame {
  readonly bytes: number;
  /** Sends it, unless its handle has ended. Resolves with the broker's answer; never rejects. */
  send(): Promise<unknown>;
}

/** Sends frames in the order in which they come. */
export class FrameWindow {
  readonly #waiting = new Ring<WaitingFrame>();
  #underWayBytes = 0;

  /** Sends a frame at once where there is room for it, and no other one waits. */
  push(frame: WaitingFrame): void {
    this.#waiting.push(frame);
    this.#sendSome();
  }

  #sendSome(): void {
    while (this.#waiting.length > 0 && this.#underWayBytes < WINDOW_BYTES) this.#send(this.#waiting.shift());
  }

  #send(frame: WaitingFrame): void {
    this.#underWayBytes += frame.bytes;
    void frame.send().then(() => {
      this.#underWayBytes -= frame.bytes;
      this.#sendSome();
    });
  }
}
