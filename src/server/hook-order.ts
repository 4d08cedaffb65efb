// Who is asked before the 101, and in which order: the hook of the host, then, once the server of
// the connection is made, the server's own hook. admission.ts calls it, and makes a verdict of what
// comes back.

import type { OpenHandshake } from '../handshake/handshake.ts';
import { isResponse } from '../handshake/hook-response.ts';
import type { WebSocketServer } from './servable.ts';
import type { TaskQueue } from '../waiting/task-queue.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';

/** The hook `onPreServer` of a host. What it returns is not known: users write JavaScript, too. */
export type HostHook = (handshake: OpenHandshake) => unknown;

/** Makes the server of one connection; of a route with `create`, in its own time. */
export type MakeServer = () => WebSocketServer | Promise<WebSocketServer>;

/** What is asked, and until when. */
export interface Question {
  readonly handshake: OpenHandshake;
  readonly hostHook: HostHook | undefined;
  readonly makeServer: MakeServer;
  /** Runs the hooks in their turn. */
  readonly hooks: TaskQueue;
  /** Aborts when the handshake is over: what was not called by then is not called. */
  readonly over: LazySignal;
}

/** What has come of it. A hook that throws rejects. */
export type Reply =
  /** What the hook of the server has returned, or that of the host where the server has none. */
  | { readonly kind: 'asked'; readonly returned: unknown; readonly server: WebSocketServer }
  /** The hook of the host has returned false, or a Response. */
  | { readonly kind: 'refused'; readonly returned: unknown }
  /** The constructor of the class has thrown, or `create` has. */
  | { readonly kind: 'unmade'; readonly error: unknown };

/** Asks the hooks. A server without a hook, on a host without one, takes no turn. */
export async function askHooks(question: Question): Promise<Reply> {
  const { hostHook, hooks, over } = question;
  if (hostHook !== undefined) return hooks.run(() => askBoth(question, hostHook), over);
  const made = await make(question);
  if ('error' in made) return made;
  const { server } = made;
  if (server.onPreServer === undefined) return { kind: 'asked', returned: undefined, server };
  const hook = (): unknown => server.onPreServer?.(question.handshake);
  return { kind: 'asked', returned: await hooks.run(hook, over), server };
}

/** One turn for both: a client that the host has let in does not wait in line again. */
async function askBoth(question: Question, hostHook: HostHook): Promise<Reply> {
  const { handshake, over } = question;
  const returned = await hostHook(handshake);
  if (returned === false || isResponse(returned)) return { kind: 'refused', returned };
  if (over.aborted) throw over.reason;
  handshake.enterRoute(returned);
  const made = await make(question);
  if ('error' in made) return made;
  const { server } = made;
  if (server.onPreServer === undefined) return { kind: 'asked', returned, server };
  return { kind: 'asked', returned: await server.onPreServer(handshake), server };
}

/** @throws The reason of `over`: a server that comes later is dropped. */
async function make({
  makeServer,
  over,
}: Question): Promise<{ readonly server: WebSocketServer } | Extract<Reply, { kind: 'unmade' }>> {
  let server: WebSocketServer;
  try {
    const making = makeServer();
    server = making instanceof Promise ? await over.until(making) : making;
  } catch (error) {
    return { kind: 'unmade', error };
  }
  if (over.aborted) throw over.reason;
  return { server };
}
