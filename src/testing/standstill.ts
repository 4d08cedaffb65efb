// Watches for tests that wait for ever with runServer or fakeSocket: after a second of real time in
// which nothing has moved, `report` is told once who waits where. who-waits.ts finds the words.

import { codeElsewhere } from './handler-watch.ts';
import type { MemoryServer } from './memory-server.ts';
import { realTimer } from './real-turn.ts';
import { handlersWaiting, socketsWaiting } from './who-waits.ts';
import type { NamedSocket } from './who-waits.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Wait } from '../server/host-waits.ts';
import { MessageSocket } from '../socket/message-socket.ts';
import type { Clock } from '../time/clock.ts';
import { UsageError } from '../core/errors.ts';

/** The real time between two looks. */
const LOOK_MS = 500;
/** So many looks that see the same are a second or more without a move. */
const STILL_LOOKS = 3;
/** Code that may be in real I/O gets three seconds. */
const STILL_LOOKS_ELSEWHERE = 7;
/** A wait of a shorter time-out ends by itself under a real clock. */
const DAY_MS = 86_400_000;

/** What is watched. */
export interface StandstillSettings {
  /** Named in the report. */
  readonly call: string;
  readonly server: MemoryServer;
  /** Whether handlers are those of users. */
  readonly hasHandlers: boolean;
}

/** The watch of each host, which lives as long as that: a timer must not keep it. */
const watches = new WeakMap<object, StandstillWatch>();

/** Watches one run. It has one timer at a time, which does not hold the process. */
export class StandstillWatch {
  readonly #settings: StandstillSettings;
  /** What code of the test holds. */
  readonly #sockets: NamedSocket[] = [];
  /** Promises of the run itself that the test has asked for, and that are pending. */
  #asked = 0;
  #isOver = false;
  #before: readonly unknown[] = [];
  #stillLooks = 0;

  constructor(settings: StandstillSettings) {
    this.#settings = settings;
    watches.set(settings.server.host, this);
    // Both ends of a fakeSocket may be made and dropped a thousand times in a second.
    this.#lookLater(settings.hasHandlers);
  }

  /** @param socket - One that is ours. */
  add(name: string, socket: unknown): void {
    this.#sockets.push({ name, conversation: MessageSocket.conversationOf(socket as MessageSocket) });
  }

  /** Counts a promise of the run itself as one that the test waits for. It never rejects. */
  asked<T>(promise: Promise<T>): Promise<T> {
    this.#asked += 1;
    void promise.then(() => (this.#asked -= 1));
    return promise;
  }

  /** Ends the watch. */
  end(): void {
    this.#isOver = true;
  }

  /**
   * Looks in half a second.
   *
   * @param isHeld - Whether the timer holds the run: where a test waits for what never comes, no
   *   other object does. A run that a test has dropped is not held.
   */
  #lookLater(isHeld: boolean): void {
    const watch = isHeld ? holderOf(this) : new WeakRef(this);
    realTimer(() => {
      const self = watch.deref();
      if (self !== undefined && self.#look()) self.#lookLater(self.#isTestWaiting);
    }, LOOK_MS);
  }

  /** @returns Whether it has to look again. */
  #look(): boolean {
    if (this.#isOver) return false;
    const now = this.#state();
    const isSame = now.length === this.#before.length && now.every((value, at) => value === this.#before[at]);
    this.#stillLooks = isSame ? this.#stillLooks + 1 : 1;
    this.#before = now;
    if (this.#stillLooks < STILL_LOOKS || !this.#isStuck()) return true;
    const { call, server } = this.#settings;
    server.settings.report(this.#standstill(), { phase: call });
    return false;
  }

  get #conversations(): readonly Conversation[] {
    return [...this.#settings.server.runs, ...this.#sockets].map(({ conversation }) => conversation);
  }

  get #clock(): SteppedClock {
    return this.#settings.server.settings.clock;
  }

  get #isTestWaiting(): boolean {
    return this.#asked > 0 || socketsWaiting(this.#sockets).length > 0;
  }

  /** What changes with each move. */
  #state(): readonly unknown[] {
    const { opening } = this.#settings.server;
    const { nextMs } = this.#clock;
    const nowMs = nextMs === undefined ? undefined : this.#clock.now();
    const states = this.#conversations.flatMap((conversation) => [
      conversation.queue.readable,
      conversation.queue.end,
      ...[...conversation.waits()].map(([, { resolver }]) => resolver),
    ]);
    return [nowMs, nextMs, opening, ...states];
  }

  /** Whether the test waits, and nothing can come that the test does not bring. */
  #isStuck(): boolean {
    const { server, hasHandlers } = this.#settings;
    if (!this.#isTestWaiting) return false;
    const isElsewhere = hasHandlers && codeElsewhere(server).size > 0;
    if (isElsewhere && this.#stillLooks < STILL_LOOKS_ELSEWHERE) return false;
    return this.#clock.nextMs !== undefined || !this.#isTimed();
  }

  /** Whether a wait ends by itself, under a real clock. */
  #isTimed(): boolean {
    const waits = this.#conversations.flatMap((conversation) => [...conversation.waits()]);
    if (waits.some(([, { timeoutMs = DAY_MS }]) => timeoutMs < DAY_MS)) return true;
    return this.#settings.server.host.waits().some(isSleep);
  }

  #standstill(): UsageError {
    const { server, hasHandlers } = this.#settings;
    const handlers = hasHandlers ? handlersWaiting(server, (index) => `client ${index + 1}`) : [];
    const isInFlight = this.#conversations.some(({ transport }) => transport.bufferedBytes > 0);
    const flight = isInFlight ? 'what is in flight waits for a reader' : 'nothing is in flight';
    const facts = [...handlers, ...socketsWaiting(this.#sockets), flight].join('; ');
    const text = `The test has stood still for a second: ${facts}${timerText(this.#clock)}`;
    return new UsageError('COROSOCK_STANDSTILL', text);
  }
}

/** A function of its own: one beside the timer's callback would hold the watch for that, too. */
function holderOf(watch: StandstillWatch): Pick<WeakRef<StandstillWatch>, 'deref'> {
  return { deref: () => watch };
}

/** A clock that may be a virtual one of the kit. */
interface SteppedClock extends Clock {
  readonly nextMs?: number;
}

function timerText(clock: SteppedClock): string {
  if (clock.nextMs === undefined) return '';
  if (clock.nextMs === Infinity) return '. No timer is set: nothing can come any more';
  return `. The next timer comes with await clock.advance(${clock.nextMs - clock.now()})`;
}

/** A sleep, or a channel, which has a line. */
function isSleep({ waits, at }: Wait): boolean {
  return waits === 'other' && at !== undefined;
}
