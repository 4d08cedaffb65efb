// `host.waits`: where each handler and child task of a host waits, now, and the same for those that
// a shut-down abandons. Looks at the records that waits keep anyway, and finds lines and owners by
// await-stacks.ts, so that a wait costs nothing until it is asked for.

import { AwaitStacks } from './await-stacks.ts';
import type { AwaitStack } from './await-stacks.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Child } from '../tasks/task-scope.ts';
import { RandomIds } from '../platform/random-ids.ts';
import type { Clock } from '../time/clock.ts';
import type { ParkedSelect } from '../time/scheduling.ts';
import { looseWaits } from '../waiting/loose-waits.ts';
import { badArgument, checkMs, checkNames } from '../core/arguments.ts';
import { UNTIL_LATER_TURN } from '../core/parked-wait.ts';
import type { ParkedWait, Resolver } from '../core/parked-wait.ts';

/** Where a handler or a child task waits. */
export interface Wait {
  /** That of its socket. */
  readonly id: string;
  /** The pattern of its route; `'*'` where one server answers every path. */
  readonly route: string;
  /**
   * What it waits in. `task`: it awaits a child task. `close`: it awaits `endServer` or `closed`.
   * `join`: it awaits `ws.join`, which waits for other nodes.
   * `other`: a channel, something foreign such as a database, or nothing: it runs at this moment.
   */
  readonly waits: 'read' | 'write' | 'select' | 'task' | 'join' | 'close' | 'other';
  /**
   * `file:line:column` of the innermost await outside of this package, as Node shows it in stacks.
   * Undefined for what is foreign, and where the engine cannot follow the promise of the wait: two
   * functions await it, or none does.
   */
  readonly at: string | undefined;
  /** How long it has waited, in milliseconds; for `other`: how long handler or task has run. */
  readonly sinceMs: number;
  /** The name of the function of the child task that waits; absent for the handler itself. */
  readonly task?: string;
}

/** Which waits `host.waits` gives. */
export interface WaitsFilter {
  /** Only what has waited longer, in milliseconds ≥ 0. Default: all. */
  readonly longerThanMs?: number;
  /** Only the handler and child tasks of this socket. Default: of all sockets. */
  readonly id?: string;
}

/** A run, as far as its waits are looked for. */
export interface WaitingRun {
  readonly id: string;
  readonly route: string;
  readonly conversation: Conversation;
  readonly sinceMs: number;
  /** Pending while the function of the handler is; undefined where it has ended. */
  readonly handling: Promise<void> | undefined;
  readonly tasks: readonly Child[];
}

export interface HostWaitsSettings {
  readonly clock: Clock;
  /** The selects that wait for a socket of the host. */
  readonly selects: Iterable<ParkedSelect>;
}

/** A handler or a child task that runs. */
export interface Owner {
  readonly run: WaitingRun;
  readonly sinceMs: number;
  /** Undefined for the handler. */
  readonly task: string | undefined;
  readonly waits: Wait[];
  /** The child tasks that it awaits; undefined for a call that is none. */
  readonly awaited: Array<Child | undefined>;
}

/** A call that waits. */
export interface Call {
  readonly waits: Wait['waits'];
  readonly wait: ParkedWait;
  /** The run of the socket that it waits for; undefined for a select, and for a task. */
  readonly run: WaitingRun | undefined;
  /** The child task that it awaits. */
  readonly child?: Child;
}

/** A call in which the handler or a child task of a run waits. */
export interface OwnCall extends Pick<Wait, 'waits' | 'at'> {
  /** Tells the call from all others. */
  readonly resolver: Resolver;
  /** The name of the function of the child task that waits; undefined for the handler. */
  readonly task: string | undefined;
}

/** The handlers and tasks of some runs, and what they wait in. */
interface Look {
  /** By their marks. */
  readonly owners: ReadonlyMap<string, Owner>;
  /** Of each socket the calls whose owner is not known. */
  readonly strays: ReadonlyMap<WaitingRun, readonly Wait[]>;
}

/** Finds where handlers and child tasks of one host wait. */
export class HostWaits {
  readonly #settings: HostWaitsSettings;
  /** The function that awaits the handler of a run, and so is in the stacks of its waits. */
  readonly #followers = new WeakMap<WaitingRun, () => Promise<void>>();
  readonly #marks = new WeakMap<() => Promise<unknown>, string>();
  /** Begins each mark: no other host has it. */
  readonly #tag = new RandomIds(TAG_BYTES).next();
  #marked = 0;

  constructor(settings: HostWaitsSettings) {
    this.#settings = settings;
  }

