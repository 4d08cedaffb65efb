// Code under test that leaves the time of its world: it waits for Node's own timers or for real
// I/O. Here such code is found and named, and `w.real` lets the world stand still for it. The pump
// in world-clock.ts asks between two steps; who waits in calls of ours tells handler-watch.ts.

import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import type { Agenda } from '../seeded/agenda.ts';
import { codeElsewhere } from '../../handler-watch.ts';
import type { MemoryServer } from '../../memory-server.ts';
import { realPause, settlesWithin } from '../../real-turn.ts';
import { placeText } from '../../who-waits.ts';
import { AwaitStacks } from '../../../server/await-stacks.ts';
import { isOfLibrary, isOwnFrame, placeOf, placesIn } from '../../../platform/own-frames.ts';
import { unattended } from '../../../waiting/abortable.ts';
import { badArgument } from '../../../core/arguments.ts';
import { UsageError } from '../../../core/errors.ts';
import { isThenable, propertyOf } from '../../../core/object-like.ts';
import type { Resolver } from '../../../core/parked-wait.ts';
import { textOf, traceOf } from '../../../core/stack-trace.ts';
import type { StackTrace } from '../../../core/stack-trace.ts';

/**
 * So many looks, and the time between two, prove that code has escaped: it comes back without an
 * event of its world, or what it has begun is still pending at the end.
 */
const PROVING_LOOKS = 20;
/** For work of which Node does not say whether it is pending. */
const MOST_LOOKS = 100;
const PROVING_LOOK_MS = 5;

/**
 * A world is watched for so many events: code that escapes does so early, and a long conversation
 * should not pay for it.
 */
const WATCHED_EVENTS = 200;

/** Something that code of a world has begun in Node. */
interface Begun {
  readonly resource: object;
  /** As `process.getActiveResourcesInfo` names it. */
  readonly name: string;
  readonly trace: StackTrace;
  /** The code that has begun it, such as `script 'Bob'`. Undefined for code without a name. */
  readonly by: string | undefined;
  /** Whether code that waits for it was looked for, and none was found. */
  isCleared: boolean;
}

/**
 * What takes no time: promises, turns that the world gives anyway, and the parsers of node:http, by
 * their names in `async_hooks`.
 */
const TIMELESS: ReadonlySet<string> = new Set([
  'PROMISE',
  'TickObject',
  'Microtask',
  'Immediate',
  'HTTPINCOMINGMESSAGE',
  'HTTPCLIENTREQUEST',
]);
/** So many are remembered of each world, the youngest. */
const MOST_BEGUN = 256;
const FRAMES = 30;

/** Code that runs. */
interface Inside {
  /** What its world has begun. */
  readonly begun: Begun[];
  /** Undefined for code without a name. */
  readonly name: string | undefined;
}

/** The code of one world runs in its context, and so does all that it begins. */
const inWorld = new AsyncLocalStorage<Inside | undefined>();
/**
 * Enabled while a world is watched. With it, and with the context, all promises of the process take
 * longer: 4 µs for each message of a world, which is as much as the message itself.
 */
const hook = createHook({ init: onInit });
/** What each world that is watched has begun, and its seed. */
const living = new Map<Begun[], number>();

function onInit(_id: number, type: string, _trigger: number, resource: object): void {
  const inside = TIMELESS.has(type) ? undefined : inWorld.getStore();
  if (inside === undefined) return;
  const { begun, name: by } = inside;
  begun.splice(0, begun.length + 1 - MOST_BEGUN);
  const name = String(propertyOf(propertyOf(resource, 'constructor'), 'name'));
  begun.push({ resource, name, trace: traceOf(FRAMES, onInit), by, isCleared: false });
}

/** So much real time has a promise of `w.real`. */
const MAX_REAL_MS = 30_000;

/** What was stepped out of the world. */
interface RealWait {
  readonly settled: Promise<unknown>;
  isLate: boolean;
  /** Gives the result to the caller of `w.real`. */
  readonly deliver: () => void;
}

/** What of the world is asked. */
export interface EscapeSettings {
  readonly seed: number;
  readonly servers: () => Iterable<MemoryServer>;
  /** Real milliseconds that a promise of `w.real` has. Default 30 000. */
  readonly maxRealMs?: number;
  /** The watch ends after so many events. Default 200. */
  readonly watchedEvents?: number;
  readonly agenda: Pick<Agenda, 'changed' | 'nextMs' | 'now' | 'setImmediate' | 'steps' | 'timers'>;
}

/** The way out of one world, and the watch over it. */
export class Escapes {
  readonly #settings: EscapeSettings;
  readonly #real: RealWait[] = [];
  readonly #begun: Begun[] = [];
  readonly #inside: Inside = { begun: this.#begun, name: undefined };
  /** Scripts and scenarios that have not ended. */
  #running = 0;
  #isWatching = true;
  #hasFound = false;

