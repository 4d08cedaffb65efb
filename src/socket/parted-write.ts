// One write of a message in parts. The writer tells it when there is room and it is
// its turn; it then asks for one part after the other, and holds the line until the
// last has gone. Where the line is, and who else waits in it, is the writer's.

import type { MessageParts } from './message-parts.ts';
import type { WaitingWrite } from './write-request.ts';
import type { PartOptions, SendOptions } from '../transport/transport.ts';
import type { Data } from '../words/data.ts';
import type { WriteStatus } from '../words/status.ts';

/** One call of `write` with an iterable. */
export interface PartedRequest {
  readonly parts: MessageParts;
  readonly options: SendOptions;
  /** For all of it, from the call on. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Its first part has gone, its last never will: nothing more can be sent. */
  readonly onBroken: () => void;
}

/** How it ended: with a status, or with what the iterable has done wrong. */
export type PartedEnd = { readonly status: WriteStatus } | { readonly error: unknown };

/** What the writer does for it. */
export interface PartsOutlet {
  /** Whether a further part may be asked for now; where not, `goOn` is called when it may. */
  mayGoOn(): boolean;
  sendPart(part: Data, options: PartOptions): boolean;
  /** It is over: the line is free. */
  partedOnEnd(write: PartedWrite): void;
  /** It is over in the middle of its message: nothing can follow. */
  partedOnBreak(write: PartedWrite, onBroken: () => void): void;
}

/** Sends the parts of one message (I9). */
export class PartedWrite implements WaitingWrite {
  readonly #request: PartedRequest;
  readonly #settle: (end: PartedEnd) => void;
  readonly #outlet: PartsOutlet;
  /** When to give up, on the clock; Infinity for never. */
  readonly dueMs: number;
  // Kept by the writer.
  previous: WaitingWrite | undefined;
  next: WaitingWrite | undefined;

  /** `held`: waits for its turn and for room; `asking`: for a part. */
  #state: 'held' | 'asking' | 'over' = 'held';
  /** Whether a part has gone: from then on it is finished or the socket ends. */
  #hasBegun = false;
  /** Lets it ask; set while it is held. */
  #resume: () => void = ignore;

  constructor(request: PartedRequest, dueMs: number, settle: (end: PartedEnd) => void, outlet: PartsOutlet) {
    this.#request = request;
    this.dueMs = dueMs;
    this.#settle = settle;
    this.#outlet = outlet;
    void this.#run();
  }

  // Called by the writer.

  /** There is room, and it is first in the line. The iterable is asked in a moment, never inside the call of `write`. */
  goOn(): void {
    if (this.#state !== 'held') return;
    this.#state = 'asking';
    this.#resume();
  }

  /** Its time is up, or the conversation is over. */
  settle(status: WriteStatus): void {
    const isLate = status === 'timeout';
    this.#settle({ status: isLate && this.#hasBegun ? 'closed' : status });
    if (isLate) this.#giveUp();
    else this.#stop();
  }

  /** Its signal has aborted, and rejects it. */
  cancel(): void {
    this.#giveUp();
  }

  /**
   * Asks for parts and sends them, whenever there is room. Never rejects.
   *
   * Begun by the call of `write`, it waits by itself: the iterable stays in the
   * AsyncLocalStorage context of that call, whoever has made room.
   */
  async #run(): Promise<void> {
    try {
      await this.#askForAll();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #askForAll(): Promise<void> {
    await this.#untilRoom();
    while (!this.#isOver()) {
      this.#take(await this.#request.parts.next());
      if (!this.#isOver() && !this.#outlet.mayGoOn()) await this.#untilRoom();
    }
  }

  /** Never comes where it is given up meanwhile: nothing is left to do then. */
  #untilRoom(): Promise<void> {
    this.#state = 'held';
    return new Promise((resume) => (this.#resume = resume));
  }

  /** Sends what was asked for, unless it was given up meanwhile. */
  #take(part: Data | undefined): void {
    if (this.#isOver()) return;
    if (part === undefined) this.#end(this.#send(this.#request.parts.rest, true) ? 'ok' : 'closed');
    else if (part.length > 0 && !this.#send(part, false)) this.#end('closed');
  }

  #send(part: Data, last: boolean): boolean {
    const isAccepted = this.#outlet.sendPart(part, { ...this.#request.options, last });
    this.#hasBegun ||= isAccepted;
    return isAccepted;
  }

  /** By itself. */
  #end(status: WriteStatus): void {
    this.#settle({ status });
    this.#stop();
    this.#outlet.partedOnEnd(this);
  }

  #fail(error: unknown): void {
    if (this.#isOver()) return;
    this.#settle({ error });
    this.#giveUp();
  }

  /** Before its last part has gone: where none has, it is as if it had never been. */
  #giveUp(): void {
    this.#stop();
    if (this.#hasBegun) this.#outlet.partedOnBreak(this, this.#request.onBroken);
    else this.#outlet.partedOnEnd(this);
  }

  #stop(): void {
    this.#state = 'over';
    void this.#request.parts.letGo();
  }

  #isOver(): boolean {
    return this.#state === 'over';
  }
}

function ignore(): void {}
