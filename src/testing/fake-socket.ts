// Both ends of a conversation, for tests that call a handler by themselves. The
// link and the host between are memory-server.ts's.

import type { FakeOptions } from './fake-options.ts';
import { startInMemory } from './memory-server.ts';
import type { ServerSocket } from '../server/host.ts';
import type { ClientSocket } from '../socket/client-socket.ts';

/**
 * Makes both ends of a conversation in memory: the same queue, reader and writer
 * as on a port.
 *
 * Nothing has to be cleaned up: what nobody holds is collected, and no timer keeps
 * the process alive.
 *
 * @param options - Those of a host, and the request's `url`, `headers`, `params`.
 * @returns `ws`, what a handler holds, and `client`, the other end.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function fakeSocket(options: FakeOptions = {}): {
  readonly ws: ServerSocket;
  readonly client: ClientSocket;
} {
  const { run, client } = startInMemory('fakeSocket()', untilClosed, options);
  return { ws: run.ws, client };
}

/** The handler of a socket that a test talks through: it ends with it. */
async function untilClosed(ws: ServerSocket): Promise<void> {
  await ws.closed;
}
