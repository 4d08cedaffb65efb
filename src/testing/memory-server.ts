// A host without a listener, and links in memory to it. `runServer` and `fakeSocket` use it; host,
// handshake and conversation are those of a port.

import type { FakeOptions } from './fake-options.ts';
import type { HandlerRun } from '../server/handler-run.ts';
import type { ArrivedRequest } from '../handshake/handshake-request.ts';
import { REFUSALS } from '../handshake/refusal.ts';
import type { Refusal } from '../handshake/refusal.ts';
import { trustedProxies } from '../handshake/trusted-proxies.ts';
import type { KnownPeer } from '../handshake/trusted-proxies.ts';
import { ServingHost } from '../server/serving-host.ts';
import type { HttpBinding } from '../server/serving-host.ts';
import { HOST_OPTIONS, settingsOf } from '../server/host-options.ts';
import type { HostSettings } from '../server/host-options.ts';
import type { AcceptedHandshake, PendingHandshake } from '../server/admission.ts';
import { makerOf, RouteTable } from '../server/routes.ts';
import type { Servable } from '../server/servable.ts';
import { ConnectedSocket } from '../socket/client-socket.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { Conversation } from '../conversation/conversation.ts';
import { memoryLink } from '../transport/memory-transport.ts';
import { badArgument, checkObject } from '../core/arguments.ts';
import { complete, unchecked } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';

type RequestOptions = Pick<FakeOptions, 'url' | 'headers' | 'params'>;

const REQUEST_OPTIONS: OptionTable<RequestOptions> = {
  url: ['ws://localhost/', checkUrl],
  headers: [Object.freeze({}), unchecked],
  params: [Object.freeze({}), unchecked],
};

/** The options of `runServer` and `fakeSocket`. */
export const FAKE_OPTIONS: OptionTable<FakeOptions> = {
  ...HOST_OPTIONS,
  heartbeat: [false, unchecked],
  ...REQUEST_OPTIONS,
};

const NO_BINDING: HttpBinding = Object.freeze({ address: undefined, close: async () => {} });

/** The schemes of a URL with TLS. */
const SECURE = /^(?:wss|https):$/u;

/** A host in memory, and its one conversation. */
export interface MemoryServer {
  readonly host: ServingHost;
  readonly settings: HostSettings;
  readonly pending: PendingHandshake;
  /** Gives the answer to a request that is not admitted: a page of a foreign origin. */
  check(): Refusal | undefined;
  /** Opens the link, and starts the handler. */
  open(accepted: AcceptedHandshake): { readonly run: HandlerRun; readonly client: ClientSocket };
}

/** Makes a server that is reached by a link in memory. @param call - Named in errors. */
export function memoryServer(call: string, servable: Servable, options: FakeOptions): MemoryServer {
  checkObject(call, options);
  // A link in memory is never lost unnoticed, and a test that counts timers means its own.
  const settings = settingsOf(call, { ...options, heartbeat: options.heartbeat ?? false }, FAKE_OPTIONS);
  // No cookie leaves the process: a test may sign with any secret.
  const sessions = settings.sessions && { ...settings.sessions, weakness: undefined };
  const { url, headers, params } = complete<RequestOptions>(call, options, REQUEST_OPTIONS);
  const { protocols } = settings;
  const host = new ServingHost(new RouteTable(servable), { ...settings, sessions }, NO_BINDING);
  const given = new URL(url);
  // A link in memory has no address.
  const link = { remoteAddress: undefined, encrypted: SECURE.test(given.protocol), authority: given.host };
  const peer = trustedProxies(settings.trustProxy)?.peerOf(headers, link) ?? link;
  const isContradictory = peer === 'contradictory';
  // A copy, because code of users may change the headers of a request.
  const sent = { headers: { ...headers }, params, protocols, raw: undefined };
  const request = { ...sent, ...endOf(isContradictory ? link : peer, given) };
  const server = makerOf(call, servable)();
  const client = { cookie: headers['cookie'], isSecure: request.isSecure };
  const pending = host.pendingHandshake(request, server, protocols[0] ?? '', client);
  return {
    host,
    settings,
    pending,
    check: () => (isContradictory ? REFUSALS.forwarded : host.refusalOf(request)),
    open: (accepted) => openLink(host, settings, pending, accepted),
  };
}

/** Gives what a request has of its other end. */
function endOf(
  { remoteAddress, encrypted, authority }: KnownPeer,
  { pathname, search }: URL,
): Omit<ArrivedRequest, 'headers' | 'params' | 'protocols' | 'raw'> {
  const url = new URL(`${encrypted ? 'wss' : 'ws'}://${authority}${pathname}${search}`);
  return { url, authority, isSecure: encrypted, remoteAddress };
}

function checkUrl(call: string, name: string, url: unknown): void {
  if (!URL.canParse(url as string)) throw badArgument(call, `${name} to be a URL`, url);
}

function openLink(
  host: ServingHost,
  settings: HostSettings,
  pending: PendingHandshake,
  accepted: AcceptedHandshake,
): { readonly run: HandlerRun; readonly client: ClientSocket } {
  const { maxMessageBytes, maxFragments } = settings;
  const { protocol } = accepted.answer;
  // The limits of a host are no client's.
  const farSettings = { ...settings, heartbeat: undefined, inflows: undefined };
  const [near, far] = memoryLink({
    protocol,
    maxMessageBytes: [maxMessageBytes, maxMessageBytes],
    maxFragments: [maxFragments, maxFragments],
  });
  const client = new ConnectedSocket(new Conversation(far, farSettings, 'one'), pending.request.url.href);
  return { run: host.converse(near, pending, accepted), client };
}
