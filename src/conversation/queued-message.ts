// A message that waits in the writer's line without a call that awaits it: what a room publishes to
// a member that is over its write buffer. A newer message may take its place. rooms/ makes it, the
// writer keeps and sends it.

import type { WaitingWrite } from './write-request.ts';
import type { Data } from '../core/data.ts';
import type { WriteStatus } from '../core/status.ts';
import type { SendOptions } from '../transport/transport.ts';

/** What a queued message asks of the writer. An interface: the two must not import each other. */
export interface QueuedMessageSink {
  /** Sends it and takes it out of the line: there is room, and it is first. */
  sendQueued(message: QueuedMessage): void;
}

/** Waits for room in its place in the line, as long as it takes. */
export class QueuedMessage implements WaitingWrite {
  readonly resolver = undefined;
  readonly sinceMs = 0;
  readonly timeoutMs: number = Infinity;
  data: Data;
  options: SendOptions;
  /**
   * Which barrier it stands behind: see `Writer.replace`. Set with `sink` when it joins the line.
   */
  barrier = 0;
  sink: QueuedMessageSink | undefined;
  // Kept by the writer's list.
  previous: WaitingWrite | undefined;
  next: WaitingWrite | undefined;
  readonly #onEnd: (status: WriteStatus) => void;

  /** @param onEnd - Called once, when it was sent, or never will be. Must not throw. */
  constructor(data: Data, options: SendOptions, onEnd: (status: WriteStatus) => void) {
    this.data = data;
    this.options = options;
    this.#onEnd = onEnd;
  }

  goOn(): void {
    this.sink?.sendQueued(this);
  }

  settle(status: WriteStatus): void {
    this.#onEnd(status);
  }
}
