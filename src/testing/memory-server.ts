// A host without a listener, and links in memory to it. `runServer`, `fakeSocket` and the worlds of
// simulation/ use it; host, handshake and conversation are those of a port.

import type { IncomingHttpHeaders } from 'node:http';
import type { ClientOfWorld, FakeOptions } from './fake-options.ts';
import type { HandlerRun } from '../server/handler-run.ts';
import { chooseSubprotocol, isHost } from '../handshake/check-handshake.ts';
import type { ArrivedRequest } from '../handshake/handshake-request.ts';
import { REFUSALS } from '../handshake/refusal.ts';
import type { Refusal } from '../handshake/refusal.ts';
import { trustedProxies } from '../handshake/trusted-proxies.ts';
import type { KnownPeer, TrustedProxies } from '../handshake/trusted-proxies.ts';
import { tellRefused } from '../server/host-hooks.ts';
import { ServingHost } from '../server/serving-host.ts';
import type { HttpBinding, SessionRequest } from '../server/serving-host.ts';
import { HOST_OPTIONS, settingsOf } from '../server/host-options.ts';
import type { BareHostOption, HostSettings } from '../server/host-options.ts';
import type { AcceptedHandshake, PendingHandshake } from '../server/admission.ts';
import { partsOf, placeOf, RouteTable } from '../server/routes.ts';
import type { Match } from '../server/routes.ts';
import type { Route, Routes } from '../server/servable.ts';
import type { Randomness } from '../platform/random-ids.ts';
import { ShownSocket } from '../socket/shown-socket.ts';
import { CONVERSATION_OPTIONS } from '../conversation/conversation-options.ts';
import { DEFAULT_HEARTBEAT, heartbeatOf } from '../conversation/heartbeat-option.ts';
import { Conversation } from '../conversation/conversation.ts';
import { memoryLink } from '../transport/memory-transport.ts';
import type { Transport } from '../transport/transport.ts';
import type { MemoryLinkOptions } from '../transport/memory-transport.ts';
import { badArgument, checkNames, checkObject, show } from '../core/arguments.ts';
import { checkLines, plainLines } from '../core/header-lines.ts';
import { isFieldValue, isToken } from '../core/token.ts';
import { UsageError } from '../core/errors.ts';
import { complete, namesOf, unchecked } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';

type RequestOptions = Pick<FakeOptions, 'url' | 'headers' | 'params'>;

const REQUEST_OPTIONS: OptionTable<RequestOptions> = {
  url: ['ws://localhost/', checkUrl],
  headers: [Object.freeze({}), checkHeaders],
  params: [Object.freeze({}), checkParams],
};

/** The options of `runServer` and `fakeSocket`. */
export const FAKE_OPTIONS: OptionTable<FakeOptions, BareHostOption> = {
  ...HOST_OPTIONS,
  heartbeat: [false, unchecked],
  ...REQUEST_OPTIONS,
};

/** What a client in memory says of itself, as far as `run.connect` takes it. */
type ClientOptions = Pick<FakeOptions, 'url' | 'headers' | 'params' | 'protocols'>;

const NO_BINDING: HttpBinding = Object.freeze({ address: undefined, close: async () => {} });

/** The schemes of a URL with TLS. */
const SECURE = /^(?:wss|https):$/u;

/** What a client in memory says of itself. */
type MemoryRequest = Complete<RequestOptions> & { readonly protocols: readonly string[] };

/** The request of a client in memory, as the host gets it. */
interface Arrival {
  readonly request: ArrivedRequest;
  readonly protocol: string;
  readonly client: SessionRequest;
  /** The answer to what no port accepts: proxies that contradict each other, or no valid host. */
  readonly refusal: Refusal | undefined;
}

/** A conversation in memory. */
export interface Opened {
  readonly run: HandlerRun;
  readonly client: ShownSocket;
  /** The ends of its link. */
  readonly ends: ReturnType<typeof memoryLink>;
}

/** A host that keeps all of its runs. */
class RecordingHost extends ServingHost {
  readonly runs: HandlerRun[] = [];

  override converse(near: Transport, pending: PendingHandshake, accepted: AcceptedHandshake): HandlerRun {
    const run = super.converse(near, pending, accepted);
    this.runs.push(run);
    return run;
  }
}