  constructor(settings: EscapeSettings) {
    this.#settings = settings;
    living.set(this.#begun, settings.seed);
    hook.enable();
  }

  /** Runs code of the world. What it begins in Node is remembered, while it is watched. */
  inside<T>(run: () => T): T {
    if (!this.#isWatching) return run();
    return inWorld.run(this.#inside, run);
  }

  /** Runs code that has a name: a script, or the scenario. */
  async named<T>(name: string, run: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await (this.#isWatching ? inWorld.run({ begun: this.#begun, name }, run) : run());
    } finally {
      this.#running -= 1;
    }
  }

  /** Seed of the world whose code calls now, where that is another one that is watched. */
  get seedOfCaller(): number | undefined {
    // No other world is watched: most calls of clients. The context is not asked.
    if (living.size === (this.#isWatching ? 1 : 0)) return undefined;
    const begun = inWorld.getStore()?.begun;
    return begun === undefined || begun === this.#begun ? undefined : living.get(begun);
  }

  /** Whether code that has escaped was told of: it ends in its own time. */
  get hasFound(): boolean {
    return this.#hasFound;
  }

  /** Whether the world stands still for something real. */
  get isOutside(): boolean {
    return this.#real.length > 0;
  }

  /**
   * Gives the result of something real as an event of the world.
   *
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  real<T>(promise: PromiseLike<T>): Promise<T> {
    if (!isThenable(promise)) throw badArgument('w.real()', 'promise to be a promise', promise);
    const settled = Promise.allSettled([promise]);
    const trace = traceOf(FRAMES);
    return unattended(
      new Promise((resolve, reject) => {
        const deliver = (): void => (wait.isLate ? reject(this.#lateError(trace)) : resolve(promise));
        const wait: RealWait = { settled, isLate: false, deliver };
        this.#real.push(wait);
        this.#settings.agenda.changed();
      }),
    );
  }

  /** Resolves when all that is real has settled. The results come in the order of the calls. */
  async whenBack(): Promise<void> {
    const { maxRealMs = MAX_REAL_MS } = this.#settings;
    for (const wait of this.#real) wait.isLate = !(await settlesWithin(wait.settled, maxRealMs));
    for (const { deliver } of this.#real.splice(0)) this.#settings.agenda.setImmediate(deliver);
  }

  #lateError(trace: StackTrace): UsageError {
    const { seed, maxRealMs = MAX_REAL_MS } = this.#settings;
    const [place] = placesIn(textOf(trace));
    const text = `The world with seed ${seed} cannot go on: the promise of w.real()${placeText(place)} has not settled in ${maxRealMs} ms`;
    return new UsageError('COROSOCK_REAL_TIME', text);
  }

  /** Ends the watch: a world that ends leaves code that has escaped to its hosts. */
  end(): void {
    this.#isWatching = false;
    living.delete(this.#begun);
    if (living.size > 0) return;
    hook.disable();
    inWorld.disable();
  }

  /** Called once a turn. */
  onTurn(): void {
    const { agenda, watchedEvents = WATCHED_EVENTS } = this.#settings;
    if (this.#isWatching && agenda.steps > watchedEvents) this.end();
  }

  /**
   * Looks whether code has escaped, where nothing is ready.
   *
   * @throws UsageError `COROSOCK_REAL_TIME`.
   */
  async check(): Promise<void> {
    if (!this.#isWatching || this.#begun.length === 0) return;
    // Most timers were cleared at once: their stacks are not made text of.
    const begun = this.#begun.splice(0).filter((one) => !isTimerOver(one) && isForeign(one));
    const code = this.#elsewhere();
    const lines = code.size > 0 ? [] : awaitingLines(begun);
    const proved = lines.length > 0 ? [] : await this.#provedBy(code, begun);
    if (proved !== undefined) {
      this.#hasFound = true;
      const known = [...lines.map((line) => `the code at ${line}`), ...code.values()];
      const who = known.length > 0 ? `${listed(known)} ${WAITS}` : culpritsText(proved);
      throw new UsageError('COROSOCK_REAL_TIME', escapeText(this.#settings.seed, who, begun));
    }
    for (const one of begun) one.isCleared = true;
    this.#begun.push(...begun.filter(isPending));
  }

  /** Gives the lines at which code of the world has set timers of Node that are still set. */
  get nodeTimers(): readonly string[] {
    const set = this.#begun.filter((begun) => isTimer(begun) && isForeign(begun) && isPending(begun));
    const places = set.flatMap(({ trace }) => placesIn(textOf(trace)).slice(0, 1));
    return places.filter((place) => !isOfLibrary(place));
  }

  /**
   * Waits for code to come back. Once for all that it may wait for.
   *
   * @returns What it may have waited for; undefined where no code has escaped.
   */
  async #provedBy(
    code: ReadonlyMap<string, string>,
    begun: readonly Begun[],
  ): Promise<readonly Begun[] | undefined> {
    const { agenda } = this.#settings;
    const fresh = begun.filter((one) => !one.isCleared && this.#isSuspect(one, code.size > 0));
    if (fresh.length === 0) return undefined;
    const [running, timers] = [this.#running, agenda.timers];
    const hasMoved = (): boolean =>
      agenda.nextMs <= agenda.now() || agenda.timers !== timers || this.#running < running;
    for (let look = 0; look < MOST_LOOKS; look += 1) {
      if (look >= PROVING_LOOKS && fresh.some((one) => isTimer(one) || isPending(one))) break;
      await inWorld.run(undefined, () => realPause(PROVING_LOOK_MS, { holds: true }));
      const now = this.#elsewhere();
      if ([...code.keys()].some((key) => !now.has(key))) return fresh;
      if (code.size === 0 && hasMoved()) return fresh;
    }
    return code.size > 0 && fresh.some(isPending) ? fresh : undefined;
  }

  /**
   * Whether code may wait for something. A timer that was cleared at once is none: `ws` sets one
   * that its transport replaces.
   */
  #isSuspect(one: Begun, isElsewhere: boolean): boolean {
    if (isPending(one)) return true;
    return isElsewhere ? !isTimer(one) : this.#running > 0 && one.by !== undefined && isJob(one);
  }

  #elsewhere(): ReadonlyMap<string, string> {
    return new Map([...this.#settings.servers()].flatMap((server) => [...codeElsewhere(server)]));
  }
}

/** What Node names so is over when the call returns: `randomFillSync`, `gzipSync`. */
const SYNC_FRAME = /^ +at (?:\S+\.)?(?:\w+Sync|syncBufferWrapper) \(node:/;

/** Whether code that is not ours has begun it, and it is not over at once. */
function isForeign({ trace }: Begun): boolean {
  const lines = linesOf(trace);
  const callers = lines.filter((line) => isOwnFrame(line) || placeOf(line) !== undefined);
  return !callers.slice(0, 1).some(isOwnFrame) && !lines.some((line) => SYNC_FRAME.test(line));
}

function isTimer({ name }: Begun): boolean {
  return name === 'Timeout';
}

function isTimerOver(begun: Begun): boolean {
  return isTimer(begun) && !isPending(begun);
}

/** Whether Node hides that it is pending: a hash, zlib, a process, a file from Node 26 on. */
function isJob({ name }: Begun): boolean {
  return /(?:Job|Zlib|Process)$/u.test(name);
}

/** Whether Node says so: not of what its threads compute, such as a hash. */
function isPending(begun: Begun): boolean {
  if (isTimer(begun)) return propertyOf(begun.resource, '_destroyed') === false;
  return process.getActiveResourcesInfo().includes(begun.name);
}

/** The lines of async functions that await a timer. */
function awaitingLines(begun: readonly Begun[]): readonly string[] {
  const resolvers = begun.flatMap((one) => {
    const resolver = isTimer(one) && isPending(one) ? propertyOf(one.resource, '_onTimeout') : undefined;
    return typeof resolver === 'function' ? [resolver as Resolver] : [];
  });
  return resolvers.length === 0 ? [] : AwaitStacks.shared.of(resolvers).flatMap(({ at }) => at ?? []);
}

function linesOf(trace: StackTrace): readonly string[] {
  return String(textOf(trace)).split('\n').slice(1);
}

/** Gives where it was begun: the line of a library where no other is known. */
function placesOf({ trace }: Begun): readonly string[] {
  const places = placesIn(textOf(trace));
  return [...places.filter((place) => !isOfLibrary(place)), ...places].slice(0, 1);
}

const WAITS = 'waits in nothing of it';

/** Names the code that has begun something. */
function culpritsText(proved: readonly Begun[]): string {
  const timers = proved
    .filter(isTimer)
    .map(({ by }) => `a timer's callback${by === undefined ? '' : ` of ${by}`}`);
  const others = proved.filter((one) => !isTimer(one)).map(({ by = 'other code' }) => by);
  return [
    ...(others.length === 0 ? [] : [`${listed(others)} ${WAITS}`]),
    ...(timers.length === 0 ? [] : [`${listed(timers)} runs outside of it`]),
  ].join(', and ');
}

function escapeText(seed: number, who: string, begun: readonly Begun[]): string {
  const shown = begun.map((one) => [one.name, ...placesOf(one).map((place) => `(${place})`)].join(' '));
  return (
    `The world with seed ${seed} cannot go on: ${who}, while Node has ${listed(shown)} pending. ` +
    "Use ws.clock.sleep(ms) in place of Node's timers, and w.real(promise) around real I/O"
  );
}

/** Lists names, each once. */
function listed(names: Iterable<string>): string {
  return [...new Set(names)].join(' and ');
}
