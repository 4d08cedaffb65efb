// The messages that a handle has sent to the node of its socket and that have no status yet. For
// remote-transport.ts; what waits for a status is remote-conversation.ts's.

import type { Answer } from './socket-frames.ts';
import type { SendOptions } from '../transport/transport.ts';

/** What becomes of one message: the true status of the socket. */
export interface WriteReceipt {
  /** When its time is over, on the clock of this node. */
  readonly dueMs: number;
  /** Called when it is handed over. @param cancel - Asks the other node not to send it. */
  sent(cancel: () => void): void;
  settle(status: Answer): void;
}

/** Options of a send whose status is awaited. */
export interface ReceiptOptions extends SendOptions {
  readonly receipt?: WriteReceipt | undefined;
}

/** One message, or a part of one. */
export interface SentWrite {
  readonly bytes: number;
  readonly receipt: WriteReceipt | undefined;
  /** That of its frame; undefined before it is sent. */
  number: number | undefined;
  isCancelled: boolean;
}

/** Keeps what is handed over until its status comes. */
export class SentWrites {
  readonly #unanswered = new Set<SentWrite>();
  /** Those that are sent, by the number of their frame. */
  readonly #sent = new Map<number, SentWrite>();
  /** Bytes without a status. They stay what they were at the end. */
  unansweredBytes: number = 0;
  /** Bytes with a status, so far. */
  answeredBytes: number = 0;

  get areUnanswered(): boolean {
    return this.#unanswered.size > 0;
  }

  has(number: number): boolean {
    return this.#sent.has(number);
  }

  add(bytes: number, receipt: WriteReceipt | undefined): SentWrite {
    const write: SentWrite = { bytes, receipt, number: undefined, isCancelled: false };
    this.#unanswered.add(write);
    this.unansweredBytes += bytes;
    return write;
  }

  sentAs(number: number, write: SentWrite): void {
    write.number = number;
    this.#sent.set(number, write);
  }

  /** A status has come. @returns false, where no message waits for it. */
  answer(number: number, status: Answer): boolean {
    const write = this.#sent.get(number);
    if (write === undefined) return false;
    this.#sent.delete(number);
    this.#unanswered.delete(write);
    this.unansweredBytes -= write.bytes;
    this.answeredBytes += write.bytes;
    write.receipt?.settle(status);
    return true;
  }

  /** No status comes any more. */
  close(): void {
    for (const { receipt } of this.#unanswered) receipt?.settle('closed');
    this.#unanswered.clear();
    this.#sent.clear();
  }
}
