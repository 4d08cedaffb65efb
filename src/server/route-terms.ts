// The terms by which the sockets of a route are served: the settings of the host, or of the route
// where it has options of its own, and what is made of them. serving-host.ts asks for them by the
// pattern of the route; options are checked here, routes.ts finds them.

import type { HandlerMistakes } from './handler-mistakes.ts';
import type { RunSettings } from './handler-run.ts';
import { HOST_OPTIONS } from './host-options.ts';
import type { HostSettings } from './host-options.ts';
import type { RouteTable } from './routes.ts';
import type { RouteOptions } from './servable.ts';
import { refuseRouteOptions } from './server-hooks.ts';
import { anyOriginError, originRule } from '../handshake/origins.ts';
import type { OriginRule } from '../handshake/origins.ts';
import { heartbeatOf } from '../conversation/heartbeat-option.ts';
import { Inflows } from '../conversation/inflow.ts';
import { rateOf } from '../conversation/rate-meter.ts';
import { TaskQueue } from '../waiting/task-queue.ts';
import { WsAcceptor } from '../transport/ws/acceptor.ts';
import { checkNames } from '../core/arguments.ts';
import { compressionOf } from '../core/compression.ts';
import { checkValues, namesOf } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';

/** What the sockets of a route are served by. */
export interface RouteTerms {
  readonly settings: HostSettings;
  readonly runSettings: RunSettings;
  readonly originRule: OriginRule;
  readonly acceptor: WsAcceptor;
}

/** The options of a route. Those that are not given are the host's, so no default counts. */
export const ROUTE_OPTIONS: OptionTable<RouteOptions> = {
  maxMessageBytes: HOST_OPTIONS.maxMessageBytes,
  queueMessages: HOST_OPTIONS.queueMessages,
  queueBytes: HOST_OPTIONS.queueBytes,
  writeBufferBytes: HOST_OPTIONS.writeBufferBytes,
  closeTimeoutMs: HOST_OPTIONS.closeTimeoutMs,
  heartbeat: HOST_OPTIONS.heartbeat,
  compression: HOST_OPTIONS.compression,
  messageTimeoutMs: HOST_OPTIONS.messageTimeoutMs,
  rate: HOST_OPTIONS.rate,
  origins: HOST_OPTIONS.origins,
};

/** The terms of all routes of one host. */
export class HostTerms {
  /** Of the host, and of each route without options. */
  readonly host: RouteTerms;
  /** Of routes with options, by pattern. */
  readonly #routes: ReadonlyMap<string, RouteTerms>;

  /** @throws UsageError `COROSOCK_ARGUMENT` for an option of a route, also for one out of place. */
  constructor(routes: RouteTable, settings: HostSettings, mistakes: HandlerMistakes) {
    for (const { name, servable } of routes.served)
      refuseRouteOptions(name, servable, namesOf(ROUTE_OPTIONS));
    // One pool for all shared sockets of the host.
    const shared = { pool: new TaskQueue(settings.poolSize), mistakes };
    this.host = termsOf(settings, shared);
    this.#routes = new Map(
      routes.withOptions.map(({ pattern, name, options }) => [
        pattern,
        termsOf(settingsWith(`${name}.options`, options, settings), shared),
      ]),
    );
  }

  /** Gives the terms of a route. @param pattern - Undefined for a path without a route. */
  of(pattern: string | undefined): RouteTerms {
    return (pattern === undefined ? undefined : this.#routes.get(pattern)) ?? this.host;
  }

  /** The longest `closeTimeoutMs` of them: a shut-down waits for all routes. */
  get closeTimeoutMs(): number {
    const all = [this.host, ...this.#routes.values()];
    return Math.max(...all.map(({ settings }) => settings.closeTimeoutMs));
  }
}

function termsOf(settings: HostSettings, shared: Pick<RunSettings, 'pool' | 'mistakes'>): RouteTerms {
  return {
    settings,
    runSettings: { ...settings, ...shared, report: settings.peerFaults.reportRun },
    originRule: originRule(settings.origins),
    acceptor: new WsAcceptor(settings),
  };
}

/** Checks the options of a route, and puts them in the place of the host's. */
function settingsWith(call: string, options: RouteOptions, host: HostSettings): HostSettings {
  checkNames(call, options, namesOf(ROUTE_OPTIONS));
  const given: RouteOptions = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
  checkValues(call, given, tableOf(given));
  const { heartbeat: beat, compression: packing, messageTimeoutMs: ms, rate: limit, ...rest } = given;
  const { clock, inflows } = host;
  if (rest.origins === 'any' && host.sessions !== undefined) {
    host.report(anyOriginError(call), { phase: 'options' });
  }
  return Object.freeze({
    ...host,
    ...rest,
    ...(beat !== undefined && { heartbeat: heartbeatOf(call, beat, clock) }),
    ...(packing !== undefined && { compression: compressionOf(call, packing) }),
    inflows: new Inflows({
      clock,
      messageTimeoutMs: ms ?? inflows.limits.messageTimeoutMs,
      rate: limit === undefined ? inflows.limits.rate : rateOf(limit),
    }),
  });
}

/** The rows of the options that are given: a route has no defaults to check. */
function tableOf(given: object): OptionTable<RouteOptions> {
  const rows = Object.entries(ROUTE_OPTIONS).filter(([name]) => name in given);
  return Object.fromEntries(rows) as unknown as OptionTable<RouteOptions>;
}
