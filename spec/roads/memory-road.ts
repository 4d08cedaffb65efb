// The road without a wire: the client of `corosock/client` over a Connector of its own, which asks
// the host's admission and joins both ends by a link in memory.

import type { Host, HostOptions, Routes } from 'corosock';
import type { Answer, Question, Road, RoadHost } from './road.ts';
import { NODE_OPTIONS, NODE_WIRE } from '../../src/client/node-options.ts';
import { makeConnect } from '../../src/client/connect.ts';
import { ConnectError } from '../../src/core/errors.ts';
import { chooseSubprotocol } from '../../src/handshake/check-handshake.ts';
import type { ArrivedRequest } from '../../src/handshake/handshake-request.ts';
import type { Refusal } from '../../src/handshake/refusal.ts';
import type { AcceptedHandshake, PendingHandshake } from '../../src/server/admission.ts';
import { answerTo } from '../../src/server/answer-to.ts';
import { settingsOf } from '../../src/server/host-options.ts';
import type { HostSettings } from '../../src/server/host-options.ts';
import { placeOf, RouteTable } from '../../src/server/routes.ts';
import { ServingHost } from '../../src/server/serving-host.ts';
import { ConnectedSocket } from '../../src/socket/client-socket.ts';
import type { LinkOutcome, LinkTarget } from '../../src/transport/connector.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { memoryLink } from '../../src/transport/memory-transport.ts';

const ORIGIN = 'ws://localhost';
const NO_BINDING = { address: undefined, close: async (): Promise<void> => {} };

export const memoryRoad: Road = {
  sees: { address: undefined, scheme: 'ws:' },
  isWire: false,
  serve: async (routes, options) => new MemoryRoadHost(routes, options),
  stop: async () => {},
};

interface Request extends Question {
  readonly url: URL;
}

/** What is done with a handshake in the turn in which it is accepted. */
type OnAccepted<T> = (pending: PendingHandshake, accepted: AcceptedHandshake) => T;

class MemoryRoadHost implements RoadHost {
  readonly host: Host;
  readonly #host: ServingHost;
  readonly #table: RouteTable;
  readonly #settings: HostSettings;
  readonly #connect = makeConnect({
    connector: (target, outcome) => this.#open(target, outcome),
    Socket: ConnectedSocket,
    unknown: [],
    own: NODE_OPTIONS,
    overflow: 'pause',
    wire: NODE_WIRE,
  });

  constructor(routes: Routes, options: HostOptions = {}) {
    this.#table = new RouteTable(routes);
    this.#settings = settingsOf('spec', options);
    this.#host = new ServingHost(this.#table, this.#settings, NO_BINDING);
    this.host = this.#host;
  }

  connect: RoadHost['connect'] = (target = '/', options = {}) => this.#connect(ORIGIN + target, options);

  ask(target = '/', question: Question = {}): Promise<Answer> {
    return this.#knock({ url: new URL(ORIGIN + target), ...question }, (pending, accepted) => {
      const far = this.#join(pending, accepted);
      // As a client that has got its 101 and leaves.
      far.terminate();
      return switchingProtocols(accepted);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close({ graceMs: 0 });
  }

  #open(target: LinkTarget, outcome: LinkOutcome): () => undefined {
    let isCancelled = false;
    const open = async (): Promise<void> => {
      const answer = await this.#knock(target, (pending, accepted) => {
        if (!isCancelled) this.#join(pending, accepted, target, outcome);
      });
      if (answer !== undefined && !isCancelled) outcome.failed(new ConnectError(answer.status));
    };
    queueMicrotask(() => void open());
    return (): undefined => {
      isCancelled = true;
    };
  }

  #join(
    pending: PendingHandshake,
    accepted: AcceptedHandshake,
    far: Pick<LinkTarget, 'maxMessageBytes' | 'maxFragments'> = this.#settings,
    outcome?: LinkOutcome,
  ): Transport {
    const { maxMessageBytes, maxFragments } = this.#settings;
    const [ours, theirs] = memoryLink({
      protocol: accepted.answer.protocol,
      maxMessageBytes: [maxMessageBytes, far.maxMessageBytes],
      maxFragments: [maxFragments, far.maxFragments],
    });
    outcome?.opened(theirs);
    this.#host.converse(ours, pending, accepted);
    return theirs;
  }

  /** Check and admit, as for a request that keeps the rules. @returns The answer of a refusal. */
  async #knock<T>(request: Request, onAccepted: OnAccepted<T>): Promise<T | Answer> {
    const { url, headers = {}, protocols = [] } = request;
    const found = this.#table.find(url.pathname);
    const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const handshake: ArrivedRequest = {
      url,
      headers: { host: url.host, ...Object.fromEntries(lines) },
      params: placeOf(found).params,
      protocols,
      remoteAddress: undefined,
      raw: undefined,
      authority: new Map(lines).get('host') ?? url.host,
      isSecure: false,
    };
    const protocol = chooseSubprotocol(this.#settings.protocols, protocols);
    const client = { cookie: handshake.headers['cookie'], isSecure: false };
    const pending = this.#host.enter(found, handshake, protocol, client);
    if ('status' in pending) return answerOf(pending);
    return this.#host.admit<T | Answer>(pending, (result) => {
      if (result.kind === 'accepted') return onAccepted(pending, result);
      pending.socketId.leave();
      return answerOf(answerTo(result, pending, this.#settings));
    });
  }
}

function answerOf(answer: ReturnType<typeof answerTo>): Answer {
  if ('response' in answer) {
    const { status, headers } = answer.response;
    return { status, headers: Object.fromEntries(headers), body: Buffer.from(answer.body).toString() };
  }
  const { status, text, headers = {} } = answer satisfies Refusal;
  const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { status, headers: Object.fromEntries(lines), body: `${text}\n` };
}

function switchingProtocols({ answer: { protocol, responseHeaders }, setCookie }: AcceptedHandshake): Answer {
  const headers = {
    ...Object.fromEntries(responseHeaders ?? []),
    ...(setCookie === undefined ? {} : { 'set-cookie': setCookie }),
    ...(protocol === '' ? {} : { 'sec-websocket-protocol': protocol }),
  };
  return { status: 101, headers, body: '' };
}
