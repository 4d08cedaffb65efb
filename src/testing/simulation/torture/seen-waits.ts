// The waits of one handler, in their order, as torture-run.ts finds them after each step. The calls
// that wait come from server/host-waits.ts.

import { waitText } from '../../who-waits.ts';
import type { HandlerRun } from '../../../server/handler-run.ts';
import type { Call, OwnCall } from '../../../server/host-waits.ts';
import type { ServingHost } from '../../../server/serving-host.ts';
import type { Resolver } from '../../../core/parked-wait.ts';

/** What a wait is in. `message`: a shared socket whose handler has returned waits for a message. */
export type WaitKind = OwnCall['waits'] | 'message';

/** One wait of the handler, or of a child task. */
export interface SeenWait extends Pick<OwnCall, 'at'> {
  readonly waits: WaitKind;
  readonly task?: string | undefined;
}

/** What a run knows of its waits before it begins. */
export interface KnownWaits {
  /** The wait that is looked for, from 1; 0 for none. */
  readonly number: number;
  /** The waits of the run without a cut. */
  readonly counted: readonly SeenWait[];
}

/** Counts the waits of one handler. */
export class SeenWaits {
  /** In their order. */
  readonly list: SeenWait[] = [];
  readonly #known: KnownWaits | undefined;
  readonly #onWait: (resolver: Resolver | undefined) => void;
  readonly #resolvers = new WeakSet<Resolver>();
  /** Bytes received when a shared socket was last found idle. */
  #idleBytes = -1;

  /**
   * @param known - Undefined in a run without a cut: lines are found for all waits.
   * @param onWait - Called for each wait that is new, with its resolver.
   */
  constructor(known: KnownWaits | undefined, onWait: (resolver: Resolver | undefined) => void) {
    this.#known = known;
    this.#onWait = onWait;
  }

  /** Finds the waits that have begun since the last look. */
  look(run: HandlerRun): void {
    for (const call of (run.host as ServingHost).handlerWaits.callsNear(run)) {
      if (this.#resolvers.has(call.wait.resolver)) continue;
      this.#resolvers.add(call.wait.resolver);
      for (const wait of this.#waitsOf(run, call)) this.#add(wait, call.wait.resolver);
    }
    if (this.#isNewlyIdle(run)) this.#add({ waits: 'message', at: undefined }, undefined);
  }

  /** Gives the wait that a call is; none where it is not one of this run. */
  #waitsOf(run: HandlerRun, call: Call): readonly SeenWait[] {
    if (this.#isPassed(run, call)) return [{ ...this.#next, waits: call.waits }];
    return (run.host as ServingHost).handlerWaits.ownOf(run, [call]);
  }

  /** The next wait as it was in the run without a cut. */
  get #next(): SeenWait | { readonly at: undefined } {
    return this.#known?.counted[this.list.length] ?? { at: undefined };
  }

  /** Whether no line is needed: to find one takes more time than all other looks of a step. */
  #isPassed(run: HandlerRun, { child, run: owner, waits }: Call): boolean {
    if (this.#known === undefined || this.list.length + 1 === this.#known.number) return false;
    return child !== undefined || (owner === run && waits !== 'close');
  }

  /** Whether a shared socket whose handler has returned waits for the next message. */
  #isNewlyIdle({ isHandlerRunning, isOffering, conversation }: HandlerRun): boolean {
    if (isHandlerRunning || isOffering || conversation.isEnding) return false;
    const { receivedBytes } = conversation.transport;
    if (this.#idleBytes === receivedBytes) return false;
    this.#idleBytes = receivedBytes;
    return true;
  }

  #add(wait: SeenWait, resolver: Resolver | undefined): void {
    this.list.push(wait);
    this.#onWait(resolver);
  }
}

/** Says who waits where: `the handler waits in read at chat.ts:12`. */
export function seenText(wait: SeenWait | undefined): string {
  if (wait === undefined) return 'nobody waits';
  const { waits, at, task } = wait;
  if (waits === 'message') return 'the socket waits for a message';
  const who = task === undefined ? 'the handler' : `task '${task}' of the handler`;
  return `${who} ${waitText(waits, at)}`;
}

/** Tells whether two waits are in the same call, at the same line. */
export function isSameWait(one: SeenWait | undefined, other: SeenWait | undefined): boolean {
  return one?.waits === other?.waits && one?.at === other?.at && one?.task === other?.task;
}
