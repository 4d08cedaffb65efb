// One socket in one room: the membership that `ws.join` gives, and what a publish does with this
// member. It sends through the writer of its socket, in line with the writes of the handler.
// room-state.ts makes it and calls `deliver`.

import { HeldMessages } from './held-messages.ts';
import type { JoinStyle, Prepared } from './join-style.ts';
import { LatestMessages } from './latest-messages.ts';
import type { Outlet } from '../transport/transport.ts';
import type { ListedMember } from './member-list.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import type { MembershipOf, RoomOf } from './room.ts';
import type { SocketMember, SocketRooms } from './socket-rooms.ts';
import type { Writer } from '../conversation/writer.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { showAs } from '../platform/inspection.ts';
import { show } from '../core/arguments.ts';
import type { Data } from '../core/data.ts';
import { inMicrotask } from '../core/microtask.ts';
import type { Clock } from '../time/clock.ts';

/** A socket, as users know it. */
export interface RoomSocket {
  readonly id: string;
  readonly binaryData: boolean;
}

/** A socket, as rooms see it: its run. */
export interface SocketInRooms<Ws extends RoomSocket> {
  readonly ws: Ws;
  readonly conversation: Conversation;
  /** Undefined while it is in no room: an idle socket keeps no list. */
  memberships: SocketRooms<Member<Ws>> | undefined;
}

/** The room of a member; an interface, because the room makes the member. */
export interface MemberRoom<Ws extends RoomSocket> {
  /** For users: another object each time. */
  readonly face: RoomOf<Ws>;
  /** Resolves when messages of other nodes arrive; undefined from then on, and without them. */
  readonly entering: Promise<void> | undefined;
  remove(member: Member<Ws>): void;
  /** What `retain` has kept, of what was published up to a number. */
  retainedUpTo(sequence: number): readonly Data[];
}

/** What a publish has done so far. */
export interface Tally {
  accepted: number;
  skipped: number;
  replaced: number;
  closed: number;
}

/** More is held for a member with `slow: 'close'` than may wait. */
class HeldTooMuchError extends Error {
  constructor(room: string) {
    super(`Before its handler went on, too much was published to the room ${show(room)}`);
  }
}

/** Too many bytes wait for a member with `slow: 'close'`. Has the option that raises the limit. */
class SlowMemberError extends Error {
  readonly option = 'writeBufferBytes';

  constructor(room: string) {
    super(`A message of the room ${show(room)} has found it over its write buffer`);
  }
}

