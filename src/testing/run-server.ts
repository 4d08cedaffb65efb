// A server's whole life cycle without a port. The link and the host are
// memory-server.ts's; here it is ended in a way that no clock can hold up.

import type { FakeOptions } from './fake-options.ts';
import { startInMemory } from './memory-server.ts';
import type { MemoryServer } from './memory-server.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { Host } from '../server/host.ts';
import type { Outcome } from '../server/outcome.ts';
import type { Servable } from '../server/servable.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import type { Clock } from '../time/clock.ts';

/** One server that runs, and the client that talks to it. */
export interface ServerRun extends AsyncDisposable {
  /** The other end of the conversation. */
  readonly client: Promise<ClientSocket>;
  /** How it ended; never rejects. */
  readonly done: Promise<Outcome>;
  readonly host: Host;
}

/**
 * Runs a server's whole life cycle over an in-memory link.
 *
 * Queue, reader, writer, host and shut-down are those of a port. `await using`
 * ends it: the host closes with `graceMs: 0`, and a virtual clock is advanced by
 * what handlers may take that ignore it.
 *
 * @param server - A function, or an object with server().
 * @param options - Those of a host, and the request's `url`, `headers`, `params`. The
 *   client has agreed to the first of `protocols`.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function runServer(server: Servable, options: FakeOptions = {}): ServerRun {
  const memory = startInMemory('runServer()', server, options);
  return {
    client: Promise.resolve(memory.client),
    done: memory.run.outcome,
    host: memory.host,
    [Symbol.asyncDispose]: () => shutDown(memory),
  };
}

async function shutDown({ host, settings: { clock, closeTimeoutMs } }: MemoryServer): Promise<void> {
  const closing = host.close({ graceMs: 0 });
  if (isVirtual(clock)) await clock.advance(2 * closeTimeoutMs);
  await closing;
}

function isVirtual(clock: Clock): clock is VirtualClock {
  return 'advance' in clock;
}
