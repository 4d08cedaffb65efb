// What a handle writes to a socket of another node: cuts messages, sends their parts as the window
// of the node has room for them (frame-window.ts), and keeps them until their status comes
// (sent-writes.ts). For remote-transport.ts, whose frames it numbers.

import type { FrameWindow } from './frame-window.ts';
import { SentWrites } from './sent-writes.ts';
import type { ReceiptOptions, SentWrite } from './sent-writes.ts';
import { numberFields, partsOf, TO_SOCKET, writeFields } from './socket-frames.ts';
import type { Part } from './socket-frames.ts';
import type { Clock } from '../time/clock.ts';
import type { Data } from '../core/data.ts';
import { MESSAGE_OVERHEAD_BYTES } from '../core/limits.ts';

/** What it needs of the transport. */
export interface FrameSender {
  readonly clock: Clock;
  readonly window: FrameWindow;
  readonly isEnded: () => boolean;
  /** Sends a frame. @returns Its number, and what resolves with the answer of the broker. */
  readonly post: (type: number, fields: Uint8Array) => readonly [number: number, Promise<void>];
}

/** The writes of one handle. */
export class HandleWrites {
  readonly sent: SentWrites = new SentWrites();
  readonly #sender: FrameSender;
  /** Frames that wait for the window. What is sent after them must not overtake them. */
  #waiting = 0;

  constructor(sender: FrameSender) {
    this.#sender = sender;
  }

  /** Sends a message, or a part of one. @param last - Whether the message ends with it. */
  write(data: Data, options: ReceiptOptions, last: boolean): void {
    for (const part of partsOf(data, last)) {
      const bytes = part.bytes.byteLength + MESSAGE_OVERHEAD_BYTES;
      const write = this.sent.add(bytes, part.isLast ? options.receipt : undefined);
      this.#push(bytes, () => this.#send(write, part, options));
      if (part.isLast) options.receipt?.sent(() => this.#cancel(write));
    }
  }

  /** Sends a frame behind all that is written. */
  sendBehind(type: number, fields: Uint8Array): void {
    const post = (): Promise<void> => this.#sender.post(type, fields)[1];
    if (this.#waiting === 0) void post();
    else this.#push(0, post);
  }

  #push(bytes: number, post: () => Promise<void>): void {
    this.#waiting += 1;
    const send = async (): Promise<void> => {
      this.#waiting -= 1;
      if (!this.#sender.isEnded()) await post();
    };
    this.#sender.window.push([{ bytes, send }]);
  }

  #send(write: SentWrite, part: Part, { binary, compress, receipt }: ReceiptOptions): Promise<void> {
    const { clock, post } = this.#sender;
    const timeoutMs = receipt === undefined ? Infinity : Math.max(receipt.dueMs - clock.now(), 0);
    const fields = writeFields({ ...part, binary, compress, timeoutMs });
    const [number, posted] = post(TO_SOCKET.write, fields);
    this.sent.sentAs(number, write);
    if (write.isCancelled) this.#cancel(write);
    return posted;
  }

  /** One that waits is cancelled behind its last part. */
  #cancel(write: SentWrite): void {
    write.isCancelled = true;
    const { number } = write;
    if (number === undefined || !this.sent.has(number)) return;
    void this.#sender.post(TO_SOCKET.cancelWrite, numberFields(number));
  }
}
