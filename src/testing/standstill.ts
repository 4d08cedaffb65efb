// Watches for tests that wait for ever with runServer, fakeSocket or a world: after a second of
// real time in which nothing has moved, `report` gets one error that says who waits where.
// who-waits.ts finds the words. A simulation has no watch: it fails at once.

import { codeElsewhere } from './handler-watch.ts';
import type { MemoryServer } from './memory-server.ts';
import { realTimer } from './real-turn.ts';
import { clientName, flightText, handlersWaiting, socketsWaiting } from './who-waits.ts';
import type { NamedSocket } from './who-waits.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Wait } from '../server/host-waits.ts';
import type { Report } from '../server/report.ts';
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

/** A clock; a virtual one of the kit says when its next timer is due. */
export interface WatchedClock extends Pick<Clock, 'now'> {
  readonly nextMs?: number;
}

/** What is watched: a run of runServer, a fakeSocket, or a world. */
export interface Watched {
  /** Named in the report. */
  readonly call: string;
  readonly clock: WatchedClock;
  readonly servers: readonly MemoryServer[];
  /** The sockets that code of the test holds. */
  readonly sockets: readonly NamedSocket[];
  /** Whether handlers are those of users. */
  readonly hasHandlers: boolean;
  /** Whether the test waits for something that is no call of a socket. */
  readonly isAsked: boolean;
  readonly report: Report;
  /** Says who waits where, what is in flight, and whether a timer comes. */
  standstill(): string;
}

/** A run with one server: that of runServer or fakeSocket. */
export class WatchedRun implements Watched {
  readonly call: string;
  readonly hasHandlers: boolean;
  readonly #server: MemoryServer;
  readonly #sockets: NamedSocket[] = [];
  /** Promises of the run itself that the test has asked for, and that are pending. */
  #asked = 0;

  constructor(call: string, server: MemoryServer, hasHandlers: boolean) {
    this.call = call;
    this.#server = server;
    this.hasHandlers = hasHandlers;
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

  get clock(): WatchedClock {
    return this.#server.settings.clock;
  }

  get servers(): readonly MemoryServer[] {
    return [this.#server];
  }

  get sockets(): readonly NamedSocket[] {
    return this.#sockets;
  }

  get isAsked(): boolean {
    return this.#asked > 0;
  }

  get report(): Report {
    return this.#server.settings.report;
  }

  standstill(): string {
    const isOne = this.#server.runs.length <= 1;
    const nameOf = (index: number): string | undefined => (isOne ? undefined : clientName(index + 1));
    const handlers = this.hasHandlers ? handlersWaiting(this.#server, nameOf) : [];
    const facts = [...handlers, ...socketsWaiting(this.#sockets), flightText(conversationsOf(this))].join(
      '; ',
    );
    return `${facts}${timerText(this.clock)}`;
  }
}

/** The watch of each host or world, which lives as long as that: a timer must not keep it. */
const watches = new WeakMap<object, StandstillWatch>();

/** Watches one run or world. It has one timer at a time, which does not hold the process. */
export class StandstillWatch {
  /** Undefined when the watch is over. */
  #watched: Watched | undefined;
  #before: readonly unknown[] = [];
  #stillLooks = 0;

  /** @param owner - What it lives as long as. */
  constructor(watched: Watched, owner: object) {
    this.#watched = watched;
    watches.set(owner, this);
    // Both ends of a fakeSocket may be made and dropped a thousand times in a second.
    this.#lookLater(watched.hasHandlers);
  }

  /** Ends the watch. */
  end(): void {
    this.#watched = undefined;
  }

  /**
   * Looks in half a second.
   *
   * @param isHeld - Whether the timer holds the run: where a test waits for what never comes, no
   *   other object does. A run that a test has dropped is not held.
   */
  #lookLater(isHeld: boolean): void {
    const watch = isHeld ? holderOf(this) : new WeakRef(this);
    realTimer(() => watch.deref()?.onTimer(), LOOK_MS);
  }

  /** Looks, and looks again later unless it has reported, or is over. */
  onTimer(): void {
    if (this.#watched === undefined || this.#reports(this.#watched)) return;
    this.#lookLater(isTestWaiting(this.#watched));
  }

  /** @returns Whether it has reported. */
  #reports(watched: Watched): boolean {
    const now = stateOf(watched);
    const isSame = now.length === this.#before.length && now.every((value, at) => value === this.#before[at]);
    this.#stillLooks = isSame ? this.#stillLooks + 1 : 1;
    this.#before = now;
    if (this.#stillLooks < STILL_LOOKS || !this.#isStuck(watched)) return false;
    const text = `The test has stood still for a second: ${watched.standstill()}`;
    watched.report(new UsageError('COROSOCK_STANDSTILL', text), { phase: watched.call });
    return true;
  }

  /** Whether the test waits, and nothing can come that the test does not bring. */
  #isStuck(watched: Watched): boolean {
    if (!isTestWaiting(watched)) return false;
    const isElsewhere =
      watched.hasHandlers && watched.servers.some((server) => codeElsewhere(server).size > 0);
    if (isElsewhere && this.#stillLooks < STILL_LOOKS_ELSEWHERE) return false;
    return watched.clock.nextMs !== undefined || !isTimed(watched);
  }
}

function conversationsOf({ servers, sockets }: Watched): readonly Conversation[] {
  const runs = servers.flatMap((server) => server.runs);
  return [...runs, ...sockets].map(({ conversation }) => conversation);
}

function isTestWaiting({ isAsked, sockets }: Watched): boolean {
  return isAsked || socketsWaiting(sockets).length > 0;
}

/** What changes with each move. */
function stateOf(watched: Watched): readonly unknown[] {
  const { nextMs } = watched.clock;
  const nowMs = nextMs === undefined ? undefined : watched.clock.now();
  const states = conversationsOf(watched).flatMap((conversation) => [
    conversation.queue.readable,
    conversation.queue.end,
    ...[...conversation.waits()].map(([, { resolver }]) => resolver),
  ]);
  return [nowMs, nextMs, ...watched.servers.map(({ opening }) => opening), ...states];
}

/** Whether a wait ends by itself, under a real clock. */
function isTimed(watched: Watched): boolean {
  const waits = conversationsOf(watched).flatMap((conversation) => [...conversation.waits()]);
  if (waits.some(([, { timeoutMs = DAY_MS }]) => timeoutMs < DAY_MS)) return true;
  return watched.servers.some(({ host }) => host.waits().some(isSleep));
}

/** A function of its own: one beside the timer's callback would hold the watch for that, too. */
function holderOf(watch: StandstillWatch): Pick<WeakRef<StandstillWatch>, 'deref'> {
  return { deref: () => watch };
}

function timerText(clock: WatchedClock): string {
  if (clock.nextMs === undefined) return '';
  if (clock.nextMs === Infinity) return '. No timer is set: nothing can come any more';
  return `. The next timer comes with await clock.advance(${clock.nextMs - clock.now()})`;
}

/** A sleep, or a channel, which has a line. */
function isSleep({ waits, at }: Wait): boolean {
  return waits === 'other' && at !== undefined;
}
