// A socket as a source of `select`: what `readMessage` would give, without the
// waiting. It is no read: one that is parked beside it is served first.

import type { Conversation } from '../conversation/conversation.ts';
import type { ReadView } from '../conversation/pending-read.ts';
import { ScheduledPort } from '../time/scheduling.ts';
import type { Scheduling } from '../time/scheduling.ts';
import type { ReadResult } from '../core/status.ts';

/** The port of one holder of a conversation (I1, I3, I7). */
export class SocketPort extends ScheduledPort<ReadResult> {
  readonly #conversation: Conversation;
  readonly #view: ReadView;
  readonly scheduling: Scheduling;

  /** @param view - Of the socket that it is the port of. */
  constructor(conversation: Conversation, view: ReadView) {
    super();
    this.#conversation = conversation;
    this.#view = view;
    this.scheduling = conversation.reader.scheduling;
  }

  get isOver(): boolean {
    return this.#conversation.queue.isOver;
  }

  ready(): boolean {
    return this.#conversation.reader.isReady;
  }

  take(): ReadResult {
    return this.#conversation.reader.takeMessage(this.#view);
  }

  subscribe(wake: () => void): () => void {
    return this.#conversation.reader.subscribe(wake);
  }
}
