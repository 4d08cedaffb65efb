// The host. An upgrade takes four steps here: check, admit (admission.ts), answer (upgrade.ts),
// converse (handler-run.ts). It keeps the runs (run-registry.ts), opens sockets by id and shuts
// down (shut-down.ts). Where upgrades come from: serve.ts, attach.ts, or the user's own server.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkCloseOptions } from './close-report.ts';
import type { CloseHostOptions, CloseReport } from './close-report.ts';
import type { ClosedReport, WhichSockets } from './closed-report.ts';
import { answerHealth } from './health.ts';
import { HandlerMistakes } from './handler-mistakes.ts';
import { HostWaits } from './host-waits.ts';
import type { Wait, WaitsFilter } from './host-waits.ts';
import { HandlerRun } from './handler-run.ts';
import type { RunHost } from './handler-run.ts';
import type { MakeServer } from './hook-order.ts';
import { peerOf, UpgradeRequest } from '../handshake/handshake-request.ts';
import type { ArrivedRequest, HandshakeRequest } from '../handshake/handshake-request.ts';
import type { HandshakeDeadline } from '../handshake/handshake-deadline.ts';
import { originRefusal } from '../handshake/origins.ts';
import { trustedProxies } from '../handshake/trusted-proxies.ts';
import type { TrustedProxies } from '../handshake/trusted-proxies.ts';
import { whenAnswered } from '../handshake/pipelining.ts';
import { refuse, REFUSALS } from '../handshake/refusal.ts';
import type { Refusal } from '../handshake/refusal.ts';
import { checkHandshake } from '../handshake/check-handshake.ts';
import type { OpenResult, Room, ServerSocket } from './host.ts';
import { HostNode } from './host-node.ts';
import { RefusedRequests } from './host-hooks.ts';
import type { HostSettings } from './host-options.ts';
import type { Outcome } from './outcome.ts';
import { Capacity } from './capacity.ts';
import { Admission } from './admission.ts';
import type { AcceptedHandshake, HandshakeResult, PendingHandshake } from './admission.ts';
import { whereOf } from './report.ts';
import { EVERY_PATH, placeOf } from './routes.ts';
import type { Found, RouteTable } from './routes.ts';
import { HostTerms } from './route-terms.ts';
import { RunRegistry } from './run-registry.ts';
import { ShutDown } from './shut-down.ts';
import { handedOver, markHandedOver, Upgrade } from './upgrade.ts';
import type { PendingUpgrade } from './upgrade.ts';
import { Sessions } from '../session/sessions.ts';
import { Conversation } from '../conversation/conversation.ts';
import { showAs } from '../platform/inspection.ts';
import type { Transport } from '../transport/transport.ts';
import type { Complete } from '../core/options.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/** The listener that a host is bound to: its own http server, a shared one, or none (tests). */
export interface HttpBinding {
  /** The address for clients; undefined while the server does not listen. */
  readonly address: { readonly url: string; readonly port: number } | undefined;
  /** Releases the listener. Called once the last socket of the host has ended. */
  close(): Promise<void>;
}

/** What a session needs of the request that opens it. */
export interface SessionRequest {
  /** The `Cookie` header. */
  readonly cookie: string | undefined;
  /** Whether the request came over TLS. */
  readonly isSecure: boolean;
}

/** What the host gives a handshake. */
type HandshakePlace = Pick<PendingHandshake, 'socketId' | 'route'>;