/** A host in memory. Each handshake with it takes the steps of a port: check, admit, converse. */
export class MemoryServer {
  readonly host: ServingHost;
  readonly settings: HostSettings;
  /** The request of the first client. */
  readonly first: MemoryRequest;
  /** The runs of all clients so far, in the order in which they began. */
  readonly runs: readonly HandlerRun[];
  /** Handshakes that are not decided yet. */
  opening: number = 0;
  readonly #routes: RouteTable;
  readonly #proxies: TrustedProxies | undefined;
  /** The clients of a world have the heartbeat of `connect`: their links may fall silent. */
  readonly #isOfWorld: boolean;

  /**
   * @param call - Named in errors.
   * @param routes - One server. A map of patterns only in a world.
   * @param randomness - That of a world, whose hosts have routes and heartbeats as on a port.
   *   Default: the host is of no world.
   */
  constructor(call: string, routes: Routes, options: FakeOptions, randomness?: Randomness) {
    checkObject(call, options);
    this.#isOfWorld = randomness !== undefined;
    if (randomness === undefined) checkLone(call, routes);
    this.#routes = new RouteTable(routes, randomness === undefined ? call : undefined);
    const { heartbeat = false } = options;
    // A link in memory is never lost unnoticed, and a test that counts timers means its own.
    const settings = settingsOf(
      call,
      randomness === undefined ? { ...options, heartbeat } : options,
      FAKE_OPTIONS,
    );
    // No cookie leaves the process: a test may sign with any secret.
    const sessions = settings.sessions && { ...settings.sessions, weakness: undefined };
    this.first = {
      ...complete<RequestOptions>(call, options, REQUEST_OPTIONS),
      protocols: settings.protocols,
    };
    const own = randomness && { randomness };
    const host = new RecordingHost(this.#routes, { ...settings, sessions, ...own }, NO_BINDING);
    this.host = host;
    this.runs = host.runs;
    this.settings = settings;
    this.#proxies = trustedProxies(settings.trustProxy);
  }

  /**
   * Gives the request of a further client. @param call - Named in errors.
   *
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  requestOf(call: string, options: ClientOfWorld): MemoryRequest {
    const { url, headers, params, protocols } = this.first;
    const table: OptionTable<ClientOptions> = {
      url: [url, checkUrl],
      headers: [headers, checkHeaders],
      params: [params, checkParams],
      protocols: [protocols, CONVERSATION_OPTIONS.protocols[1]],
    };
    checkNames(call, options, namesOf(table));
    const own = complete<ClientOptions>(call, options, table);
    if (options.params === undefined) refuseOtherPath(call, own, url);
    return { ...this.first, ...own };
  }

  /** The runs that have not ended. */
  get openRuns(): readonly HandlerRun[] {
    return this.runs.filter((run) => !run.hasEnded);
  }

  /** Check: gives what is admitted next, or the answer to a client that is not. */
  check(given: MemoryRequest): PendingHandshake | Refusal {
    const { request, protocol, client, refusal } = this.#arrivalOf(given);
    const found = this.#routes.find(request.url.pathname);
    const arrived = this.#routes.isLone ? request : { ...request, params: placeOf(found).params };
    const checked = refusal ?? this.host.enter(found, arrived, protocol, client);
    if ('status' in checked) tellRefused(this.settings, request, checked);
    return checked;
  }

  /** Gives the first handshake as one that needs no check, and takes no slot. */
  unchecked(): PendingHandshake {
    const { request, protocol, client } = this.#arrivalOf(this.first);
    const { makeServer } = this.#routes.find(request.url.pathname) as Match;
    return this.host.pendingHandshake(request, makeServer, protocol, client);
  }

  /** Converse: opens the link, and starts the handler. */
  open(pending: PendingHandshake, accepted: AcceptedHandshake, wires?: MemoryLinkOptions['wires']): Opened {
    const { maxMessageBytes, maxFragments } = this.host.settingsOf(pending.route);
    const { protocol } = accepted.answer;
    const [near, far] = memoryLink({
      protocol,
      maxMessageBytes: [maxMessageBytes, maxMessageBytes],
      maxFragments: [maxFragments, maxFragments],
      wires,
    });
    const client = this.clientOver(far, pending.request.url.href);
    const run = this.host.converse(near, pending, accepted);
    return { run, client, ends: [near, far] };
  }

  /**
   * Makes the client of an open link.
   *
   * @param pausing - What looks after a link while it is paused. Default: nothing. A link in memory
   *   tells of its end also then.
   */
  clientOver(far: Transport, url: string, pausing?: HostSettings['PausedLink']): ShownSocket {
    // The limits of a host are no client's.
    const settings = {
      ...this.settings,
      heartbeat: this.#isOfWorld ? heartbeatOf('', DEFAULT_HEARTBEAT, this.settings.clock) : undefined,
      inflows: undefined,
      PausedLink: pausing,
    };
    return new ShownSocket(new Conversation(far, settings, 'one'), url);
  }

  /** Gives the settings on the path of a URL: those of its route. */
  settingsAt({ pathname }: URL): HostSettings {
    return this.host.settingsOf(placeOf(this.#routes.find(pathname)).pattern);
  }

  #arrivalOf({ url, headers: given, params, protocols }: MemoryRequest): Arrival {
    const asked = new URL(url);
    const { host = asked.host, ...others } = asSent(given);
    const headers: IncomingHttpHeaders = { host, ...others };
    const hasHost = isHost(host);
    const authority = hasHost ? host : asked.host;
    // A link in memory has no address.
    const link = { remoteAddress: undefined, encrypted: isSecure(asked), authority };
    const peer = this.#proxies?.peerOf(headers, link) ?? link;
    const end = endOf(peer === 'contradictory' ? link : peer, asked);
    const contradiction = peer === 'contradictory' ? REFUSALS.forwarded : undefined;
    return {
      request: { headers, params: asMatched(params), protocols, raw: undefined, ...end },
      protocol: chooseSubprotocol(this.settings.protocols, protocols),
      client: { cookie: headers['cookie'], isSecure: end.isSecure },
      refusal: hasHost ? contradiction : REFUSALS.host,
    };
  }
}

/** A copy, because code of users may change the headers of a request; with names in lower case. */
function asSent(headers: IncomingHttpHeaders | Headers): IncomingHttpHeaders {
  const lines = Object.entries(plainLines(headers));
  return Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value]));
}

