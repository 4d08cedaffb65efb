// The host: what serves. It makes sockets of links, runs their servers, knows
// all that live, opens them by id, and shuts them down. Handshakes are
// upgrades.ts's; where they come from is attach.ts's and serve.ts's.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkCloseOptions } from './close-report.ts';
import type { CloseHostOptions, CloseReport } from './close-report.ts';
import { HandlerRun } from './handler-run.ts';
import type { RunListener, RunSettings } from './handler-run.ts';
import { UpgradeRequest } from '../handshake/handshake-request.ts';
import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import { checkHandshake, REFUSALS } from '../handshake/rules.ts';
import type { Host, OpenResult, ServerSocket } from './host.ts';
import type { HostSettings } from './host-options.ts';
import { SocketHandle } from './hosted-socket.ts';
import type { Outcome } from './outcome.ts';
import type { HandshakeDeadline } from '../handshake/handshake-deadline.ts';
import type { AcceptedHandshake, PendingHandshake, HandshakeResult } from './admission.ts';
import type { Match, RouteTable } from './routes.ts';
import { RunRegistry } from './run-registry.ts';
import type { WebSocketServer } from './servable.ts';
import { ShutDown } from './shut-down.ts';
import { chooseSubprotocol } from '../handshake/subprotocol.ts';
import { TaskQueue } from '../waiting/task-queue.ts';
import { Upgrades } from './upgrades.ts';
import type { UpgradeListener } from './upgrades.ts';
import { Sessions } from '../session/sessions.ts';
import { Conversation } from '../conversation/conversation.ts';
import { rejected } from '../waiting/abortable.ts';
import type { Transport } from '../transport/transport.ts';
import { badArgument } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { checkWait } from '../core/wait-options.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/** Where upgrades come from. */
export interface HttpBinding {
  /** Where a client connects to; undefined while nothing listens. */
  readonly address: { readonly url: string; readonly port: number } | undefined;
  /** No more upgrades: called when the last socket has gone. */
  close(): Promise<void>;
}

/** By which a session finds its client again. */
export interface SessionRequest {
  /** The `Cookie` header. */
  readonly cookie: string | undefined;
  /** Whether it came over TLS. */
  readonly isSecure: boolean;
}

/** A {@link Host} over any door, or over none. */
export class ServingHost implements Host, RunListener, UpgradeListener {
  readonly #routes: RouteTable;
  readonly #settings: HostSettings;
  readonly #runSettings: RunSettings;
  readonly #door: HttpBinding;
  readonly #upgrades: Upgrades;
  readonly #sessions: Sessions | undefined;
  readonly #runs = new RunRegistry();
  #shutDown: ShutDown | undefined;
  #closing: Promise<CloseReport> | undefined;

  constructor(routes: RouteTable, settings: HostSettings, door: HttpBinding) {
    this.#routes = routes;
    this.#settings = settings;
    this.#runSettings = { ...settings, pool: new TaskQueue(settings.poolSize) };
    this.#door = door;
    this.#sessions = settings.sessions && new Sessions(settings.sessions, settings);
    this.#upgrades = new Upgrades(settings, this);
  }

  get url(): string {
    return this.#door.address?.url ?? '';
  }

  get port(): number {
    return this.#door.address?.port ?? 0;
  }

  get sockets(): ReadonlyMap<string, ServerSocket> {
    return this.#runs.sockets;
  }

  openServer(id: string, options: WaitOptions = {}): Promise<OpenResult> {
    try {
      checkOpen(id, options);
      options.signal?.throwIfAborted();
    } catch (error) {
      return rejected(error);
    }
    return Promise.resolve(this.#open(id));
  }

  #open(id: string): OpenResult {
    const ws = this.#runs.find(id);
    if (ws === undefined) return [undefined, 'not-found'];
    return ws.sharedConnection ? [SocketHandle.on(ws), 'ok'] : [undefined, 'not-shared'];
  }

