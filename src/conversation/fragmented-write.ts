// One write of a message in parts. The writer tells it when there is room and it is
// its turn; it then asks for one part after the other, and holds the line until the
// last has gone. Where the line is, and who else waits in it, is the writer's.

import type { Fragments } from './fragments.ts';
import type { WaitingWrite } from './write-request.ts';
import type { FragmentOptions, SendOptions } from '../transport/transport.ts';
import type { Data } from '../core/data.ts';
import type { WriteStatus } from '../core/status.ts';
import { noop } from '../core/noop.ts';

/** One call of `write` with an iterable. */
export interface FragmentedRequest {
  readonly parts: Fragments;
  readonly options: SendOptions;
  /** For all of it, from the call on. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Its first part has gone, its last never will: nothing more can be sent. */
  readonly onBroken: () => void;
}

/** How it ended: with a status, or with what the iterable has done wrong. */
export type FragmentedEnd = { readonly status: WriteStatus } | { readonly error: unknown };

/** What the writer does for it. */
export interface FragmentSink {
  /** Whether a further part may be asked for now; where not, `goOn` is called when it may. */
  mayGoOn(): boolean;
  sendFragment(part: Data, options: FragmentOptions): boolean;
  /** It is over: the line is free. */
  fragmentedWriteOnEnd(write: FragmentedWrite): void;
  /** It is over in the middle of its message: nothing can follow. */
  fragmentedWriteOnBreak(write: FragmentedWrite, onBroken: () => void): void;
}

/** Sends the parts of one message (I9). */
export class FragmentedWrite implements WaitingWrite {
  readonly #request: FragmentedRequest;
  readonly #settle: (end: FragmentedEnd) => void;
  readonly #outlet: FragmentSink;
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
  #resume: () => void = noop;

  constructor(
    request: FragmentedRequest,
    dueMs: number,
    settle: (end: FragmentedEnd) => void,
    outlet: FragmentSink,
  ) {
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
    const isAccepted = this.#outlet.sendFragment(part, { ...this.#request.options, last });
    this.#hasBegun ||= isAccepted;
    return isAccepted;
  }

  /** By itself. */
  #end(status: WriteStatus): void {
    this.#settle({ status });
    this.#stop();
    this.#outlet.fragmentedWriteOnEnd(this);
  }

  #fail(error: unknown): void {
    if (this.#isOver()) return;
    this.#settle({ error });
    this.#giveUp();
  }

  /** Before its last part has gone: where none has, it is as if it had never been. */
  #giveUp(): void {
    this.#stop();
    if (this.#hasBegun) this.#outlet.fragmentedWriteOnBreak(this, this.#request.onBroken);
    else this.#outlet.fragmentedWriteOnEnd(this);
  }

  #stop(): void {
    this.#state = 'over';
    void this.#request.parts.letGo();
  }

  #isOver(): boolean {
    return this.#state === 'over';
  }
}
