// A socket as a source of `select`: gives what `readMessage` would give, and never waits. It is not
// a read: a read may be parked at the same time, and is served first. message-socket.ts makes the
// port; the reader of the conversation does the work.

import type { Conversation } from '../conversation/conversation.ts';
import type { ReadView } from '../conversation/pending-read.ts';
import { ScheduledPort } from '../time/scheduling.ts';
import type { ParkedSelects, Scheduling } from '../time/scheduling.ts';
import type { Data } from '../core/data.ts';
import type { ReadResult } from '../core/status.ts';

/** The port of one socket. A shared conversation has several sockets (I1, I3, I7). */
export class SocketPort extends ScheduledPort<ReadResult> {
  readonly #conversation: Conversation;
  readonly #view: ReadView;
  readonly scheduling: Scheduling;

  /** @param view - That of the same socket. */
  constructor(conversation: Conversation, view: ReadView) {
    super();
    this.#conversation = conversation;
    this.#view = view;
    this.scheduling = conversation.reader.scheduling;
  }

  override get selects(): ParkedSelects | undefined {
    return this.#conversation.reader.selects;
  }

  /** The message that `take` would give, where it lies; undefined where none is there. */
  get oldest(): { readonly data: Data } | undefined {
    return this.#conversation.queue.oldest;
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
    return this.#conversation.reader.subscribe(wake, this.#view);
  }
}
