// `runServer`: a server's whole life cycle without a port. Calls the hook, starts the handler, and
// shuts down under any clock. The host and the link are those of memory-server.ts.

import type { ClientOfWorld, FakeOptions } from './fake-options.ts';
import { HandlerWatch } from './handler-watch.ts';
import { MemoryServer } from './memory-server.ts';
import { begin, clientOf } from './opening.ts';
import type { Started } from './opening.ts';
import { StandstillWatch, WatchedRun } from './standstill.ts';
import { clientName } from './who-waits.ts';
import type { Host } from '../server/host.ts';
import type { Outcome as RunOutcome } from '../server/outcome.ts';
import type { Route } from '../server/servable.ts';
import { EVERY_PATH } from '../server/routes.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { unattended } from '../waiting/abortable.ts';
import type { Clock } from '../time/clock.ts';
import { SHUT_DOWN_MARGIN_MS } from '../server/shut-down.ts';

/** How a run ended: the end of its handler and its socket, or the refusal. */
export type Outcome = RunOutcome | { readonly kind: 'refused'; readonly response: Response };

/** A server that runs, and its client. */
export interface ServerRun extends AsyncDisposable {
  /** The other end of the conversation. Rejects with ConnectError when `onPreServer` refused. */
  readonly client: Promise<ClientSocket>;
  /** How the run ended. Never rejects; settles after `onPostServer`. */
  readonly done: Promise<Outcome>;
  readonly host: Host;
  /**
   * Resolves when the handler waits in a call of this package, or has ended. Never rejects.
   *
   * Each look at it makes a promise for the state from then on. It resolves in the next turn at the
   * earliest, so that what clients have written before arrives first. With several clients it waits
   * for all of their handlers, and for handshakes that are not decided yet.
   *
   * A handler that awaits something else, such as a file or a database, is waited for in real time.
   * A handler that awaits a child task waits where that task does.
   */
  readonly waiting: Promise<void>;
  /**
   * Opens a further client of the same host, over a link of its own. Its handler is one more run of
   * the server. Limits such as `maxSockets` count all clients.
   *
   * @param options - `url`, `headers`, `params`, `protocols`; each defaults to that of the run. A
   *   `url` of another path needs `params` of its own where the run has some.
   * @throws ConnectError with the `status` of a refusal: 503 once the host closes. UsageError
   *   `COROSOCK_ARGUMENT`.
   */
  connect(options?: ClientOfWorld): Promise<ClientSocket>;
}

/**
 * Runs a server's whole life cycle over a link in memory.
 *
 * Hooks, queue, reader, writer, host and shut-down are those of a port. A server without
 * `onPreServer` and `sessions` has begun when this returns. `await using` ends the run: the host
 * closes with `graceMs: 0`, and a virtual clock is advanced by the time that handlers and hooks may
 * still take. It stands still while their code is in real I/O, which gets a second of real time:
 * what has not come back by then is taken for stuck.
 *
 * @param server - What is served under one pattern: a function, an object or class with server(),
 *   `{ create }`, or `{ serve, options }`.
 * @param options - Those of a host, and `url`, `headers` and `params` of the request. The client
 *   offers all of `protocols`.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function runServer(server: Route, options: FakeOptions = {}): ServerRun {
  const memory = new MemoryServer('runServer()', server, options);
  const watch = new HandlerWatch(memory);
  const run = new WatchedRun('runServer()', memory, true);
  const still = new StandstillWatch(run, memory.host);
  const known = (started: Started): Started => {
    if ('client' in started) run.add(clientName(memory.runs.indexOf(started.run) + 1), started.client);
    return started;
  };
  const start = begin(memory, memory.first).then(known);
  const connect = async (given: ClientOfWorld = {}): Promise<ClientSocket> =>
    clientOf(known(await begin(memory, memory.requestOf('run.connect()', given))));
  const done = start.then(outcomeOf);
  return {
    client: unattended(start.then(clientOf)),
    get done() {
      return run.asked(done);
    },
    host: memory.host,
    get waiting() {
      return run.asked(watch.whenHandlersWait());
    },
    connect: (given) => unattended(connect(given)),
    [Symbol.asyncDispose]: () => {
      still.end();
      return shutDown(memory, watch);
    },
  };
}

function outcomeOf(started: Started): Outcome | Promise<Outcome> {
  return 'response' in started ? { kind: 'refused', response: started.response } : started.run.outcome;
}

/** Ends the run. No time passes while code of users is in real I/O. */
async function shutDown({ host, settings: { clock } }: MemoryServer, watch: HandlerWatch): Promise<void> {
  const { closeTimeoutMs } = host.settingsOf(EVERY_PATH);
  let isClosed = false;
  const closing = host.close({ graceMs: 0 }).then(() => (isClosed = true));
  const whenReady = (): Promise<void> => watch.whenTimeMayPass(() => isClosed);
  const pass = async (ms: number): Promise<void> => {
    if (isVirtual(clock) && !isClosed) await clock.advance(ms, whenReady);
  };
  // One time-out each for the peer, the handler and `onPostServer`; then the host's deadline.
  for (const ms of [0, closeTimeoutMs, closeTimeoutMs, closeTimeoutMs, SHUT_DOWN_MARGIN_MS]) await pass(ms);
  await closing;
}

/** A virtual clock. Ours waits for code of users between two timers. */
interface SteppedClock extends Clock {
  advance(ms: number, whenReady?: () => Promise<void>): Promise<void>;
}

function isVirtual(clock: Clock): clock is SteppedClock {
  return 'advance' in clock;
}