/** Gives parameters as a route does: without a prototype, so that no name is there unasked. */
function asMatched(params: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.assign(Object.create(null) as Record<string, string>, params);
}

/** Gives what a request has of its other end. */
function endOf(
  { remoteAddress, encrypted, authority }: KnownPeer,
  { pathname, search }: URL,
): Omit<ArrivedRequest, 'headers' | 'params' | 'protocols' | 'raw'> {
  const url = new URL(`${encrypted ? 'wss' : 'ws'}://${authority}${pathname}${search}`);
  return { url, authority, isSecure: encrypted, remoteAddress };
}

function isSecure({ protocol }: URL): boolean {
  return SECURE.test(protocol);
}

/** Gives any URL as one that a WebSocket takes: `ws:` or `wss:`, without a fragment. */
export function webSocketUrl(url: URL): URL {
  return new URL(`${isSecure(url) ? 'wss' : 'ws'}://${url.host}${url.pathname}${url.search}`);
}

function checkUrl(call: string, name: string, url: unknown): void {
  if (!URL.canParse(url as string))
    throw badArgument(call, `${name} to be an absolute URL, such as ws://localhost/chat`, url);
}

function checkHeaders(call: string, name: string, headers: unknown): void {
  checkLines(call, name, headers);
  for (const [line, value] of Object.entries(plainLines(headers))) {
    if (!isToken(line)) throw badArgument(call, `${name} to have names that are tokens`, line);
    // The value is not in the message: it may be a secret.
    if (![value ?? ''].flat().every(isFieldValue))
      throw badArgument(
        call,
        `the header ${line} to be text of ISO-8859-1 in one line, or several`,
        typeof value,
      );
  }
}

function checkParams(call: string, name: string, params: unknown): void {
  const isObject = {}.toString.call(params) === '[object Object]';
  if (!isObject || !Object.values(params as object).every((value) => typeof value === 'string'))
    throw badArgument(call, `${name} to be an object of strings`, params);
}

/** Refuses the parameters of one path for the URL of another: it would be the wrong room. */
function refuseOtherPath(call: string, { url, params }: Complete<ClientOptions>, first: string): void {
  if (Object.keys(params).length === 0 || new URL(url).pathname === new URL(first).pathname) return;
  throw badArgument(call, 'params beside the url, because its path is not that of the run', url);
}

/** Refuses what is no server, in the name of the call. */
function checkLone(call: string, servable: Routes): void {
  refuseRoutes(call, servable);
  partsOf(call, servable as Route);
}

function refuseRoutes(call: string, servable: unknown): void {
  if (typeof servable !== 'object' || servable === null) return;
  const [first] = Object.keys(servable);
  if (first?.startsWith('/') !== true) return;
  throw new UsageError(
    'COROSOCK_ARGUMENT',
    `${call}: expected one server, got a map of routes (${show(first)}), which are for serve() and attach(). ` +
      'Give the server of one route, and in params what its pattern would find',
  );
}
