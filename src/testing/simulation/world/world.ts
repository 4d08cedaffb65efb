// What users hold of a world: its hosts, clients, clock and checks. Types only: seeded-world.ts is
// what stands behind it.

/// <reference lib="esnext.disposable" preserve="true" />

import type { WorldClient } from '../links/world-link.ts';
import type { ClientOfWorld } from '../../fake-options.ts';
import type { VirtualClock } from '../../virtual-clock.ts';
import type { MemoryNode } from '../../../brokers/memory-broker.ts';
import type { Host } from '../../../server/host.ts';
import type { HostOptions } from '../../../server/host-options.ts';
import type { LoneRoute, RouteMap, WithHostHook } from '../../../server/typed-routes.ts';
import type { Task } from '../../../tasks/task.ts';

/** Hosts and clients in memory, with one virtual clock and one seed. */
export interface World extends AsyncDisposable {
  readonly seed: number;
  /**
   * The clock of all hosts and clients. Its `now()` begins at 0, and its `wallTimeMs()` at
   * 2030-01-01 UTC in each world, so that runs are equal.
   */
  readonly clock: VirtualClock;
  /**
   * Gives numbers from 0 to below 1 that its seed decides. Faults, ids and the order of events do
   * not change with the number of draws.
   */
  readonly random: () => number;
  /**
   * Makes a host. The parameters of patterns and the contexts of hooks are inferred, as by `serve`.
   *
   * @param routes - One server for every path, or a map of patterns.
   * @param options - Those of a host, without `clock`: a world has its own.
   * @throws UsageError `COROSOCK_ARGUMENT`, also after the end of the world; `COROSOCK_ROUTE`.
   */
  serve<
    Pattern extends string,
    Contexts extends Readonly<Record<string, unknown>> = Readonly<Record<Pattern, unknown>>,
    Context = unknown,
    HostContext = unknown,
  >(
    routes: LoneRoute<Context, NoInfer<HostContext>> | RouteMap<Pattern, Contexts, NoInfer<HostContext>>,
    options?: WithHostHook<HostOptions, HostContext>,
  ): Host;
  /**
   * Makes one more node of the broker of this world, for the option `broker` of a host: each host
   * has a node of its own. What passes between nodes comes in an order that its seed decides, with
   * the faults of the world. A host that stops takes its node with it.
   *
   * @returns The node. A script can `cut` it off, and `mend` it.
   * @throws UsageError `COROSOCK_ARGUMENT` after the end of the world.
   */
  broker(): MemoryNode;
  /**
   * Connects a client to a host of this world.
   *
   * Errors and stories name clients by the order of their connections, from `client 1` on. Where
   * `faults` may delay or lose the answer, it waits for 10 000 ms of virtual time at most.
   *
   * @returns The client. Its `link` can be stalled, healed, reset and cut.
   * @param options - `url`, by default `ws://localhost/`; `headers` and `protocols` of the request.
   * @throws ConnectError with the `status` of a refusal; without one where the link was reset, or
   *   no answer has come in time. UsageError `COROSOCK_ARGUMENT`, also for a host of another world,
   *   and after the end of this one. In a simulation calls of a client from another world reject
   *   with it, too: within the first 200 events of the calling world.
   */
  connect(host: Host, options?: Omit<ClientOfWorld, 'params'>): Promise<WorldClient>;
  /**
   * Runs a script beside the test. The end of the world waits for it, and throws its error, also
   * where the test has awaited and caught it. In a simulation it fails the run.
   *
   * @param name - Named in errors.
   * @returns Resolves when the script has ended; rejects with what it has thrown.
   * @throws UsageError `COROSOCK_ARGUMENT`, also after the end of the world.
   */
  spawn(name: string, script: () => Promise<void>): Task<void>;
  /**
   * Steps out of simulated time for something real: a file, a database, a timer of Node.
   *
   * The world stands still until it has settled: no message moves, no time passes. Of several at
   * one time all settle first; their results come in the order of the calls, so that a seed gives
   * the same order again. After 30 real seconds it gives a promise up.
   *
   * @returns What the promise gives; rejects with what it rejects with, or with a UsageError
   *   `COROSOCK_REAL_TIME` that names the line where it is given up.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  real<T>(promise: PromiseLike<T>): Promise<T>;
  /**
   * Checks something after each step: each delivery, timer and turn. The first check that throws,
   * or gives false, fails the simulation, or the end of the world. Any value but false passes, also
   * undefined, so that a check may use `assert` or `expect`. It is asked no more once the world
   * ends.
   *
   * @param name - Named in the error.
   * @param check - Synchronous: it runs between two steps.
   * @throws UsageError `COROSOCK_ARGUMENT`, also after the end of the world.
   */
  always(name: string, check: () => unknown): void;
  /**
   * Waits until a check gives true: it is asked now, after each step, and last when the time is
   * over. Where it still gives no true, it fails the simulation, or the end of the world, also
   * where nothing awaits the promise.
   *
   * @param name - Named in the error.
   * @param withinMs - On the clock of the world, from 0 to 2 147 483 647.
   * @returns Rejects where the time is over, or the check throws.
   * @throws UsageError `COROSOCK_ARGUMENT`, also after the end of the world.
   */
  eventually(name: string, check: () => boolean, withinMs: number): Promise<void>;
  /**
   * Runs everything that is ready now; no time passes.
   *
   * @throws UsageError `COROSOCK_REAL_TIME` where a handler, child task or hook waits for a timer
   *   of Node or real I/O outside of `real`, within the first 200 events of the world.
   *   `clock.advance` throws it, too, before time passes.
   */
  settle(): Promise<void>;
}
