// `fakeSocket`: both ends of a conversation, for tests that call a handler themselves. The host and
// the link are those of memory-server.ts.

import type { FakeOptions } from './fake-options.ts';
import { MemoryServer } from './memory-server.ts';
import { StandstillWatch, WatchedRun } from './standstill.ts';
import type { ServerSocket } from '../server/host.ts';
import { acceptedAtOnce } from '../server/admission.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { badArgument, checkObject } from '../core/arguments.ts';

/** They would have no effect: nothing asks them for a socket that is open from the beginning. */
const OF_HANDSHAKES = ['sessions', 'onPreServer', 'onRefused', 'limitBy'] as const;

/**
 * Makes both ends of a conversation in memory, with the queue, reader and writer of a port.
 *
 * A test need not clean up: a socket without references is collected, and no timer holds the
 * process.
 *
 * @param options - Those of a host, except `sessions`, `onPreServer`, `onRefused` and `limitBy`,
 *   which need a handshake; `url`, `headers` and `params` of the request; `context`: the value of
 *   `ws.context`.
 * @returns `ws`, which a handler holds, and `client`, the other end.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function fakeSocket<Context = unknown>(
  options: FakeOptions & { readonly context?: Context } = {},
): { readonly ws: ServerSocket<Context>; readonly client: ClientSocket } {
  checkObject('fakeSocket()', options);
  for (const name of OF_HANDSHAKES) {
    const given = options[name];
    if (given !== undefined && given !== false)
      throw badArgument('fakeSocket()', `no ${name} (they take a handshake: runServer())`, given);
  }
  const { context, ...rest } = options;
  const memory = new MemoryServer('fakeSocket()', untilClosed, rest);
  const pending = memory.unchecked();
  const accepted = acceptedAtOnce({ server: untilClosed }, pending.protocol);
  const { run, client } = memory.open(pending, { ...accepted, context });
  const watched = new WatchedRun('fakeSocket()', memory, false);
  watched.add('ws', run.ws);
  watched.add('client', client);
  void new StandstillWatch(watched, memory.host);
  return { ws: run.ws as ServerSocket<Context>, client };
}

/** The handler of the socket: it returns when the socket has closed. */
async function untilClosed(ws: ServerSocket): Promise<void> {
  await ws.closed;
}