  // Upgrades.

  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const { [HANDED_OVER]: isHandedOver }: HandedStream = stream;
    if (isHandedOver === true) return this.#settings.report(handedOver(), HANDSHAKE);
    (stream as HandedStream)[HANDED_OVER] = true;
    const upgrade = { request, stream, head };
    const judged = checkHandshake(request);
    if ('status' in judged) return this.#upgrades.refuse(upgrade, judged);
    const found = this.#routes.find(judged.target.path);
    if (found === undefined) return this.#upgrades.refuse(upgrade, REFUSALS.route);
    if (found === 'malformed') return this.#upgrades.refuse(upgrade, REFUSALS.target);
    // Asked before an instance is made for it; and again when that may have closed us.
    if (this.#upgrades.isClosing) return this.#upgrades.refuse(upgrade, REFUSALS.closing);
    const server = this.#makeServer(found);
    if (server === undefined) return this.#upgrades.refuse(upgrade, REFUSALS.failed);
    const wanted = new UpgradeRequest(request, judged, found.params);
    const protocol = chooseSubprotocol(this.#settings.protocols, judged.protocols);
    // Node's own, which die with the request; ours would stay for as long as the socket lives.
    const caller = { cookie: request.headers.cookie, isSecure: 'encrypted' in request.socket };
    this.#upgrades.take(upgrade, this.arrive(wanted, server, protocol, caller));
  }

  #makeServer({ makeServer }: Match): WebSocketServer | undefined {
    try {
      return makeServer();
    } catch (error) {
      this.#settings.report(error, HANDSHAKE);
      return undefined;
    }
  }

  upgradeOnOpen(transport: Transport, arrival: PendingHandshake, accepted: AcceptedHandshake): void {
    const { request, server } = arrival;
    if (request instanceof UpgradeRequest) request.forgetRaw();
    // It is asked when the connection has gone.
    if (server.onPostServer !== undefined) void request.remoteAddress;
    this.converse(transport, arrival, accepted);
  }

  /** Asks what has to be asked before a link opens that is no upgrade; see {@link Upgrades.decide}. */
  decide<T>(
    arrival: PendingHandshake,
    deadline: HandshakeDeadline,
    goOn: (verdict: HandshakeResult) => T,
  ): Promise<T> {
    return this.#upgrades.decide(arrival, deadline, goOn);
  }

  // Conversations.

  /** Makes what a handshake is about. */
  arrive(
    request: HandshakeRequest,
    server: WebSocketServer,
    protocol: string,
    caller: SessionRequest,
  ): PendingHandshake {
    const sessions = this.#sessions;
    const openSession = sessions && (() => sessions.open(caller.cookie, caller.isSecure));
    return { socketId: this.#runs.reserve(), request, server, protocol, openSession };
  }

  /** Runs a server over a link that is open. */
  converse(transport: Transport, pending: PendingHandshake, accepted: AcceptedHandshake): HandlerRun {
    const readers = accepted.answer.sharedConnection ? 'many' : 'one';
    const conversation = new Conversation(transport, this.#settings, readers);
    const run = new HandlerRun({ host: this, conversation, pending, accepted }, this.#runSettings, this);
    this.#runs.add(run);
    run.start();
    return run;
  }

  runOnEnd(run: HandlerRun, outcome: Outcome | undefined): void {
    this.#runs.release(run);
    if (outcome !== undefined) this.#shutDown?.runOnEnd(run, outcome);
  }

  // The end.

  close(options: CloseHostOptions = {}): Promise<CloseReport> {
    try {
      const checked = checkCloseOptions(options);
      return this.#closing ?? this.#close(checked);
    } catch (error) {
      return rejected(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ graceMs: 0 });
  }

  #close(options: Required<CloseHostOptions>): Promise<CloseReport> {
    const shutDown = new ShutDown(this.#runs, options, this.#settings, this.#sessions);
    this.#shutDown = shutDown;
    this.#closing = shutDown.report.then(async (report) => {
      await this.#door.close();
      return report;
    });
    this.#upgrades.close();
    // Last: who hears of `draining` may call `close` again.
    shutDown.begin();
    return this.#closing;
  }
}

/** The mark by which all hosts know a stream again that one of them was handed. */
const HANDED_OVER = Symbol('handed over');
type HandedStream = Duplex & { [HANDED_OVER]?: true };

const HANDSHAKE = Object.freeze({ phase: 'handshake' });

function handedOver(): UsageError {
  return new UsageError(
    'COROSOCK_HANDED_OVER',
    'host.handleUpgrade(): expected a stream that no host was given before, got one that was',
  );
}

function checkOpen(id: unknown, options: WaitOptions): void {
  if (typeof id !== 'string') throw badArgument('host.openServer()', 'the id of a socket', id);
  checkWait('host.openServer()', options);
}
