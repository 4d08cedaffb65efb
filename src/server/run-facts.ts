// What a run knows from its handshake on: the parts that the host makes it of, as its socket, its
// hooks and `host.waits` see them. handler-run.ts extends it with what the run does.

import type { AcceptedHandshake, PendingHandshake } from './admission.ts';
import type { HostedSocket, RoomHost } from './hosted-socket.ts';
import type { PeerFaults } from './peer-faults.ts';
import { whereOf } from './report.ts';
import type { Report } from './report.ts';
import type { SocketId } from './socket-id.ts';
import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import type { Member } from '../rooms/member.ts';
import type { SocketRooms } from '../rooms/socket-rooms.ts';
import type { Session } from '../session/session.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Clock } from '../time/clock.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';

/** What a run is made of. */
export interface RunParts<OwnHost extends RoomHost> {
  readonly host: OwnHost;
  readonly conversation: Conversation;
  readonly pending: PendingHandshake;
  readonly accepted: AcceptedHandshake;
}

/** What all runs of a host share. */
export interface FactSettings {
  readonly clock: Clock;
  readonly closeTimeoutMs: number;
  readonly report: Report;
  readonly peerFaults: Pick<PeerFaults, 'report' | 'reportOnce'>;
}

/** The facts of one run. */
export abstract class RunFacts<Settings extends FactSettings, OwnHost extends RoomHost> {
  protected readonly settings: Settings;
  readonly socketId: SocketId;
  readonly conversation: Conversation;
  readonly host: OwnHost;
  /** The pattern of its route. */
  readonly route: string;
  readonly request: HandshakeRequest;
  context: unknown;
  readonly session: Session | undefined;
  readonly isShared: boolean;
  /** The rooms that its socket is in; undefined before the first. */
  memberships: SocketRooms<Member<HostedSocket>> | undefined;
  /** When it began. In whole milliseconds: a small integer costs no object of its own. */
  readonly sinceMs: number;
  /** Made on first use (row: idle sockets). */
  #draining: LazySignal | undefined;

  constructor({ host, conversation, pending, accepted }: RunParts<OwnHost>, settings: Settings) {
    this.settings = settings;
    this.conversation = conversation;
    this.socketId = pending.socketId;
    this.host = host;
    this.route = pending.route;
    this.request = pending.request;
    this.sinceMs = Math.floor(settings.clock.now());
    this.context = accepted.context;
    this.session = accepted.session;
    this.isShared = accepted.answer.sharedConnection;
  }

  get id(): string {
    return this.socketId.value;
  }

  /** Aborts when the host asks the handler to finish. */
  get draining(): LazySignal {
    return (this.#draining ??= new LazySignal());
  }

  /** Whether the host has asked the handler to finish. */
  get isDraining(): boolean {
    return this.#draining?.aborted === true;
  }

  /** Reports an error, and where it came up. */
  report(error: unknown, phase: string): void {
    this.settings.report(error, whereOf(this, phase));
  }

  /** Reports a fault that peers cause: of many of one kind the report has the first and a count. */
  reportFault(kind: string, phase: string, makeError: () => Error): void {
    this.settings.peerFaults.report(kind, whereOf(this, phase), makeError);
  }
}
