// A shared socket's messages on their way through `onClientMessage`: one at a
// time and in order for each socket, in a pool over all of them. What the hook
// does not consume goes on to the readers.

import type { TaskQueue } from '../time/task-queue.ts';
import type { Conversation } from '../socket/conversation.ts';
import { Alarm } from '../time/alarm.ts';
import type { AlarmOwner } from '../time/alarm.ts';
import type { Alarms } from '../time/alarms.ts';
import type { Clock } from '../time/clock.ts';
import type { TurnBudget } from '../time/turn-budget.ts';
import type { Data } from '../words/data.ts';
import { BUDGET_MS, HOOK_TIMEOUT_MS } from '../words/limits.ts';

/** What all offerings of a host share. */
export interface OfferingSettings {
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly budget: TurnBudget;
  /** So many bursts at once, over all sockets. */
  readonly pool: TaskQueue;
}

/** Who hears of an offering. */
export interface OfferingListener {
  /** The hook has thrown: nothing more is offered. */
  offeringOnError(error: unknown): void;
  /** A call has not settled in {@link HOOK_TIMEOUT_MS}: it goes on, but has given its place in the pool up. */
  offeringOnStall(error: Error): void;
  /** Nothing is left to be offered. */
  offeringOnIdle(): void;
}

/** Consumes with true, or a promise of it; JavaScript's hooks may answer with anything. */
type Hook = (data: Data) => unknown;

/** Offers the messages of one conversation to a hook. */
export class Offering implements AlarmOwner {
  readonly #conversation: Conversation;
  readonly #hook: Hook;
  readonly #settings: OfferingSettings;
  readonly #listener: OfferingListener;
  /** Made with the first message. */
  #alarm: Alarm | undefined;
  /** Whether a burst waits for the pool, or runs. */
  #isBusy = false;
  #isStopped = false;
  #hasPlace = false;
  /** When it got its place in the pool. */
  #placedMs = 0;
  /** When the call at hand began; undefined between calls. */
  #calledMs: number | undefined;
  /** Gives the place in the pool up. */
  #release: () => void = ignore;

  constructor(
    conversation: Conversation,
    hook: Hook,
    settings: OfferingSettings,
    listener: OfferingListener,
  ) {
    this.#conversation = conversation;
    this.#hook = hook;
    this.#settings = settings;
    this.#listener = listener;
    conversation.offerFirst(() => this.#begin());
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
    const { queue, reader } = this.#conversation;
    this.#isStopped = true;
    this.#alarm?.stop();
    while (queue.unoffered !== undefined) queue.releaseOffered();
    reader.wake();
  }

  /** Called by the alarm: a call has taken too long. */
  alarmOnRing(nowMs: number): void {
    if (this.#calledMs === undefined) return;
    if (nowMs < this.#calledMs + HOOK_TIMEOUT_MS) return this.#alarm?.setAt(this.#calledMs + HOOK_TIMEOUT_MS);
    this.#hasPlace = false;
    this.#release();
    this.#listener.offeringOnStall(stalled());
  }

  #begin(): void {
    if (this.#isBusy || this.#isStopped) return;
    this.#isBusy = true;
    this.#takePlace();
  }

  /** Waits for one place in the pool, for a burst of messages: a task costs far more than a message. */
  #takePlace(): void {
    void this.#settings.pool.run(
      () =>
        new Promise<void>((release) => {
          this.#hasPlace = true;
          this.#placedMs = this.#settings.clock.now();
          this.#release = release;
          void this.#burst().then(release);
        }),
    );
  }

  /** Offers what has come and comes meanwhile, while it has its place. Never rejects. */
  async #burst(): Promise<void> {
    const { queue, reader } = this.#conversation;
    try {
      while (this.#hasPlace && queue.unoffered !== undefined) await this.#offer(queue.unoffered);
    } catch (error) {
      this.stop();
      this.#listener.offeringOnError(error);
    }
    this.#calledMs = undefined;
    // Behind those who wait already.
    if (queue.unoffered !== undefined) return this.#takePlace();
    this.#isBusy = false;
    reader.wake();
    this.#listener.offeringOnIdle();
  }

  async #offer(data: Data): Promise<void> {
    const { queue, reader } = this.#conversation;
    const { clock, alarms, budget } = this.#settings;
    this.#calledMs = clock.now();
    this.#alarm ??= new Alarm(alarms, this);
    this.#alarm.setAt(this.#calledMs + HOOK_TIMEOUT_MS);
    // A socket that never runs dry must not keep others out of the pool.
    if (this.#calledMs - this.#placedMs >= BUDGET_MS) this.#hasPlace = false;
    const isConsumed = (await this.#hook(data)) === true;
    this.#calledMs = undefined;
    if (this.#isStopped) return;
    if (isConsumed) {
      queue.dropOffered();
    } else {
      queue.releaseOffered();
      reader.wake();
    }
    if (budget.spend()) await new Promise<void>((resolve) => void clock.setImmediate(resolve));
  }
}

function stalled(): Error {
  return new Error(
    'onClientMessage has not settled in time, and has lost its place in the pool. ' +
      'Where it awaits a read of its own socket, it waits for ever: what comes next is offered to it first',
  );
}

function ignore(): void {}
