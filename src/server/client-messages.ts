// A shared socket's messages on their way through `onClientMessage`: one at a
// time and in order for each socket, in a pool over all of them. What the hook
// does not consume goes on to the readers.

import type { TaskQueue } from '../waiting/task-queue.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner, Deadlines } from '../time/deadline.ts';
import type { Clock } from '../time/clock.ts';
import type { TurnBudget } from '../time/turn-budget.ts';
import type { Data } from '../core/data.ts';
import { BUDGET_MS } from '../time/turn-budget.ts';
import { noop } from '../core/noop.ts';

/**
 * A call of `onClientMessage` that takes longer is reported and leaves the pool.
 *
 * @limit Time of one `onClientMessage` call | it is reported and leaves the pool
 */
const HOOK_TIMEOUT_MS = 30_000;

/** What all offerings of a host share. */
export interface ClientMessagesSettings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly budget: TurnBudget;
  /** So many bursts at once, over all sockets. */
  readonly pool: TaskQueue;
}

/** Who hears of an offering. */
export interface ClientMessagesListener {
  /** The hook has thrown: nothing more is offered. */
  clientMessagesOnError(error: unknown): void;
  /** A call has not settled in {@link HOOK_TIMEOUT_MS}: it goes on, but has given its place in the pool up. */
  clientMessagesOnStall(error: Error): void;
  /** Nothing is left to be offered. */
  clientMessagesOnIdle(): void;
}

/** Consumes with true, or a promise of it; JavaScript's hooks may answer with anything. */
type Hook = (data: Data) => unknown;

/** Offers the messages of one conversation to a hook. */
export class ClientMessages implements DeadlineOwner {
  readonly #conversation: Conversation;
  readonly #hook: Hook;
  readonly #settings: ClientMessagesSettings;
  readonly #listener: ClientMessagesListener;
  /** Made with the first message. */
  #deadline: Deadline | undefined;
  /** Whether a burst waits for the pool, or runs. */
  #isBusy = false;
  #isStopped = false;
  #hasPermit = false;
  /** When it got its place in the pool. */
  #permitSinceMs = 0;
  /** When the call at hand began; undefined between calls. */
  #calledMs: number | undefined;
  /** Gives the place in the pool up. */
  #release: () => void = noop;

  constructor(
    conversation: Conversation,
    hook: Hook,
    settings: ClientMessagesSettings,
    listener: ClientMessagesListener,
  ) {
    this.#conversation = conversation;
    this.#hook = hook;
    this.#settings = settings;
    this.#listener = listener;
    conversation.reader.offerFirst(() => this.#begin());
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** What it has left undone, in words; undefined when nothing is. */
  get undone(): string | undefined {
    if (!this.#isBusy) return undefined;
    // Without a call at hand it waits for the pool, or for its next turn.
    const isCalling = this.#calledMs !== undefined;
    return isCalling ? 'onClientMessage still runs' : 'Messages still wait for onClientMessage';
  }

  /** Offers nothing more; what was not offered can be read. */
  stop(): void {
    const { reader } = this.#conversation;
    this.#isStopped = true;
    this.#deadline?.stop();
    while (reader.unoffered !== undefined) reader.releaseOffered();
  }

  /** Called by the deadline: a call has taken too long. */
  onDeadline(nowMs: number): void {
    if (this.#calledMs === undefined) return;
    if (nowMs < this.#calledMs + HOOK_TIMEOUT_MS)
      return this.#deadline?.setAt(this.#calledMs + HOOK_TIMEOUT_MS);
    this.#hasPermit = false;
    this.#release();
    this.#listener.clientMessagesOnStall(stalled());
  }

  #begin(): void {
    if (this.#isBusy || this.#isStopped) return;
    this.#isBusy = true;
    this.#takePermit();
  }

  /** Waits for one place in the pool, for a burst of messages: a task costs far more than a message. */
  #takePermit(): void {
    void this.#settings.pool.run(
      () =>
        new Promise<void>((release) => {
          this.#hasPermit = true;
          this.#permitSinceMs = this.#settings.clock.now();
          this.#release = release;
          void this.#burst().then(release);
        }),
    );
  }

  /** Offers what has come and comes meanwhile, while it has its place. Never rejects. */
  async #burst(): Promise<void> {
    const { reader } = this.#conversation;
    try {
      while (this.#hasPermit && reader.unoffered !== undefined) await this.#offer(reader.unoffered);
    } catch (error) {
      this.stop();
      this.#listener.clientMessagesOnError(error);
    }
    this.#calledMs = undefined;
    // Behind those who wait already.
    if (reader.unoffered !== undefined) return this.#takePermit();
    this.#isBusy = false;
    this.#listener.clientMessagesOnIdle();
  }

  async #offer(data: Data): Promise<void> {
    const { reader } = this.#conversation;
    const { clock, deadlines, budget } = this.#settings;
    this.#calledMs = clock.now();
    this.#deadline ??= new Deadline(deadlines, this);
    this.#deadline.setAt(this.#calledMs + HOOK_TIMEOUT_MS);
    // A socket that never runs dry must not keep others out of the pool.
    if (this.#calledMs - this.#permitSinceMs >= BUDGET_MS) this.#hasPermit = false;
    const isConsumed = (await this.#hook(data)) === true;
    this.#calledMs = undefined;
    if (this.#isStopped) return;
    if (isConsumed) reader.dropOffered();
    else reader.releaseOffered();
    if (budget.spend()) await new Promise<void>((resolve) => void clock.setImmediate(resolve));
  }
}

function stalled(): Error {
  return new Error(
    'onClientMessage has not settled in time, and has lost its place in the pool. ' +
      'Where it awaits a read of its own socket, it waits for ever: what comes next is offered to it first',
  );
}
