// One link of a world: a lane of the agenda for each direction. The handshake takes the same way as
// the frames after it, so that no message overtakes the answer that it follows. Scripts make its
// faults through `client.link`; seeded ones are seeded-faults.ts's.

import type { Lane } from '../seeded/agenda.ts';
import { LinkFaults } from '../seeded/seeded-faults.ts';
import type { FaultyLink, HostFaults } from '../seeded/seeded-faults.ts';
import type { LinkSockets, WorldParts } from '../seeded/world-parts.ts';
import type { ClientSocket } from '../../../socket/client-socket.ts';
import { MessageSocket } from '../../../socket/message-socket.ts';
import type { Wire } from '../../../transport/memory-transport.ts';
import { badArgument } from '../../../core/arguments.ts';

/** A direction of a link, seen from the client: `'out'` is from the client to the host. */
export type LinkDirection = 'in' | 'out';

/** The link of one client, whose faults a script decides. */
export interface Link {
  /**
   * Holds all that is under way, and all that is sent from now on: nothing is lost, nothing
   * arrives. The sender's `bufferedBytes` stay until {@link heal}. A seeded stall
   * may end meanwhile; that of the script stays.
   *
   * @param direction - `'in'` is host to client, `'out'` is client to host. Default: both.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  stall(direction?: LinkDirection): void;
  /**
   * Lets everything that was held arrive, in its order, also after a seeded stall. Has no
   * effect on a link that is cut.
   */
  heal(): void;
  /** Resets the connection: both ends close with 1006 at once. What is under way is lost. */
  reset(): void;
  /**
   * Loses all that is under way, and all that is sent from now on, for ever. No end is told: a
   * heartbeat or a time-out finds out. Only {@link reset} ends such a link for both.
   */
  cut(): void;
}

/** A client of a world, with its link. */
export interface WorldClient extends ClientSocket {
  readonly link: Link;
}

/** The two ends of a link that is open. */
export interface LinkEnds extends LinkSockets {
  /** Ends both ends, as a reset of the connection does. */
  reset(): void;
}

/** With what a host closes when both ends close at once: it goes away. */
export const GOING_AWAY = 1001;
const BOTH = ['out', 'in'] as const;

/** One direction of a link. */
class OneWay {
  readonly lane: Lane;
  /** What holds it: a script, or seeded stalls. */
  readonly #holders = new Set<object>();

  constructor(lane: Lane) {
    this.lane = lane;
  }

  get isHeld(): boolean {
    return this.#holders.size > 0;
  }

  hold(holder: object): void {
    this.#holders.add(holder);
    this.lane.isHeld = true;
  }

  release(holder: object): void {
    this.#holders.delete(holder);
    this.lane.isHeld = this.isHeld;
  }

  releaseAll(): void {
    this.#holders.clear();
    this.lane.isHeld = false;
  }
}

/** One link between a client and a host. */
export class WorldLink implements Link, FaultyLink {
  readonly #parts: WorldParts;
  readonly #host: HostFaults;
  /** Of its client, for the story: `client 2`. */
  readonly name: string;
  readonly #faults: LinkFaults;
  readonly #ways: Readonly<Record<LinkDirection, OneWay>>;
  readonly wires: readonly [toHost: Wire, toClient: Wire];
  #ends: LinkEnds | undefined;
  /** Whether nothing arrives any more. */
  #isLost: boolean;
  #isReset = false;
  #isClosed = false;
  /** Whether its client has given the handshake up. */
  #hasFailed = false;
  #onReset: (() => void) | undefined;

