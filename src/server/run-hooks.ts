// The hooks of a server that run after its handshake: `onClientMessage`, `onExpire` and
// `onPostServer`. They run in the AsyncLocalStorage context of the handshake, and the last two are
// awaited for a bounded time. handler-run.ts makes it, and decides when each hook runs.

import { AsyncResource } from 'node:async_hooks';
import type { HostedSocket } from './hosted-socket.ts';
import type { WebSocketServer } from './servable.ts';
import type { Clock } from '../time/clock.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { toBytes } from '../core/data.ts';
import type { Data } from '../core/data.ts';

export interface RunHooksSettings {
  readonly clock: Clock;
  readonly closeTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
}

/** The run of the hooks; an interface, because the run makes this. */
export interface HookedRun {
  readonly ws: HostedSocket;
  report(error: unknown, phase: string): void;
  /** Reports an error, unless it only says that the socket has ended. */
  reportUnlessOver(error: unknown, phase: string): void;
}

interface HookCall {
  readonly hook: () => unknown;
  readonly report: (error: unknown) => void;
  readonly onSettled: () => void;
}

/** Tells whether a server has a hook that runs after its handshake. */
export function hasRunHooks(server: WebSocketServer): boolean {
  return (
    server.onClientMessage !== undefined || server.onExpire !== undefined || server.onPostServer !== undefined
  );
}

/**
 * Calls the hooks of one server for one socket. It is the AsyncResource of their context itself: a
 * snapshot() would take 2.7 KiB, this takes 120 bytes.
 */
export class RunHooks extends AsyncResource {
  readonly #server: WebSocketServer;
  readonly #run: HookedRun;
  readonly #settings: RunHooksSettings;
  /** Bounds `onExpire`; undefined before its first call. */
  #expireTimer: unknown;

  constructor(server: WebSocketServer, run: HookedRun, settings: RunHooksSettings) {
    super('corosock.hooks');
    this.#server = server;
    this.#run = run;
    this.#settings = settings;
  }

  /** Offers a message to `onClientMessage`. @returns What it returns. */
  offer(data: Data): unknown {
    const { ws } = this.#run;
    const given = ws.binaryData ? toBytes(data) : data;
    return this.runInAsyncScope(() => this.#server.onClientMessage?.(ws, given));
  }

  /** Calls `onExpire`, and then `onSettled`, once, after `handshakeTimeoutMs` at the latest. */
  callExpire(onSettled: () => void): void {
    const report = (error: unknown): void => this.#run.reportUnlessOver(error, 'onExpire');
    const hook = (): unknown => this.#server.onExpire?.(this.#run.ws);
    const { handshakeTimeoutMs } = this.#settings;
    this.#expireTimer = this.#callWithin(handshakeTimeoutMs, 'onExpire', { hook, report, onSettled });
  }

  /** The socket has ended: an `onExpire` that runs may take as long as it likes. */
  stopExpire(): void {
    this.#settings.clock.clearTimeout(this.#expireTimer);
  }

  /** Calls `onPostServer`, and then `onSettled`, once, after `closeTimeoutMs` at the latest. */
  callPostServer(end: CloseInfo, onSettled: () => void): void {
    const report = (error: unknown): void => this.#run.report(error, 'onPostServer');
    const hook = (): unknown => this.#server.onPostServer?.(this.#run.ws, end);
    this.#callWithin(this.#settings.closeTimeoutMs, 'onPostServer', { hook, report, onSettled });
  }

  /**
   * Reports what the hook throws, also later, and that it has not settled in time.
   *
   * @returns The timer of that time.
   */
  #callWithin(timeoutMs: number, name: string, { hook, report, onSettled }: HookCall): unknown {
    const { clock } = this.#settings;
    let isLate = false;
    const timer = clock.setTimeout(() => {
      isLate = true;
      report(new Error(`${name} has not settled in ${timeoutMs} ms`));
      onSettled();
    }, timeoutMs);
    // The socket may be ending in this call: `ws.signal` aborts before the hook runs.
    void Promise.resolve()
      .then(() => this.runInAsyncScope(hook))
      .catch(report)
      .then(() => {
        clock.clearTimeout(timer);
        if (!isLate) onSettled();
      });
    return timer;
  }
}
