// A host without a door, and links in memory to it: what `runServer` and
// `fakeSocket` have in common.

import type { FakeOptions } from './fake-options.ts';
import type { HandlerRun } from '../server/handler-run.ts';
import type { HandshakeRequest } from '../server/handshake-request.ts';
import { ServingHost } from '../server/serving-host.ts';
import type { Door } from '../server/serving-host.ts';
import { HOST_OPTIONS, settingsOf } from '../server/host-options.ts';
import type { HostSettings } from '../server/host-options.ts';
import { RouteTable } from '../server/routes.ts';
import type { Handler, Servable } from '../server/servable.ts';
import { ConnectedSocket } from '../socket/client-socket.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { Conversation } from '../socket/conversation.ts';
import { memoryLink } from '../transport/memory-transport.ts';
import { badArgument, checkNames } from '../words/arguments.ts';

const FAKE_OPTIONS: ReadonlySet<string> = new Set([...HOST_OPTIONS, 'url', 'headers', 'params']);
const DEFAULT_URL = 'ws://localhost/';

const NO_DOOR: Door = Object.freeze({ address: undefined, close: async () => {} });

/** Both ends of a conversation in memory, and the host between. */
export interface MemoryServer {
  readonly host: ServingHost;
  readonly settings: HostSettings;
  readonly run: HandlerRun;
  readonly client: ClientSocket;
}

/** Starts a server over a link in memory; its handler has begun when this returns. */
export function startInMemory(call: string, servable: Servable, options: FakeOptions): MemoryServer {
  checkNames(call, options, FAKE_OPTIONS);
  const { url = DEFAULT_URL, headers = {}, params = {}, ...rest } = options;
  if (!URL.canParse(url)) throw badArgument(call, 'url to be a URL', url);
  const settings = settingsOf(call, rest);
  const [protocol = ''] = settings.protocols;
  const { maxMessageBytes } = settings;
  const [near, far] = memoryLink({ protocol, maxMessageBytes: [maxMessageBytes, maxMessageBytes] });
  const host = new ServingHost(new RouteTable(servable), settings, NO_DOOR);
  const request: HandshakeRequest = {
    url: new URL(url),
    headers,
    params,
    protocols: settings.protocols,
    remoteAddress: undefined,
  };
  const client = new ConnectedSocket(new Conversation(far, settings), url);
  const run = host.converse(near, request, handlerOf(servable));
  return { host, settings, run, client };
}

function handlerOf(servable: Servable): Handler {
  return typeof servable === 'function' ? servable : (ws) => servable.server(ws);
}
