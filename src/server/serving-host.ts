// The host: what serves. It judges upgrades, makes sockets of them, runs their
// handlers, knows all that live, and shuts them down. Where upgrades come from
// is attach.ts's and serve.ts's.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HandshakeRequest } from './handshake-request.ts';
import { UpgradeRequest } from './handshake-request.ts';
import type { JudgedRequest } from './handshake-rules.ts';
import { judge, REFUSALS } from './handshake-rules.ts';
import { HandlerRun } from './handler-run.ts';
import type { RunListener } from './handler-run.ts';
import type { HostSettings } from './host-options.ts';
import type { Outcome } from './outcome.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import type { Match, RouteTable } from './routes.ts';
import type { Handler } from './servable.ts';
import type { Host, ServerSocket } from './host.ts';
import { HostedSocket } from './hosted-socket.ts';
import { newNodeId, newSocketId } from './socket-id.ts';
import { checkCloseOptions, ShutDown } from './shut-down.ts';
import type { CloseHostOptions, CloseReport } from './close-report.ts';
import { chooseSubprotocol } from './subprotocol.ts';
import { Conversation } from '../socket/conversation.ts';
import { rejected } from '../time/abortable.ts';
import { LazySignal } from '../time/lazy-signal.ts';
import type { Transport } from '../transport/transport.ts';
import { WsAcceptor } from '../transport/ws-acceptor.ts';
import { UsageError } from '../words/errors.ts';

/** Where upgrades come from. */
export interface Door {
  /** Where a client connects to; undefined while nothing listens. */
  readonly address: { readonly url: string; readonly port: number } | undefined;
  /** No more upgrades: called when the last socket has gone. */
  close(): Promise<void>;
}

/** A {@link Host} over any door, or over none. */
export class ServingHost implements Host, RunListener {
  readonly #nodeId = newNodeId();
  readonly #routes: RouteTable;
  readonly #settings: HostSettings;
  readonly #door: Door;
  readonly #acceptor: WsAcceptor;
  readonly #sockets = new Map<string, ServerSocket>();
  readonly #runs = new Set<HandlerRun>();
  #shutDown: ShutDown | undefined;
  #closing: Promise<CloseReport> | undefined;

  constructor(routes: RouteTable, settings: HostSettings, door: Door) {
    this.#routes = routes;
    this.#settings = settings;
    this.#door = door;
    this.#acceptor = new WsAcceptor(settings);
  }

  get url(): string {
    return this.#door.address?.url ?? '';
  }

  get port(): number {
    return this.#door.address?.port ?? 0;
  }

  get sockets(): ReadonlyMap<string, ServerSocket> {
    return this.#sockets;
  }

  // Upgrades.

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (socket.listeners('error').includes(ignoreError))
      return this.#settings.report(handedOver(), HANDSHAKE);
    // Nobody listens to the stream of an upgrade: a reset would bring the process
    // down. The listener is also the mark by which all hosts know it again.
    socket.on('error', ignoreError);
    const judged = judge(request);
    if ('status' in judged) return this.#refuse(request, socket, judged);
    const found = this.#routes.find(judged.target.path);
    if (found === undefined) return this.#refuse(request, socket, REFUSALS.route);
    if (found === 'malformed') return this.#refuse(request, socket, REFUSALS.target);
    if (this.#closing !== undefined) return this.#refuse(request, socket, REFUSALS.closing);
    this.#accept(request, socket, head, judged, found);
  }

  #accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    judged: JudgedRequest,
    { handler, params }: Match,
  ): void {
    const protocol = chooseSubprotocol(this.#settings.protocols, judged.protocols);
    try {
      this.#acceptor.accept(request, socket, head, protocol, {
        accepted: (transport) =>
          this.converse(transport, new UpgradeRequest(request, judged, params), handler),
        refused: () => this.#refuse(request, socket, REFUSALS.extensions),
      });
    } catch (error) {
      this.#settings.report(error, HANDSHAKE);
    }
  }

  #refuse({ method }: IncomingMessage, socket: Duplex, refusal: Refusal): void {
    refuse(socket, refusal, this.#settings.clock, method);
  }

  // Conversations.

  /** Runs a handler over a link that is open. */
  converse(transport: Transport, request: HandshakeRequest, handler: Handler): HandlerRun {
    const conversation = new Conversation(transport, this.#settings);
    const draining = new LazySignal();
    const id = newSocketId(this.#nodeId);
    const ws = new HostedSocket(conversation, { id, request, host: this, draining });
    const run = new HandlerRun(ws, conversation, draining, this.#settings, this);
    this.#sockets.set(id, ws);
    this.#runs.add(run);
    run.start(handler);
    return run;
  }

  socketOnEnd({ ws }: HandlerRun): void {
    this.#sockets.delete(ws.id);
  }

  runOnEnd(run: HandlerRun, outcome: Outcome): void {
    this.#runs.delete(run);
    this.#shutDown?.runOnEnd(run, outcome);
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
    const shutDown = new ShutDown(this.#runs, options, this.#settings);
    this.#shutDown = shutDown;
    this.#closing = shutDown.report.then(async (report) => {
      await this.#door.close();
      return report;
    });
    // Last: who hears of `draining` may call `close` again.
    shutDown.begin();
    return this.#closing;
  }
}

const HANDSHAKE = Object.freeze({ phase: 'handshake' });

function handedOver(): UsageError {
  return new UsageError(
    'COROSOCK_HANDED_OVER',
    'host.handleUpgrade(): expected a stream that no host was given before, got one that was',
  );
}

function ignoreError(): void {}