/** A {@link MembershipOf}. */
export class Member<Ws extends RoomSocket>
  implements MembershipOf<Ws>, SocketMember<Member<Ws>>, ListedMember
{
  static {
    showAs(Member.prototype, 'Membership', ({ state, skipped, replaced }) => ({
      room: state.face.name,
      skipped,
      replaced,
    }));
  }

  readonly state: MemberRoom<Ws>;
  readonly style: JoinStyle;
  readonly #socket: SocketInRooms<Ws>;
  /** The number of the last publish before the join: what it kept was not delivered live. */
  readonly joinedAt: number;
  skipped = 0;
  replaced = 0;
  /** The short way to the link, if it has one. Set by each message that takes the long one. */
  #outlet: Outlet | undefined;
  /** Of the socket; set by the first message. The way to it would be three cache misses. */
  #writer: Writer | undefined;
  /** What waits for the handler; later what waits for room. */
  #waiting: HeldMessages | LatestMessages | undefined;
  /** Whether it has not left. */
  isIn = false;
  // Set by the lists of its room and of its socket.
  place = 0;
  previousOfSocket: Member<Ws> | undefined;
  nextOfSocket: Member<Ws> | undefined;

  constructor(state: MemberRoom<Ws>, socket: SocketInRooms<Ws>, style: JoinStyle, joinedAt: number) {
    this.state = state;
    this.#socket = socket;
    this.style = style;
    this.joinedAt = joinedAt;
  }

  get ws(): Ws {
    return this.#socket.ws;
  }

  get room(): RoomOf<Ws> {
    return this.state.face;
  }

  get retained(): readonly Data[] {
    // What the handler writes until it awaits goes before what is held.
    if (this.#waiting instanceof HeldMessages) inMicrotask(() => this.#release());
    return this.isIn ? this.state.retainedUpTo(this.joinedAt) : [];
  }

  leave(): void {
    if (!this.isIn) return;
    this.isIn = false;
    if (this.#waiting instanceof HeldMessages) this.#waiting = undefined;
    this.#socket.memberships?.remove(this);
    this.state.remove(this);
  }

  [Symbol.dispose](): void {
    this.leave();
  }

  /** The socket has joined. */
  enter(): void {
    this.isIn = true;
    this.style.members += 1;
  }

  /**
   * Holds what is published until the handler has read `retained` and awaits something; at most to
   * the end of the turn in which `join` resolves, in which a handler goes on.
   */
  hold(clock: Clock): void {
    this.#waiting = new HeldMessages();
    const { entering } = this.state;
    if (entering === undefined) return void clock.setImmediate(() => this.#release());
    void entering.then(() => {
      if (this.state.retainedUpTo(this.joinedAt).length === 0) this.#release();
      else clock.setImmediate(() => this.#release());
    });
  }

  /** Sends what its style has prepared, or does what its option `slow` says. Calls no hook. */
  deliver(tally: Tally): void {
    const { message, key } = this.style.now as Prepared;
    if (message === undefined) return this.#skip(tally);
    if (this.#outlet?.offer(message.data, message.typed) === true) return void (tally.accepted += 1);
    if (this.#waiting instanceof HeldMessages) return this.#hold(this.#waiting, message, key, tally);
    return this.#send(message, key, tally);
  }

  #hold(held: HeldMessages, message: OutgoingMessage, key: string | undefined, tally: Tally): void {
    const added = held.add(message, key);
    if (added === 'replaced') this.replaced += 1;
    if (added !== 'skipped') return void (tally[added] += 1);
    if (this.style.slow !== 'close') return this.#skip(tally);
    return this.#close(new HeldTooMuchError(this.state.face.name), tally);
  }

  /** They were counted in the reports of their publishes. */
  #release(): void {
    const held = this.#waiting;
    if (!(held instanceof HeldMessages)) return;
    this.#waiting = undefined;
    const tally = { accepted: 0, skipped: 0, replaced: 0, closed: 0 };
    for (const { message, key } of held) if (this.isIn) this.#send(message, key, tally);
  }

  #send(message: OutgoingMessage, key: string | undefined, tally: Tally): void {
    this.#writer ??= this.#openWriter();
    const status = this.#writer.offer(message.data, message.optionsFor(this.#writer));
    this.#outlet = this.#writer.openOutlet();
    if (status === 'ok') tally.accepted += 1;
    else if (status === 'full') this.#deliverSlowly(message, key, tally);
    else this.#end(tally);
  }

  #deliverSlowly(message: OutgoingMessage, key: string | undefined, tally: Tally): void {
    const { conversation } = this.#socket;
    const { slow } = this.style;
    if (slow === 'skip') return this.#skip(tally);
    if (slow === 'close') return this.#close(new SlowMemberError(this.state.face.name), tally);
    const latest = (this.#waiting as LatestMessages | undefined) ?? new LatestMessages();
    this.#waiting = latest;
    const { writer } = conversation;
    const added = latest.add(writer, message, message.optionsFor(writer), key);
    if (added === 'skipped') return this.#skip(tally);
    if (added === 'replaced') this.replaced += 1;
    tally[added] += 1;
  }

  #openWriter(): Writer {
    const { conversation, ws } = this.#socket;
    const { writer } = conversation;
    writer.sendBinary(ws.binaryData);
    return writer;
  }

  #close(cause: Error, tally: Tally): void {
    this.#socket.conversation.close(1013, '', 'limit', cause);
    this.#end(tally);
  }

  #skip(tally: Tally): void {
    this.skipped += 1;
    tally.skipped += 1;
  }

  /** Its socket takes nothing any more. */
  #end(tally: Tally): void {
    tally.closed += 1;
    this.leave();
  }
}
