// One write of a message in fragments. The writer lets it go on when there is room and it is first
// in line; it asks its iterable for one fragment after the other, sends each, and stays first until
// the last is sent. Checks of what the iterable gives are in fragments.ts, the line in writer.ts.

import type { Fragments } from './fragments.ts';
import type { WaitingWrite } from './write-request.ts';
import type { Data } from '../core/data.ts';
import { noop } from '../core/noop.ts';
import type { Resolver } from '../core/parked-wait.ts';
import type { WriteStatus } from '../core/status.ts';
import type { FragmentOptions, SendOptions } from '../transport/transport.ts';

/** One call of `write` with an iterable. */
export interface FragmentedRequest {
  readonly fragments: Fragments;
  readonly options: SendOptions;
  /** For the whole message, from the call on. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Called where a fragment was sent and the last never will be: no other message can follow. */
  readonly onBroken: () => void;
}

/** Ends the promise of the call. */
export interface FragmentedAnswer {
  readonly settle: (status: WriteStatus) => void;
  readonly resolver: Resolver;
  /** @param error - What the iterable has done wrong, or has thrown. */
  readonly fail: (error: unknown) => void;
}

/** What a fragmented write asks of the writer. An interface: the two must not import each other. */
export interface FragmentSink {
  /** Whether to ask for a further fragment now; otherwise `goOn` is called when there is room. */
  mayGoOn(): boolean;
  sendFragment(fragment: Data, options: FragmentOptions): boolean;
  /** It is over: the next write in line may go on. */
  fragmentedWriteOnEnd(write: FragmentedWrite): void;
  /** It is over in the middle of its message: no other message can follow. */
  fragmentedWriteOnBreak(write: FragmentedWrite, onBroken: () => void): void;
}

/** Sends the fragments of one message (I9). */
export class FragmentedWrite implements WaitingWrite {
  readonly #request: FragmentedRequest;
  readonly #sink: FragmentSink;
  readonly #answer: FragmentedAnswer;
  readonly resolver: Resolver;
  readonly data = undefined;
  readonly sinceMs: number;
  readonly timeoutMs: number;
  // Kept by the writer's list.
  previous: WaitingWrite | undefined;
  next: WaitingWrite | undefined;

  /** `held`: waits for its turn and for room. `asking`: waits for a fragment. */
  #state: 'held' | 'asking' | 'over' = 'held';
  /** Whether a fragment was sent: from then on the message is finished or the socket ends. */
  #hasBegun = false;
  /** Lets it ask; set while it is held. */
  #resume: () => void = noop;

  constructor(request: FragmentedRequest, sinceMs: number, sink: FragmentSink, answer: FragmentedAnswer) {
    this.#request = request;
    this.resolver = answer.resolver;
    this.sinceMs = sinceMs;
    this.timeoutMs = request.timeoutMs;
    this.#sink = sink;
    this.#answer = answer;
    // By the resolver, the engine shows the line that awaits the write in an error of a fragment.
    // It comes too late to resolve: where all is asked for, the answer is given.
    void this.#askForAll().then(answer.resolver as () => void, (error) => this.#fail(error));
  }

  // Called by the writer.

  /**
   * There is room, and it is first in line. The iterable is asked in a microtask, never inside the
   * call of `write`.
   */
  goOn(): void {
    if (this.#state !== 'held') return;
    this.#state = 'asking';
    this.#resume();
  }

  /** Ends it: its time is over, or the conversation is. */
  settle(status: WriteStatus): void {
    const isLate = status === 'timeout';
    this.#answer.settle(isLate && this.#hasBegun ? 'closed' : status);
    if (isLate) this.cancel();
    else this.#stop();
  }

  /**
   * Ends it without an answer. Where no fragment was sent, nothing of the message is; otherwise the
   * message is broken.
   */
  cancel(): void {
    this.#stop();
    if (this.#hasBegun) this.#sink.fragmentedWriteOnBreak(this, this.#request.onBroken);
    else this.#sink.fragmentedWriteOnEnd(this);
  }

  /**
   * Asks for fragments and sends them, whenever there is room.
   *
   * The call of `write` begins it, and it waits by itself: the iterable stays in the
   * AsyncLocalStorage context of that call, whichever code makes room.
   */
  async #askForAll(): Promise<void> {
    await this.#untilRoom();
    while (!this.#isOver()) {
      this.#take(await this.#request.fragments.next());
      if (!this.#isOver() && !this.#sink.mayGoOn()) await this.#untilRoom();
    }
  }

  /** Resolves when it may ask; never, where it ends before. */
  #untilRoom(): Promise<void> {
    this.#state = 'held';
    return new Promise((resume) => (this.#resume = resume));
  }

  /** Sends a fragment, or the last one at the end of the iterable. Nothing after the end. */
  #take(fragment: Data | undefined): void {
    if (this.#isOver()) return;
    if (fragment === undefined) this.#end(this.#send(this.#request.fragments.rest, true) ? 'ok' : 'closed');
    else if (fragment.length > 0 && !this.#send(fragment, false)) this.#end('closed');
  }

  #send(fragment: Data, last: boolean): boolean {
    const isAccepted = this.#sink.sendFragment(fragment, { ...this.#request.options, last });
    this.#hasBegun ||= isAccepted;
    return isAccepted;
  }

  #end(status: WriteStatus): void {
    this.#answer.settle(status);
    this.#stop();
    this.#sink.fragmentedWriteOnEnd(this);
  }

  #fail(error: unknown): void {
    if (this.#isOver()) return;
    this.#answer.fail(error);
    this.cancel();
  }

  #stop(): void {
    this.#state = 'over';
    void this.#request.fragments.release();
  }

  #isOver(): boolean {
    return this.#state === 'over';
  }
}
