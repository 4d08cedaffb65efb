// Whether code of users in a memory server waits in calls of this package, or is elsewhere: in real
// I/O, or stuck. `run.waiting` and the end of a run ask it. What a handler waits in is found by
// server/host-waits.ts, by looking: a promise cannot tell when the event loop comes back to it.

import type { MemoryServer } from './memory-server.ts';
import { realPause, realTurn } from './real-turn.ts';
import { settle } from './settle.ts';
import { handlerName } from './who-waits.ts';
import { EVERY_PATH } from '../server/routes.ts';
import type { HostWaits } from '../server/host-waits.ts';
import type { HandlerRun } from '../server/handler-run.ts';

/** So many looks are a turn of the event loop apart: most handlers wait again by then. */
const QUICK_LOOKS = 32;
/** The time between two looks, from then on. */
const LOOK_MS = 10;
/**
 * So many looks keep the process alive, for ten seconds or more: what a handler awaits may not do
 * so. One that has waited in no call of ours by then may be stuck, and holds no process for ever.
 */
const HOLDING_LOOKS = 1000;
/**
 * So many looks a run that ends gives code that is elsewhere, a second or more: a machine that is
 * slow gives no fewer.
 */
const ENDING_LOOKS = QUICK_LOOKS + 100;

/** Watches the handlers of one server in memory. */
export class HandlerWatch {
  readonly #server: MemoryServer;
  readonly #waits: HostWaits;
  /** Whether code of users has not come back within {@link ENDING_LOOKS}. */
  #isStuck = false;

  constructor(server: MemoryServer) {
    this.#server = server;
    this.#waits = server.host.handlerWaits;
  }

  /** Resolves when the handler of each client waits in a call of ours, or has ended. */
  async whenHandlersWait(): Promise<void> {
    const isElsewhere = (): boolean =>
      this.#server.opening > 0 ||
      this.#waits.elsewhere(this.#server.openRuns).some(({ task }) => task === undefined);
    for (let looks = 0; looks === 0 || isElsewhere(); looks += 1) await nextLook(looks);
  }

  /**
   * Lets run what is ready, while a run ends. Resolves when only the clock can go on: all code of
   * users waits in calls of ours, or has ended, or is stuck.
   *
   * @param isClosed - Whether the host has closed.
   */
  async whenTimeMayPass(isClosed: () => boolean): Promise<void> {
    await settle();
    for (let looks = 0; !this.#isStuck && !isClosed() && this.#isAnyElsewhere(); looks += 1) {
      this.#isStuck = looks >= ENDING_LOOKS;
      await nextLook(looks);
    }
  }

  #isAnyElsewhere(): boolean {
    const runs = this.#server.openRuns;
    // The session store has something to write.
    if (runs.length === 0) return true;
    return runs.some(isInHook) || this.#waits.elsewhere(runs).length > 0;
  }
}

/** Whether a hook runs: `onClientMessage`, or `onPostServer` after all else. */
function isInHook(run: HandlerRun): boolean {
  return run.isOffering || (!run.isHandlerRunning && run.ws.closeInfo !== undefined);
}

function nextLook(looks: number): Promise<void> {
  return looks < QUICK_LOOKS ? realTurn() : realPause(LOOK_MS, { holds: looks < HOLDING_LOOKS });
}

/**
 * Names the code of users in a server that waits in no call of ours: handlers, child tasks, hooks.
 * One that awaits a child task waits where that does.
 *
 * @returns The names, by a key that stays the same from look to look.
 */
export function codeElsewhere(server: MemoryServer): ReadonlyMap<string, string> {
  const runs = server.openRuns;
  const names = new Map<string, string>();
  if (server.opening > 0) names.set('opening', 'onPreServer');
  for (const { run, task, awaited } of server.host.handlerWaits.elsewhere(runs))
    if (awaited.length === 0) names.set(`${run.id} ${task}`, handlerName({ route: run.route, task }));
  for (const run of runs.filter(isInHook)) {
    const hook = run.isOffering ? 'onClientMessage' : 'onPostServer';
    names.set(`${run.id} ${hook}`, `${hook}${ofRoute(run.route)}`);
  }
  return names;
}

function ofRoute(route: string): string {
  return route === EVERY_PATH ? '' : ` of ${route}`;
}