  /**
   * Gives the waits of some runs, in their order: of each the handler first, then its child tasks.
   *
   * A call belongs to the handler or task that awaits it, whichever socket it waits for. Where the
   * engine cannot tell, it belongs to the handler of its socket, unless that is known to wait
   * elsewhere; of each kind the oldest is given.
   *
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  of(runs: Iterable<WaitingRun>, filter: WaitsFilter = {}): readonly Wait[] {
    checkNames('host.waits()', filter, FILTER);
    const { longerThanMs, id } = filter;
    if (longerThanMs !== undefined) checkMs('host.waits()', 'longerThanMs', longerThanMs);
    if (id !== undefined && typeof id !== 'string')
      throw badArgument('host.waits()', 'id to be the id of a socket', id);
    const isWanted = (wait: Wait): boolean =>
      (longerThanMs === undefined || wait.sinceMs > longerThanMs) && (id === undefined || wait.id === id);
    return this.#all([...runs]).filter(isWanted);
  }

  /**
   * Gives one wait of each run that was abandoned: that of its handler, where that runs. For all of
   * them at once: each call looks at all selects of the process.
   */
  ofAbandoned(runs: readonly WaitingRun[]): readonly Wait[] {
    if (runs.length === 0) return [];
    const waits = new Map<string, Wait>();
    for (const wait of this.#all(runs)) if (!waits.has(wait.id)) waits.set(wait.id, wait);
    return runs.map(
      (run) => waits.get(run.id) ?? this.#other({ run, sinceMs: run.sinceMs, task: undefined }),
    );
  }

  /**
   * Gives the handlers and child tasks that wait in no call of this package: they are in real I/O,
   * run at this moment, or are stuck. One that awaits a child task waits where that does. A call
   * that only lets the event loop have a turn is none to wait in.
   */
  elsewhere(runs: readonly WaitingRun[]): readonly Owner[] {
    const { owners, strays } = this.#look(runs, isToStay);
    const isParked = (owner: Owner, seen: readonly Child[] = []): boolean => {
      if (owner.task === undefined && strays.has(owner.run)) return true;
      return owner.awaited.some((child) => {
        if (child === undefined || seen.includes(child)) return child === undefined;
        return isParked(owners.get(this.#markOf(child.run)) as Owner, [...seen, child]);
      });
    };
    return [...owners.values()].filter((owner) => !isParked(owner));
  }

  #look(runs: readonly WaitingRun[], isWanted: (call: Call) => boolean = () => true): Look {
    const owners = new Map(runs.flatMap((run) => this.#ownersOf(run)));
    const calls = [...runs.flatMap((run) => [...callsFor(run)]), ...this.#selects()].filter(isWanted);
    const stacks = AwaitStacks.shared.ofWaits(calls.map(({ wait }) => wait));
    return { owners, strays: this.#assign(owners, calls, stacks) };
  }

  /**
   * Gives the calls that may be those of a run, for code that looks after each step: those for its
   * socket and its child tasks, and all selects. Finds no line, and costs next to nothing.
   */
  callsNear(run: WaitingRun): readonly Call[] {
    return [...callsFor(run), ...this.#selects()].filter(isToStay);
  }

  /** Gives those of some calls in which the handler or a child task of the run waits. */
  ownOf(run: WaitingRun, calls: readonly Call[]): readonly OwnCall[] {
    const owners = new Map(this.#ownersOf(run));
    const stacks = AwaitStacks.shared.ofWaits(calls.map(({ wait }) => wait));
    return calls.flatMap(({ waits, wait, run: of, child }, index) => {
      const { at, mark = '' } = stacks[index] as AwaitStack;
      const owner = owners.get(mark);
      // Any code may listen to `closed`.
      const isForRun = child !== undefined || (of === run && waits !== 'close');
      if (owner === undefined && !isForRun) return [];
      return [{ waits, at, resolver: wait.resolver, task: owner?.task }];
    });
  }

  /** Follows one call that waits for a socket. Its mark is that of a child task of this run. */
  follow(run: WaitingRun, { resolver }: ParkedWait): AwaitStack {
    for (const child of run.tasks) this.#markOf(child.run);
    return AwaitStacks.shared.of([resolver])[0] as AwaitStack;
  }

  #all(runs: readonly WaitingRun[]): readonly Wait[] {
    const { owners, strays } = this.#look(runs);
    const waits = new Map(runs.map((run) => [run, [] as Wait[]]));
    for (const owner of owners.values()) waits.get(owner.run)?.push(...this.#waitsOf(owner, strays));
    // Of sockets whose handler has ended: other code waits for them.
    for (const [run, stray] of strays) if (run.handling === undefined) waits.get(run)?.push(...stray);
    return [...waits.values()].flat();
  }

  /** The handler and the tasks of a run, by their marks. */
  #ownersOf(run: WaitingRun): ReadonlyArray<readonly [mark: string, owner: Owner]> {
    const { handling, sinceMs } = run;
    const tasks = run.tasks.map((child): readonly [string, Owner] => [
      this.#markOf(child.run),
      { run, sinceMs: child.sinceMs, task: child.name, waits: [], awaited: [] },
    ]);
    if (handling === undefined) return tasks;
    const mark = this.#markOf(this.#followerOf(run, handling));
    return [[mark, { run, sinceMs, task: undefined, waits: [], awaited: [] }], ...tasks];
  }

  #followerOf(run: WaitingRun, handling: Promise<void>): () => Promise<void> {
    let follower = this.#followers.get(run);
    if (follower === undefined) {
      follower = async () => await handling;
      this.#followers.set(run, follower);
      void follower();
    }
    return follower;
  }

  #markOf(run: () => Promise<unknown>): string {
    let mark = this.#marks.get(run);
    if (mark === undefined) {
      mark = `${this.#tag}.${this.#marked}`;
      this.#marked += 1;
      this.#marks.set(run, mark);
      AwaitStacks.mark(run, mark);
    }
    return mark;
  }

  *#selects(): IterableIterator<Call> {
    for (const wait of this.#settings.selects) yield { waits: 'select', wait, run: undefined };
    for (const [waits, wait] of looseWaits) yield { waits, wait, run: undefined };
  }

  /** Gives each call to the owner that awaits it. @returns The others, by their socket. */
  #assign(
    owners: ReadonlyMap<string, Owner>,
    calls: readonly Call[],
    stacks: readonly AwaitStack[],
  ): ReadonlyMap<WaitingRun, readonly Wait[]> {
    const strays = new Map<WaitingRun, Wait[]>();
    for (const [index, { waits, wait, run, child }] of calls.entries()) {
      const { at, mark = '' } = stacks[index] as AwaitStack;
      const owner = owners.get(mark);
      if (owner !== undefined) {
        const sinceMs = this.#since(waits === 'other' ? owner.sinceMs : wait.sinceMs);
        owner.waits.push(waitOf(owner, { waits, at, sinceMs }));
        owner.awaited.push(child);
        continue;
      }
      // Any code may listen to `closed`.
      if (run === undefined || waits === 'close') continue;
      const stray = strays.get(run) ?? [];
      strays.set(run, stray);
      const sinceMs = this.#since(wait.sinceMs);
      if (stray.every((other) => other.waits !== waits))
        stray.push(waitOf({ run, task: undefined }, { waits, at, sinceMs }));
    }
    return strays;
  }

  #waitsOf(owner: Owner, strays: ReadonlyMap<WaitingRun, readonly Wait[]>): readonly Wait[] {
    if (owner.waits.length > 0) return owner.waits;
    const stray = owner.task === undefined ? strays.get(owner.run) : undefined;
    if (stray !== undefined) return stray;
    return [this.#other(owner)];
  }

  #other(owner: Pick<Owner, 'run' | 'sinceMs' | 'task'>): Wait {
    return waitOf(owner, { waits: 'other', at: undefined, sinceMs: this.#since(owner.sinceMs) });
  }

  #since(sinceMs: number): number {
    return Math.max(this.#settings.clock.now() - sinceMs, 0);
  }
}

/** The calls that wait for the socket of a run, or for its child tasks. */
function* callsFor(run: WaitingRun): IterableIterator<Call> {
  for (const [waits, wait] of run.conversation.waits()) yield { waits, wait, run };
  for (const child of run.tasks)
    for (const wait of child.awaits) yield { waits: 'task', wait, run: undefined, child };
}

/** A join waits for the broker, which may be real I/O. */
function isToStay({ waits, wait }: Call): boolean {
  return wait.sinceMs !== UNTIL_LATER_TURN && waits !== 'join';
}

function waitOf(
  { run, task }: Pick<Owner, 'run' | 'task'>,
  wait: Pick<Wait, 'waits' | 'at' | 'sinceMs'>,
): Wait {
  return { id: run.id, route: run.route, ...wait, ...(task === undefined ? undefined : { task }) };
}

const FILTER: ReadonlySet<string> = new Set<keyof WaitsFilter>(['longerThanMs', 'id']);
const TAG_BYTES = 6;
