// The rooms of a host without a host: sockets over scripted links, found by their ids, and what is
// reported. For specs of how rooms treat members, subscribers and a relay.

import { RoomRegistry } from '../../src/rooms/room-registry.ts';
import type { Member, SocketInRooms } from '../../src/rooms/member.ts';
import type { JoinOptions, MembershipOf, RoomOf } from '../../src/rooms/room.ts';
import type { SocketRooms } from '../../src/rooms/socket-rooms.ts';
import type { Data } from '../../src/core/data.ts';
import { scripted } from '../conversation/scripted-transport.ts';
import type { ScriptedConversation } from '../conversation/scripted-transport.ts';
import { HandClock } from '../time/hand-clock.ts';

/** The socket of a member, as a spec sees it. */
export interface ScriptedWs {
  readonly id: string;
  binaryData: boolean;
}

/** One socket, its link and its end. */
export interface ScriptedSocket extends SocketInRooms<ScriptedWs>, Pick<ScriptedConversation, 'link'> {
  /** What was sent to its peer. */
  readonly sent: readonly Data[];
  /** Joins a room, in force when this returns. */
  join(room: string, options?: JoinOptions): MembershipOf<ScriptedWs>;
  /** Fills its write buffer, so that a publish finds it slow. */
  fill(): void;
  /** The link is lost. */
  end(): void;
}

/** Bytes after which a socket of these specs is slow. */
const WRITE_BUFFER_BYTES = 10;

export class ScriptedRooms {
  readonly clock: HandClock = new HandClock();
  readonly reports: Array<readonly [kind: string, error: unknown]> = [];
  readonly registry: RoomRegistry<ScriptedWs>;
  readonly #sockets = new Map<string, ScriptedSocket>();
  readonly #every: ScriptedSocket[] = [];

  constructor({ maxRooms = 1000 }: { readonly maxRooms?: number } = {}) {
    this.registry = new RoomRegistry<ScriptedWs>({
      clock: this.clock,
      maxRooms,
      find: (id) => this.#sockets.get(id),
      socketOf: (ws) => this.#every.find((socket) => socket.ws === ws),
      report: (kind, makeError) => this.reports.push([kind, makeError()]),
    });
  }

  room(name: string): RoomOf<ScriptedWs> {
    return this.registry.room(name);
  }

  socket(id: string): ScriptedSocket {
    const { registry } = this;
    const sockets = this.#sockets;
    const { link, conversation } = scripted({ writeBufferBytes: WRITE_BUFFER_BYTES }, undefined, this.clock);
    const socket: ScriptedSocket = {
      ws: { id, binaryData: false },
      link,
      conversation,
      memberships: undefined as SocketRooms<Member<ScriptedWs>> | undefined,
      get sent() {
        return link.sentData.filter((data) => data !== FILLING);
      },
      join(room, options) {
        void registry.join(socket, room, options);
        const state = registry.find(room);
        return socket.memberships?.find(state ?? {}) as MembershipOf<ScriptedWs>;
      },
      fill: () => void conversation.writer.offer(FILLING, { binary: false, compress: true }),
      end() {
        sockets.delete(id);
        link.end();
        socket.memberships?.leaveAll();
      },
    };
    this.#sockets.set(id, socket);
    this.#every.push(socket);
    return socket;
  }

  /** So many sockets, named by letters, all in one room. */
  members(room: string, count: number, options?: JoinOptions): readonly ScriptedSocket[] {
    return Array.from({ length: count }, (_, index) => {
      const socket = this.socket(String.fromCodePoint(97 + index));
      socket.join(room, options);
      return socket;
    });
  }
}

const FILLING = '#'.repeat(WRITE_BUFFER_BYTES);

/** A report without its promise. */
export function counts(report: {
  readonly accepted: number;
  readonly skipped: number;
  readonly replaced: number;
  readonly closed: number;
}): readonly number[] {
  const { accepted, skipped, replaced, closed } = report;
  return [accepted, skipped, replaced, closed];
}