/** A {@link Host} over any listener, or over none. */
export class ServingHost implements RunHost {
  static {
    showAs(ServingHost.prototype, 'Host', (host) => {
      const { url, ready, sockets } = host;
      return { url, ready, routes: host.#routes.patterns, sockets: sockets.size };
    });
  }

  readonly #routes: RouteTable;
  readonly #settings: HostSettings;
  readonly #binding: HttpBinding;
  readonly #terms: HostTerms;
  readonly #proxies: TrustedProxies | undefined;
  readonly #refused: RefusedRequests;
  readonly #admission: Admission;
  readonly #capacity: Capacity;
  readonly #sessions: Sessions | undefined;
  readonly #runs: RunRegistry;
  readonly #node: HostNode;
  /** Also for the test kit: a second one could not follow the handlers of the first. */
  readonly handlerWaits: HostWaits;
  #shutDown: ShutDown | undefined;
  /** Undefined until the first call of `close`. */
  #closing: Promise<CloseReport> | undefined;

  constructor(routes: RouteTable, settings: HostSettings, binding: HttpBinding) {
    this.#routes = routes;
    this.#settings = settings;
    this.handlerWaits = new HostWaits(settings);
    const mistakes = new HandlerMistakes(this.handlerWaits, settings);
    this.#runs = new RunRegistry((run) => mistakes.found(run), settings.randomness);
    this.#sessions = settings.sessions && new Sessions(settings.sessions, settings);
    this.#node = new HostNode(this.#runs, settings, this.#sessions);
    this.#terms = new HostTerms(routes, settings, mistakes);
    this.#binding = binding;
    this.#proxies = trustedProxies(settings.trustProxy);
    this.#refused = new RefusedRequests(settings, routes, this.#proxies);
    this.#admission = new Admission(settings);
    this.#capacity = new Capacity(settings);
  }

  /** Whether it refuses handshakes. */
  get #isDraining(): boolean {
    return this.#shutDown?.isDraining === true;
  }

  get ready(): boolean {
    return this.#closing === undefined && !this.#node.isRefusing;
  }

  get brokerHealth(): HostNode['brokerHealth'] {
    return this.#node.brokerHealth;
  }

  /** For its sockets; users call `room`. */
  get rooms(): HostNode['rooms'] {
    return this.#node.rooms;
  }

  get url(): string {
    return this.#binding.address?.url ?? '';
  }

  get port(): number {
    return this.#binding.address?.port ?? 0;
  }

  get sockets(): ReadonlyMap<string, ServerSocket> {
    return this.#runs.sockets;
  }

  /** For the test kit: the settings of a route. @param route - Its pattern; undefined for none. */
  settingsOf(route: string | undefined): HostSettings {
    return this.#terms.of(route).settings;
  }

  openServer(id: string, options: WaitOptions = {}): Promise<OpenResult> {
    return this.#node.openServer(id, options);
  }

  closeSockets(which: WhichSockets, code?: number, reason?: string): Promise<ClosedReport> {
    return this.#node.closeSockets(which, code, reason);
  }

  room(name: string): Room {
    return this.rooms.room(name);
  }