  constructor(parts: WorldParts, host: HostFaults, name: string) {
    this.#parts = parts;
    this.#host = host;
    this.name = name;
    const { agenda } = parts;
    const openWay = (): OneWay => new OneWay(agenda.openLane(this.#deliver));
    const ways = { out: openWay(), in: openWay() };
    this.#ways = ways;
    this.wires = [(arrive) => this.#carry(ways.out, arrive), (arrive) => this.#carry(ways.in, arrive)];
    this.#isLost = host.isDead;
    host.links.add(this);
    this.#faults = new LinkFaults(parts, this);
  }

  /** Whether it is closed or reset, or both ends are closed: nothing under way can change them. */
  get isOver(): boolean {
    if (this.#isClosed || this.#isReset) return true;
    if (this.#ends === undefined) return false;
    const { client, ws } = this.#ends;
    return client.closeInfo !== undefined && ws.closeInfo !== undefined;
  }

  /** Undefined until the host has accepted the client. */
  get ends(): LinkEnds | undefined {
    return this.#ends;
  }

  /** Whether its client waits for the answer to its handshake. */
  get isOpening(): boolean {
    return this.#ends === undefined && !this.#isClosed && !this.#hasFailed;
  }

  /** The number of messages that it carries, or holds. */
  get inFlight(): number {
    return this.isOver ? 0 : this.#ways.out.lane.size + this.#ways.in.lane.size;
  }

  /** Why messages may not arrive, in words: `link is cut`. */
  get trouble(): string | undefined {
    if (this.isOver) return undefined;
    if (this.#isLost) return 'link is cut';
    const held = BOTH.filter((way) => this.#ways[way].isHeld);
    const count = held.reduce((sum, way) => sum + this.#ways[way].lane.size, 0);
    return held.length === 0 ? undefined : `link stalls ${held.join(' and ')} and holds ${count}`;
  }

  /** Whether no code waits until a seeded stall is over. */
  get isIdle(): boolean {
    return this.isOver;
  }

  // Called by scripts, and by seeded faults.

  stall(direction?: LinkDirection): void {
    if (direction !== undefined && !BOTH.includes(direction))
      throw badArgument('client.link.stall()', "direction to be 'in' or 'out'", direction);
    for (const way of direction === undefined ? BOTH : [direction]) this.#ways[way].hold(this);
    this.#tell(direction === undefined ? 'stalls' : `stalls ${direction}`);
  }

  heal(): void {
    for (const way of BOTH) this.#ways[way].releaseAll();
    this.#tell('heals');
  }

  reset(): void {
    this.#lose();
    this.#isReset = true;
    this.#tell('reset');
    this.#onReset?.();
    this.#ends?.reset();
  }

  cut(...others: readonly unknown[]): void {
    if (others.length > 0) throw badArgument('link.cut()', 'no argument: it cuts both directions', others[0]);
    this.#lose();
    this.#tell('cut');
  }

  /** Holds one direction. @returns Lets it go, unless something else holds it. */
  hold(direction: LinkDirection): () => void {
    const holder = {};
    this.#ways[direction].hold(holder);
    this.#tell(`stalls ${direction}`);
    return () => {
      this.#ways[direction].release(holder);
      this.#tell(`heals ${direction}`);
    };
  }

  // Called by the world.

  /** Takes the steps of a handshake. @param onReset - Called by a reset meanwhile. */
  async opening<T>(onReset: () => void, steps: () => Promise<T>): Promise<T> {
    this.#onReset = onReset;
    try {
      return await steps();
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    } finally {
      this.#onReset = undefined;
    }
  }

  /** Joins the ends, once the host has accepted the client. The link may be reset by then. */
  join(ends: LinkEnds): void {
    this.#ends = ends;
    this.#parts.join(this.name, ends);
    if (this.#isReset) ends.reset();
  }

  /** Gives the client of this link its faults. Code of another world cannot use it from then on. */
  withLink(client: ClientSocket & MessageSocket): WorldClient {
    const { reader, writer } = MessageSocket.conversationOf(client);
    const check = (): void => this.#parts.checkCaller(this.name);
    checkBefore(check, reader, 'takeAtOnce');
    checkBefore(check, reader, 'read');
    checkBefore(check, writer, 'write');
    checkBefore(check, writer, 'writeFragments');
    return Object.assign(client, { link: this });
  }

  /** Takes the link out of the agenda, with all that is under way. */
  close(): void {
    if (this.#isClosed) return;
    this.#faults.stop();
    this.#host.links.delete(this);
    for (const way of BOTH) this.#ways[way].lane.close();
    this.#isClosed = true;
  }

  /** A frame whose `arrive` is never called is lost. */
  #carry({ lane }: OneWay, arrive: () => void): void {
    if (this.#isLost) return;
    lane.add(arrive, this.#faults.delayMs);
    if (this.#faults.isCrossing) this.#cross();
  }

  readonly #deliver = (arrive: () => void): void => {
    this.#faults.arrive();
    this.#host.arrive();
    if (!this.#isLost) arrive();
  };

  /** Where one end has begun to close, the other closes before it hears of that. */
  #cross(): void {
    if (this.#ends === undefined) return;
    const { client, ws } = this.#ends;
    const isClientEnding = MessageSocket.conversationOf(client).isEnding;
    if (isClientEnding === MessageSocket.conversationOf(ws).isEnding) return;
    this.#tell('closes at both ends');
    if (isClientEnding) void ws.endServer(GOING_AWAY);
    else void client.close();
  }

  #lose(): void {
    this.#isLost = true;
    for (const way of BOTH) this.#ways[way].lane.clear();
  }

  #tell(what: string): void {
    this.#parts.tell(`${this.name} link ${what}`);
  }
}

/** Calls a check before a method of one object. */
function checkBefore<Name extends string>(
  check: () => void,
  object: Readonly<Record<Name, (...values: never[]) => unknown>>,
  name: Name,
): void {
  const call = object[name].bind(object) as (...values: unknown[]) => unknown;
  const checked = (...values: unknown[]): unknown => {
    check();
    return call(...values);
  };
  Object.assign(object, { [name]: checked });
}
