// Who is asked before the 101, and in which order: the hook of the host, then, once the server of
// the connection is made, the server's own hook. admission.ts calls it, and makes a verdict of what
// comes back.

import type { OpenHandshake } from '../handshake/handshake.ts';
import { isResponse } from '../handshake/hook-response.ts';
import type { WebSocketServer } from './servable.ts';
import type { TaskQueue } from '../waiting/task-queue.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import { isThenable } from '../core/object-like.ts';

/** The hook `onPreServer` of a host. What it returns is not known: users write JavaScript, too. */
export type HostHook = (handshake: OpenHandshake) => unknown;

/** Makes the server of one connection; of a route with `create`, in its own time. */
export type MakeServer = () => WebSocketServer | Promise<WebSocketServer>;

/** Who is asked, and until when. */
interface HookParts {
  readonly handshake: OpenHandshake;
  /** The hook of the host; undefined where it has none. */
  readonly hostHook: HostHook | undefined;
  readonly makeServer: MakeServer;
  /** Runs the hooks in their turn. */
  readonly hooks: TaskQueue;
  /** Aborts when the handshake is over: what was not called by then is not called. */
  readonly over: LazySignal;
}

/** The hooks of one handshake, in their order. */
export class HookOrder {
  readonly #parts: HookParts;
  /** The server of the connection; undefined before it is made, and where the host refuses. */
  server: WebSocketServer | undefined;
  /** Where an error comes up: in a hook, or in `create` and constructors. */
  phase: 'onPreServer' | 'handshake' = 'onPreServer';

  constructor(parts: HookParts) {
    this.#parts = parts;
  }

  /**
   * Asks the hooks. A server without a hook, on a host without one, takes no turn.
   *
   * No async function: most hooks are those of a server that is there (row: handshakes with
   * onPreServer and a session).
   *
   * @returns What the hook that was asked last has returned, or a promise of it.
   */
  ask(): unknown {
    const { hostHook, hooks, over } = this.#parts;
    if (hostHook !== undefined) return hooks.run(() => this.#askBoth(hostHook), over);
    const making = this.#make();
    return isThenable(making) ? making.then((server) => this.#askServer(server)) : this.#askServer(making);
  }

  #askServer(server: WebSocketServer): unknown {
    const { handshake, hooks, over } = this.#parts;
    if (server.onPreServer === undefined) return undefined;
    return hooks.run<unknown>(() => server.onPreServer?.(handshake), over);
  }

  /** One turn for both: a client that the host has let in does not wait in line again. */
  async #askBoth(hostHook: HostHook): Promise<unknown> {
    const { handshake, over } = this.#parts;
    const returned = await hostHook(handshake);
    if (returned === false || isResponse(returned)) return returned;
    if (over.aborted) throw over.reason;
    handshake.enterRoute(returned);
    const server = await this.#make();
    return server.onPreServer === undefined ? returned : server.onPreServer(handshake);
  }

  #make(): WebSocketServer | Promise<WebSocketServer> {
    const { makeServer, over } = this.#parts;
    this.phase = 'handshake';
    const making = makeServer();
    if (!isThenable(making)) return this.#made(making);
    return over.until(making).then((server) => this.#made(server));
  }

  /** @throws The reason of `over`: a constructor may have closed the host. */
  #made(server: WebSocketServer): WebSocketServer {
    if (this.#parts.over.aborted) throw this.#parts.over.reason;
    this.phase = 'onPreServer';
    this.server = server;
    return server;
  }
}