  /** An arrow function: frameworks call it without its host. */
  readonly health = (_request: unknown, response: unknown): void => {
    answerHealth(this.#closing === undefined ? this.#node.readiness : 'closing', response);
  };

  waits(filter?: WaitsFilter): readonly Wait[] {
    return this.handlerWaits.of(this.#runs, filter);
  }

  // Handshakes: check, admit, answer, converse.

  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    if (!markHandedOver(stream)) return this.#settings.report(handedOver(), HANDSHAKE);
    whenAnswered(stream, () => this.#shakeHands(request, stream, head));
  }

  #shakeHands(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const pending = this.#check(request);
    if ('status' in pending) {
      refuse(stream, pending, this.#settings.clock, request.method);
      return void this.tellRefused(request, pending);
    }
    const { acceptor } = this.#terms.of(pending.route);
    const upgrade = new Upgrade({ request, stream, head }, pending, acceptor, this.#settings);
    const onResult = (result: HandshakeResult): void => this.#answer(upgrade, pending, result);
    const answered = this.#admission.admit(pending, onResult, (deadline) => upgrade.wait(deadline));
    if (answered !== undefined) upgrade.hold();
  }

  /** Tells `onRefused` of an answer. @returns Whether there is such a hook. */
  tellRefused(request: IncomingMessage | undefined, refusal: Refusal): boolean {
    return this.#refused.tell(request, refusal);
  }

  /** Check, for upgrades: a request in; what is admitted next, or a refusal, out. */
  #check(request: IncomingMessage): PendingUpgrade | Refusal {
    const checked = checkHandshake(request, this.#settings.protocols);
    if ('status' in checked) return checked;
    const found = this.#routes.find(checked.target.path);
    const { params } = placeOf(found);
    const peer = this.#proxies?.peerOf(request.headers, peerOf(request));
    if (peer === 'contradictory') return REFUSALS.forwarded;
    const upgradeRequest = new UpgradeRequest(request, checked, params, peer);
    // Node's own string, which dies with the request; ours would stay as long as the socket.
    const client = { cookie: request.headers.cookie, isSecure: upgradeRequest.isSecure };
    return this.enter(found, upgradeRequest, checked.protocol, client);
  }

  /** Check, also for the test kit: asks whether its page may connect, and takes a slot. */
  enter<Request extends ArrivedRequest>(
    found: Found,
    request: Request,
    protocol: string,
    client: SessionRequest,
  ): (PendingHandshake & { readonly request: Request }) | Refusal {
    const { originRule } = this.#terms.of(placeOf(found).pattern);
    const refusal = originRefusal(originRule, request, this.#settings.peerFaults);
    if (refusal !== undefined) return refusal;
    if (found === undefined) return REFUSALS.route;
    if (found === 'malformed') return REFUSALS.target;
    // No instance of a class is made for a client that is refused.
    if (this.#isDraining) return REFUSALS.closing;
    if (this.#node.isRefusing) return REFUSALS.brokerDown;
    const slot = this.#capacity.enter(found.pattern, request);
    if ('status' in slot) return slot;
    const place = { socketId: this.#runs.reserve(slot), route: found.pattern };
    return this.pendingHandshake(request, found.makeServer, protocol, client, place);
  }

  /** Makes what is admitted. @param socketId - The id of its socket. Default: a fresh one. */
  pendingHandshake<Request extends HandshakeRequest>(
    request: Request,
    makeServer: MakeServer,
    protocol: string,
    client: SessionRequest,
    { socketId, route }: HandshakePlace = { socketId: this.#runs.reserve(), route: EVERY_PATH },
  ): PendingHandshake & { readonly request: Request } {
    const sessions = this.#sessions;
    const openSession = sessions && (() => sessions.open(client.cookie, client.isSecure));
    return { socketId, route, request, makeServer, protocol, openSession };
  }

  /** Admit, for the test kit; see {@link Admission.admit}. */
  admit<T>(
    pending: PendingHandshake,
    onResult: (result: HandshakeResult) => T,
    onWait?: (deadline: HandshakeDeadline) => void,
  ): T | Promise<T> {
    return this.#admission.admit(pending, onResult, onWait);
  }

  /** Answer, for upgrades, and converse. */
  #answer(upgrade: Upgrade, pending: PendingHandshake, result: HandshakeResult): void {
    const transport = upgrade.answer(result);
    if (transport === undefined || result.kind !== 'accepted') return pending.socketId.leave();
    try {
      this.converse(transport, pending, result);
    } catch (error) {
      this.#settings.report(error, whereOf(pending, HANDSHAKE.phase));
      pending.socketId.leave();
      transport.terminate();
    }
  }

  /** Converse: runs the server over a link that is open. */
  converse(transport: Transport, pending: PendingHandshake, accepted: AcceptedHandshake): HandlerRun {
    const readers = accepted.answer.sharedConnection ? 'many' : 'one';
    const { settings, runSettings } = this.#terms.of(pending.route);
    const conversation = new Conversation(transport, settings, readers);
    const run = new HandlerRun({ host: this, conversation, pending, accepted }, runSettings);
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
      return this.#settings.refuseCall(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ graceMs: 0 });
  }

  #close(options: Complete<CloseHostOptions>): Promise<CloseReport> {
    const parts = { runs: this.#runs, sessions: this.#sessions, waits: this.handlerWaits };
    const onDrain = (): void => this.#admission.close();
    const { closeTimeoutMs } = this.#terms;
    const shutDown = new ShutDown({ ...parts, onDrain }, options, { ...this.#settings, closeTimeoutMs });
    this.#shutDown = shutDown;
    this.#closing = shutDown.report.then(async (report) => {
      await this.#binding.close();
      this.#settings.peerFaults.stop();
      this.#capacity.stop();
      await this.#node.close();
      return report;
    });
    // Last: a listener of `draining` may call `close` again.
    shutDown.begin();
    return this.#closing;
  }
}

const HANDSHAKE = Object.freeze({ phase: 'handshake' });
