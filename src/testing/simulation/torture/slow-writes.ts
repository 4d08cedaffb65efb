// Lets each write of one socket wait, as with a peer that is always one message behind: also the
// shortest write has a wait then at which it can be cut. torture-run.ts uses it.

import type { Conversation } from '../../../conversation/conversation.ts';
import type { Clock } from '../../../time/clock.ts';

/** Makes the writes of a socket wait for one turn of the clock each. */
export class SlowWrites {
  readonly #conversation: Pick<Conversation, 'writer'>;
  readonly #clock: Clock;
  /** Whether the writer asks whether a message may go at once. */
  #isAsked = false;
  /** Whether waiting writes may go on. */
  #isRoom = false;
  #isScheduled = false;
  #isHeld = false;

  /** Before the first write. */
  constructor(conversation: Pick<Conversation, 'writer' | 'transport'>, clock: Clock) {
    this.#conversation = conversation;
    this.#clock = clock;
    const { writer, transport } = conversation;
    const [write, writeFragments] = [writer.write.bind(writer), writer.writeFragments.bind(writer)];
    const mayGoOn = writer.mayGoOn.bind(writer);
    writer.write = (request) => this.#asking(() => write(request));
    writer.writeFragments = (request) => this.#asking(() => writeFragments(request));
    writer.mayGoOn = () => {
      if (this.#isRoom) return mayGoOn();
      this.#goOnLater();
      return false;
    };
    const bufferedBytes = (): number =>
      Reflect.get(Object.getPrototypeOf(transport) as object, 'bufferedBytes', transport) as number;
    Object.defineProperty(transport, 'bufferedBytes', {
      get: () => (this.#isAsked ? Infinity : bufferedBytes()),
    });
  }

  /** Lets no write go on until {@link release}. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#goOnLater();
  }

  #asking<T>(call: () => T): T {
    this.#isAsked = true;
    try {
      return call();
    } finally {
      this.#isAsked = false;
      this.#goOnLater();
    }
  }

  #goOnLater(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.setImmediate(() => {
      this.#isScheduled = false;
      if (this.#isHeld) return;
      this.#isRoom = true;
      this.#conversation.writer.drain();
      this.#isRoom = false;
    });
  }
}
