// `serve`: serving on a port. Makes an http server (port-listener.ts) that passes upgrades to the
// host (serving-host.ts), and refuses plain requests; `attach` is attach.ts's.

/// <reference types="node" preserve="true" />

import type { IncomingMessage } from 'node:http';
import type { ServerOptions as HttpsServerOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { addressOf } from './attach.ts';
import { hasOneHost } from '../handshake/check-handshake.ts';
import type { Host } from './host.ts';
import { ServingHost } from './serving-host.ts';
import { HOST_OPTIONS, settingsOf } from './host-options.ts';
import type { BareHostOption, HostOptions } from './host-options.ts';
import type { Refusal } from '../handshake/refusal.ts';
import { PendingRequests } from './pending-requests.ts';
import { checkTls, hasNoTls, portListener } from './port-listener.ts';
import type { PortListener } from './port-listener.ts';
import { closeOnSignals } from './process-signals.ts';
import { refusalForClientError, refuse, REFUSALS } from '../handshake/refusal.ts';
import { targetOf } from '../handshake/request-target.ts';
import { RouteTable } from './routes.ts';
import type { Routes } from './servable.ts';
import type { LoneRoute, RouteMap, WithHostHook } from './typed-routes.ts';
import type { Clock } from '../time/clock.ts';
import { badArgument, checkBoolean } from '../core/arguments.ts';
import { noop } from '../core/noop.ts';
import { complete } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';
import { showCaller, traceOf } from '../core/stack-trace.ts';

export interface ServeOptions extends HostOptions {
  /** Port to listen on, 0 to 65535; 0 is any free port. Default 0. */
  readonly port?: number;
  /** Name or address to listen on. Default `'127.0.0.1'`. */
  readonly hostname?: string;
  /**
   * TLS: what node:https takes, such as `cert` and `key` in PEM. Clients connect by `wss:`. A TLS
   * handshake has `handshakeTimeoutMs`; beyond it the connection is cut. Default: no TLS.
   */
  readonly tls?: HttpsServerOptions;
  /**
   * SIGTERM and SIGINT close the host as `host.close()` does. The process then ends by itself with
   * code 0, unless something else holds it. A second signal ends it at once, with 128 and the
   * number of the signal. Default false.
   */
  readonly signals?: boolean;
}

type OwnOptions = Omit<ServeOptions, keyof HostOptions>;

const OWN_OPTIONS: OptionTable<OwnOptions, 'tls'> = {
  port: [0, checkPort],
  hostname: ['127.0.0.1', checkHostname],
  tls: [undefined, checkTls],
  signals: [false, checkBoolean],
};

/** The options of `serve`. */
export const SERVE_OPTIONS: OptionTable<ServeOptions, 'tls' | BareHostOption> = {
  ...HOST_OPTIONS,
  ...OWN_OPTIONS,
};

/**
 * Serves WebSockets on a port, and nothing else: a plain request to a route gets 426, any other
 * plain request 404.
 *
 * @param routes - One server for every path, or a map of patterns.
 * @param options - See {@link ServeOptions}.
 * @returns The host, listening. Its open port keeps the process alive; `host.close` frees it.
 * @throws UsageError `COROSOCK_ARGUMENT`, `COROSOCK_ROUTE`. The error of node:net when the port
 *   cannot be opened, for example `EADDRINUSE`.
 */
export function serve<
  Pattern extends string,
  Contexts extends Readonly<Record<string, unknown>> = Readonly<Record<Pattern, unknown>>,
  Context = unknown,
  HostContext = unknown,
>(
  routes: LoneRoute<Context, NoInfer<HostContext>> | RouteMap<Pattern, Contexts, NoInfer<HostContext>>,
  options?: WithHostHook<ServeOptions, HostContext>,
): Promise<Host>;
export async function serve(routes: Routes, options: ServeOptions = {}): Promise<Host> {
  const caller = traceOf(CALLER_FRAMES, serve);
  // First: of `serve('/chat', handler)` the path is what is wrong.
  const table = new RouteTable(routes);
  const settings = settingsOf('serve()', options, SERVE_OPTIONS);
  const { port, hostname, tls, signals } = complete<OwnOptions, 'tls'>('serve()', options, OWN_OPTIONS);
  const listener = portListener('serve()', tls, settings.handshakeTimeoutMs);
  const { server } = listener;
  const onLate = (): unknown => host.tellRefused(undefined, REFUSALS.tooLate);
  const pending = new PendingRequests(settings.clock, settings.handshakeTimeoutMs, onLate);
  // node:https emits `connection`, too: before TLS, for another stream.
  server.on(tls === undefined ? 'connection' : 'secureConnection', (stream: Duplex) => pending.begin(stream));
  let ignoreSignals = noop;
  const address = addressOf(server, hostname);
  const host: ServingHost = new ServingHost(table, settings, {
    get address() {
      return address();
    },
    close: async () => {
      await listener.stop();
      pending.stop();
      ignoreSignals();
    },
  });
  server.on('upgrade', (request, socket, head) => {
    if (pending.end(socket)) host.handleUpgrade(request, socket, head);
  });
  refuseTheRest(listener, { table, pending, host, clock: settings.clock });
  await listener.listen(port, hostname).catch(async (error: Error) => {
    // It leaves its deployment: another host may have its broker.
    await host.close({ graceMs: 0 });
    throw showCaller(error, caller);
  });
  address();
  if (signals) ignoreSignals = closeOnSignals(() => host.close());
  // An error while listening, such as too many open files, must not end the process.
  server.on('error', (error: NodeJS.ErrnoException) => {
    settings.peerFaults.report(`listen: ${error.code}`, { phase: 'listen' }, () => error);
  });
  return host;
}

function checkPort(call: string, name: string, port: unknown): void {
  if (!Number.isInteger(port) || (port as number) < 0 || (port as number) > 65_535) {
    throw badArgument(call, `${name} to be an integer from 0 to 65535`, port);
  }
}

function checkHostname(call: string, name: string, hostname: unknown): void {
  if (typeof hostname !== 'string' || hostname === '')
    throw badArgument(call, `${name} to be a name or address`, hostname);
}

/** Of the caller, in the error of a port that cannot be opened: Node has only frames of its own. */
const CALLER_FRAMES = 10;

interface Refusing {
  readonly table: RouteTable;
  readonly pending: PendingRequests;
  readonly host: Pick<ServingHost, 'tellRefused'>;
  readonly clock: Clock;
}

/**
 * Refuses every request that is not an upgrade. By hand: a ServerResponse would cut the connection
 * while the peer still sends.
 */
function refuseTheRest({ server }: PortListener, { table, pending, host, clock }: Refusing): void {
  const refusePlain = (request: IncomingMessage): void => {
    pending.end(request.socket);
    // The body is dropped: the peer may read the answer only once it has sent all of it.
    request.resume();
    const refusal = refusalForPlainRequest(table, request);
    refuse(request.socket, refusal, clock, request.method);
    host.tellRefused(request, refusal);
  };
  server.on('request', refusePlain);
  // Without listeners Node would ask for the body, or answer by itself and stay connected.
  server.on('checkContinue', refusePlain);
  server.on('checkExpectation', refusePlain);
  server.on('connect', (request, stream) => {
    pending.end(stream);
    refuse(stream, REFUSALS.method, clock);
    host.tellRefused(request, REFUSALS.method);
  });
  server.on('clientError', (error, stream) => {
    pending.end(stream);
    if (hasNoTls(stream)) return void stream.destroy();
    const refusal = refusalForClientError(error);
    // The parser objects again to each piece of what it does not take.
    if (stream.writable) host.tellRefused(undefined, refusal);
    refuse(stream, refusal, clock);
  });
}

function refusalForPlainRequest(table: RouteTable, request: IncomingMessage): Refusal {
  if (!hasOneHost(request)) return REFUSALS.host;
  const target = targetOf(request);
  if (target === undefined) return REFUSALS.target;
  const found = table.find(target.path);
  if (found === undefined) return REFUSALS.route;
  if (found === 'malformed') return REFUSALS.target;
  return request.method === 'GET' || request.method === 'HEAD' ? REFUSALS.plainRequest : REFUSALS.method;
}
