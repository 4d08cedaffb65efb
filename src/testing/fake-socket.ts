// Both ends of a conversation, for tests that call a handler by themselves. The
// link and the host between are memory-server.ts's.

import type { FakeOptions } from './fake-options.ts';
import { memoryServer } from './memory-server.ts';
import type { ServerSocket } from '../server/host.ts';
import { acceptedAtOnce } from '../server/admission.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { badArgument, checkObject } from '../core/arguments.ts';

/**
 * Makes both ends of a conversation in memory: the same queue, reader and writer
 * as on a port.
 *
 * Nothing has to be cleaned up: what nobody holds is collected, and no timer keeps
 * the process alive.
 *
 * @param options - Those of a host but `sessions`, which take a handshake; the request's
 *   `url`, `headers`, `params`; `context`: what `ws.context` gives.
 * @returns `ws`, what a handler holds, and `client`, the other end.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function fakeSocket<Context = unknown>(
  options: FakeOptions & { readonly context?: Context } = {},
): { readonly ws: ServerSocket<Context>; readonly client: ClientSocket } {
  checkObject('fakeSocket()', options);
  if (options.sessions !== undefined && options.sessions !== false) {
    throw badArgument('fakeSocket()', 'no sessions (they take a handshake: runServer())', options.sessions);
  }
  const { context, ...rest } = options;
  const memory = memoryServer('fakeSocket()', untilClosed, rest);
  const { run, client } = memory.open({ ...acceptedAtOnce(memory.pending.protocol), context });
  return { ws: run.ws as ServerSocket<Context>, client };
}

/** The handler of a socket that a test talks through: it ends with it. */
async function untilClosed(ws: ServerSocket): Promise<void> {
  await ws.closed;
}
