// What the scenarios of the simulation suite share: the world, dice that a seed decides, waits in
// its time, and claims. Under faults a client may lose its host: its script then ends, and its other
// claims stay.

import { ConnectError } from 'corosock/testing';
import type { ClientOfWorld, ClientSocket, Faults, World, WorldClient } from 'corosock/testing';
import type { CloseInfo, Host } from 'corosock';
import { SeededRandom } from '../fuzz/seeded.ts';

/** How bad the faults of a play are: `cruel` loses links and hosts. */
export type Weather = 'none' | 'mild' | 'cruel';

/** One play in a world, and what it claims. It throws where a claim does not hold. */
export interface Scenario {
  /** What it claims, as a sentence. */
  readonly name: string;
  readonly play: (scene: Scene) => Promise<void>;
  /** Whether it also holds where links and hosts are lost. Default: without losses only. */
  readonly faults?: Faults | 'cruel';
}

/** The longest wait for anything of a host. Stalls and delays of `cruel` take less. */
export const PATIENCE_MS = 200_000;

/** The reason of a wait that its caller has given up. */
export const ABANDONED: Error = new Error('given up');

/** Ends the script of a client that has lost its host. */
const LOST: Error = new Error('this client has lost its host');

/** One world, with dice. */
export class Scene {
  readonly w: World;
  readonly dice: SeededRandom;
  /** Whether links and hosts may be lost. */
  readonly mayLose: boolean;
  /** Whether each delivery takes no time, and arrives. */
  readonly isCalm: boolean;
  /** Whether links carry the bytes of a port: several messages may come in one chunk. */
  readonly isWire: boolean;
  /** Timers of the scene itself. */
  #timers = 0;

  constructor(w: World, weather: Weather, fidelity: 'messages' | 'wire') {
    this.w = w;
    this.dice = new SeededRandom(Math.floor(w.random() * 2 ** 32));
    this.mayLose = weather === 'cruel';
    this.isCalm = weather === 'none';
    this.isWire = fidelity === 'wire';
  }

  /** Waits in the time of the world. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Calls back in the time of the world. */
  after(ms: number, run: () => void): void {
    this.#timers += 1;
    this.w.clock.setTimeout(() => {
      this.#timers -= 1;
      run();
    }, ms);
  }

  /** Waits a time from 0 to below `limitMs`. */
  pause(limitMs: number): Promise<void> {
    return this.sleep(this.dice.below(limitMs));
  }

  /** Gives a signal that aborts in a time from 0 to below `limitMs`. */
  abortedWithin(limitMs: number): AbortSignal {
    const controller = new AbortController();
    this.after(this.dice.below(limitMs), () => controller.abort(ABANDONED));
    return controller.signal;
  }

  /** Connects a client. Ends its script where a fault prevents it. */
  async connect(host: Host, options?: ClientOfWorld): Promise<WorldClient> {
    try {
      return await this.w.connect(host, options);
    } catch (error) {
      // A link that stalls may bring the request when the host closes: the answer is then 503.
      const isLost = error instanceof ConnectError && (error.status ?? 503) === 503;
      if (this.mayLose && isLost) throw LOST;
      throw error;
    }
  }

  /** Reads the next text. Ends the script where there is none because of a fault. */
  async hear(ws: WorldClient): Promise<string> {
    const [text, status] = await ws.readText(PATIENCE_MS);
    if (status === 'ok') return text;
    this.lose(ws);
    throw new Error(`heard nothing: ${status} ${JSON.stringify(ws.closeInfo)}`);
  }

  /** Reads until the end. A link that has fallen silent has ended, too. */
  async hearAll(ws: ClientSocket, onText: (text: string) => void): Promise<void> {
    for (;;) {
      const [text, status] = await ws.readText(PATIENCE_MS);
      if (status === 'ok') onText(text);
      else if (status === 'closed') return;
      else if (this.mayLose) return void (await ws.close());
    }
  }

  /** Waits for the end of a conversation. A link that has fallen silent has ended, too. */
  async untilClosed(ws: WorldClient): Promise<CloseInfo> {
    await this.hearAll(ws, () => {});
    return ws.closed;
  }

  /** Ends the script of a client that faults may have taken its host from. */
  lose(ws: WorldClient): void {
    if (!this.mayLose) return;
    void ws.close();
    throw LOST;
  }

  /** Runs a script for each number from 0 to below `count`, side by side. */
  each(count: number, name: string, script: (at: number) => Promise<void>): Promise<unknown> {
    const run = (at: number) => async (): Promise<void> => {
      try {
        await script(at);
      } catch (error) {
        if (error !== LOST) throw error;
      }
    };
    const all = Promise.all(
      Array.from({ length: count }, (_, at) => this.w.spawn(`${name} ${at + 1}`, run(at))),
    );
    // A script that fails has failed the run: some look at it later.
    all.catch(() => {});
    return all;
  }

  /** Claims that the hosts, which have closed, have left no timer. Faults have timers of their own. */
  async claimNoTimers(): Promise<void> {
    // A host waits a moment for the end of a client that it has refused.
    await this.w.settle();
    const left = this.w.clock.timers - this.#timers;
    if (this.isCalm) claim(left === 0, 'timers are left', left);
  }
}

/** @throws Error where a claim does not hold. */
export function claim(holds: boolean, what: string, ...facts: readonly unknown[]): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(facts)}`);
}

/** Claims that one list begins with the other. */
export function claimPrefix(what: string, part: readonly unknown[], whole: readonly unknown[]): void {
  const at = part.findIndex((item, index) => item !== whole[index]);
  if (at !== -1) claim(false, `${what}, from ${at} on`, part.slice(at, at + 3), whole.slice(at, at + 3));
}
