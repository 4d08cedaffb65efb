// Offers the messages of a shared socket to `onClientMessage`: one at a time and in order for each
// socket, in a pool over all sockets of the host. handler-run.ts makes it; it takes from the
// receive queue of the conversation, and leaves there what the hook does not consume.

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

/** What all sockets of a host share. */
export interface ClientMessagesSettings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly budget: TurnBudget;
  /** Runs `poolSize` bursts at once. */
  readonly pool: TaskQueue;
}

/** Hears of the hook; an interface, because the run makes this. */
export interface ClientMessagesListener {
  /** The hook has thrown: nothing more is offered. */
  clientMessagesOnError(error: unknown): void;
  /** A call has not settled in {@link HOOK_TIMEOUT_MS}: it goes on, and its permit is released. */
  clientMessagesOnStall(error: Error): void;
  /** All messages that came so far were offered, and no call is running. */
  clientMessagesOnIdle(): void;
}

/** Consumes with true, or a promise of true; a hook in JavaScript may return anything. */
type Hook = (data: Data) => unknown;

/** Offers the messages of one conversation to its hook. */
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
  /** When the permit of the pool was granted. */
  #permitSinceMs = 0;
  /** When the running call began; undefined between calls. */
  #calledMs: number | undefined;
  /** Releases the permit of the pool. */
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

  /** Says what is still to be done, for a report; undefined for nothing. */
  get undone(): string | undefined {
    if (!this.#isBusy) return undefined;
    // Without a running call it waits for the pool, or for its next turn.
    const isCalling = this.#calledMs !== undefined;
    return isCalling ? 'onClientMessage still runs' : 'Messages still wait for onClientMessage';
  }

  /** Offers nothing more: messages that were not offered can be read. */
  stop(): void {
    const { reader } = this.#conversation;
    this.#isStopped = true;
    this.#deadline?.stop();
    while (reader.unoffered !== undefined) reader.releaseOffered();
  }

  /** Called by the deadline: a call may have taken too long. */
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

  /** Waits for a permit of the pool, for a burst of messages: a task costs far more than one. */
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

  /** Offers what has come and comes meanwhile, while it has its permit. Never rejects. */
  async #burst(): Promise<void> {
    const { reader } = this.#conversation;
    try {
      const { spender } = reader.scheduling;
      while (this.#hasPermit && reader.unoffered !== undefined) await this.#offer(reader.unoffered, spender);
    } catch (error) {
      this.stop();
      this.#listener.clientMessagesOnError(error);
    }
    this.#calledMs = undefined;
    // Behind the bursts that wait already.
    if (reader.unoffered !== undefined) return this.#takePermit();
    this.#isBusy = false;
    this.#listener.clientMessagesOnIdle();
  }

  async #offer(data: Data, spender: object): Promise<void> {
    const { reader } = this.#conversation;
    const { clock, deadlines, budget } = this.#settings;
    this.#calledMs = clock.now();
    this.#deadline ??= new Deadline(deadlines, this);
    this.#deadline.setAt(this.#calledMs + HOOK_TIMEOUT_MS);
    // A socket whose messages never end must not keep other sockets out of the pool. Its hook may
    // wait meanwhile: this is the time of a permit, not of the event loop.
    if (this.#calledMs - this.#permitSinceMs >= BUDGET_MS) this.#hasPermit = false;
    const isConsumed = (await this.#hook(data)) === true;
    this.#calledMs = undefined;
    if (this.#isStopped) return;
    if (isConsumed) reader.dropOffered();
    else reader.releaseOffered();
    if (budget.spend(spender)) await budget.okLater(spender);
  }
}

function stalled(): Error {
  return new Error(
    'onClientMessage has not settled in 30 s, and has left the pool. ' +
      'Where it awaits a read of its own socket, it waits for ever: the next message is offered to it first',
  );
}
