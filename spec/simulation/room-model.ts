// The model of rooms.ts: what each host has published, and what its members and subscribers have to
// get of it. It is told of each call, and claims what has to hold of each trace.

import type { Data, Host, JoinOptions, Membership, ServerSocket } from 'corosock';
import { DeployedNode, report } from './deployment.ts';
import { claim } from './scene.ts';
import type { Scene } from './scene.ts';

export const ROOMS = ['lobby', '__proto__'] as const;
export type RoomName = (typeof ROOMS)[number];

/** The longest delay of `mild`, and more. */
const DELAY_MS = 250;
/** What was sent before a host came is told of by then, or was received. */
const SETTLED_MS = 5000;
/** A subscription of another node is in force by then, or says later that it was not. */
const IN_FORCE_MS = 2500;
/** What a host has published just before its end may be lost before a heartbeat tells of it. */
const LAST_WORDS_MS = 15_000;

/**
 * What one member is sent, in the order in which it leaves, and what it has to get of all that was
 * published. The first is what its host says, the second is known by the calls alone.
 */
export class MemberModel {
  readonly host: number;
  readonly sent: string[] = [];
  readonly rooms: Set<string> = new Set();
  /** Of its socket. */
  id = '';
  /** What its own host has published while it was in the room. */
  readonly due: string[] = [];
  /** How many of them it has heard. */
  #dueHeard = 0;
  /** The last number that it has heard, by room and sender. */
  readonly #last = new Map<string, number>();

  constructor(host: number) {
    this.host = host;
  }

  /** Claims that a message was published, is for this member, and comes once and in order. */
  claimHeard(text: string, nodes: readonly ModelNode[]): void {
    const [room, sender, number, except] = text.split(' ') as [RoomName, string, string, string];
    const line = `${room} ${sender}`;
    const last = this.#last.get(line) ?? -1;
    const facts = [`a member of host ${this.host}`, text, last] as const;
    claim(
      nodes[Number(sender)]?.hasPublished(room, Number(number), text) === true,
      'not published',
      ...facts,
    );
    claim(except !== this.id, 'a member was excepted', ...facts);
    claim(Number(number) > last, 'a member heard twice, or not in order', ...facts);
    this.#last.set(line, Number(number));
    if (Number(sender) !== this.host) return;
    const due = this.due[this.#dueHeard];
    claim(text === due, 'a member has missed one of its own host', ...facts, due);
    this.#dueHeard += 1;
  }
}

/** One message: `lobby 2 17 …` is the seventeenth of host 2. */
interface Message {
  readonly host: number;
  readonly number: number;
}

interface Published {
  readonly atMs: number;
  readonly number: number;
  readonly text: string;
}

/** A gap, and when it was told. */
interface Gap {
  readonly atMs: number;
  readonly forMs: number;
}

/** What one subscription has given. */
interface Trace {
  readonly room: RoomName;
  /** What other hosts publish from then on arrives, or a gap tells of it. */
  sinceMs: number;
  /** Messages of its own host before it. */
  readonly ownFrom: number;
  readonly events: (Message | 'gap')[];
  readonly gaps: Gap[];
  hasEnded: boolean;
}

/** One host of a deployment, all that it publishes, and all that it gives to its subscribers. */
export class ModelNode extends DeployedNode {
  readonly host: Host;
  readonly #published: ReadonlyMap<RoomName, Published[]> = new Map(ROOMS.map((room) => [room, []]));
  readonly #traces: Trace[] = [];
  readonly #members = new Map<string, MemberModel>();
  readonly #options: JoinOptions;

  /** @param isLate - Whether its broker is down when it begins. */
  constructor(scene: Scene, id: number, isLate: boolean) {
    super(scene, id, isLate);
    // Called once a publish, before it is sent to the members that there are.
    this.#options = {
      frame: (data, { room }) => {
        for (const member of this.#members.values()) {
          if (member.rooms.has(room) && !String(data).endsWith(` ${member.id}`))
            member.sent.push(String(data));
        }
        return data;
      },
    };
    this.host = scene.w.serve((ws) => this.#converse(ws), { broker: this.broker, report });
  }

  /** Under which all members of this host are present. */
  get key(): string {
    return `host ${this.id}`;
  }

  /** The members in a room, as this host counts them. */
  membersIn(room: RoomName): number {
    return [...this.#members.values()].filter(({ rooms }) => rooms.has(room)).length;
  }

  /** Whether this host shows the members of another one, and all of them. */
  shows(other: ModelNode, room: RoomName): boolean {
    const shown = this.host.room(room).presence.list().members.get(other.key)?.sockets ?? 0;
    return shown === (other.isClosed ? 0 : other.membersIn(room));
  }

  /** A client is to come. */
  expect(name: string): MemberModel {
    const member = new MemberModel(this.id);
    this.#members.set(name, member);
    return member;
  }

  publish(room: RoomName): void {
    const published = this.#publishedTo(room);
    const number = published.length;
    const { dice } = this.scene;
    const [except] = dice.isLikely(0.2) ? this.host.sockets.keys() : [];
    const text = `${room} ${this.id} ${number} ${except ?? '-'}`;
    published.push({ atMs: this.scene.w.clock.now(), number, text });
    for (const { rooms, id, due } of this.#members.values())
      if (rooms.has(room) && id !== except) due.push(text);
    const { skipped, replaced } = this.host
      .room(room)
      .publish(text, except === undefined ? {} : { except: [except] });
    claim(skipped + replaced === 0, 'a member that is not slow was skipped', room, skipped, replaced);
  }

  /** Whether a message was published to a room: it is the one with its number. */
  hasPublished(room: RoomName, number: number, text: string): boolean {
    return this.#published.get(room)?.[number]?.text === text;
  }

  /** @returns Ends the subscription. */
  subscribe(room: RoomName): () => void {
    const { w } = this.scene;
    const trace: Trace = {
      room,
      sinceMs: w.clock.now() + IN_FORCE_MS,
      ownFrom: this.#publishedTo(room).length,
      events: [],
      gaps: [],
      hasEnded: false,
    };
    this.#traces.push(trace);
    const events = this.host.room(room).subscribe();
    void w.spawn(`subscriber of host ${this.id}`, async () => {
      for await (const event of events) {
        trace.events.push('gap' in event ? 'gap' : messageOf(event.data));
        if ('gap' in event) trace.gaps.push({ atMs: w.clock.now(), forMs: event.gap.forMs });
      }
    });
    return () => {
      trace.hasEnded = true;
      events.close();
    };
  }

  override close(): Promise<void> {
    for (const trace of this.#traces) trace.hasEnded = true;
    return super.close();
  }

  /** Claims of each subscription: the order, no message twice, and no loss that no gap tells of. */
  claimTraces(nodes: readonly ModelNode[]): void {
    for (const trace of this.#traces) for (const sender of nodes) this.#claimTrace(trace, sender);
  }

  /**
   * Claims that no gap is told without a reason, where no single message is lost: the broker of a
   * host was down. What was sent just before a host came, or came back, looks as if it was sent
   * after that, because its delay is unknown.
   */
  claimGaps(nodes: readonly ModelNode[]): void {
    for (const { gaps, room } of this.#traces) {
      for (const { atMs, forMs } of gaps) {
        const isEarly = Math.min(atMs - SETTLED_MS, atMs - forMs) <= this.madeMs + DELAY_MS;
        const isDown = nodes.some((node) => node.hadOutage(atMs - forMs - DELAY_MS, atMs));
        claim(isEarly || isDown, 'a gap without a loss', `host ${this.id} in ${room}`, atMs, forMs);
      }
    }
  }

  #claimTrace(trace: Trace, sender: ModelNode): void {
    const { room, events, ownFrom, sinceMs } = trace;
    const published = sender.#publishedTo(room);
    const hasToCome = ({ atMs, number }: Published): boolean =>
      sender === this ? number >= ownFrom : atMs >= sinceMs;
    const facts = [`host ${this.id} of host ${sender.id} in ${room}`, sinceMs] as const;
    let [last, isTold] = [-1, false];
    const claimTold = (from: number, to: number, isOver: (atMs: number) => boolean): void => {
      const silent = published.slice(from, to).find((each) => hasToCome(each) && !isOver(each.atMs));
      claim(isTold || silent === undefined, 'a silent loss', ...facts, silent, events.slice(-20));
    };
    for (const event of events) {
      if (event === 'gap') isTold ||= sender !== this;
      else if (event.host === sender.id) {
        claim(event.number > last, 'twice, or not in order', ...facts, event, last);
        claimTold(last + 1, event.number, () => false);
        [last, isTold] = [event.number, false];
      }
    }
    // What a broker that is down has missed is told when it is back.
    if (trace.hasEnded || (sender !== this && !this.isUp)) return;
    const isLastWord = (atMs: number): boolean => sender !== this && atMs > sender.endMs - LAST_WORDS_MS;
    claimTold(last + 1, Infinity, isLastWord);
  }

  /** Claims that the subscriptions that are left have the last message of a host. */
  claimLast(sender: ModelNode, room: RoomName): void {
    const { number } = sender.#publishedTo(room).at(-1) as Published;
    for (const { events, hasEnded, room: own } of this.#traces) {
      if (hasEnded || own !== room) continue;
      const last = events.findLast((event) => event !== 'gap' && event.host === sender.id);
      claim(
        last !== 'gap' && last?.number === number,
        'not heard once all was quiet',
        this.id,
        sender.id,
        number,
        last,
      );
    }
  }

  /** A member: joins and leaves as its client says. Another client asks what a room retains. */
  async #converse(ws: ServerSocket): Promise<void> {
    const { pathname, searchParams } = ws.request.url;
    if (pathname === '/retained') {
      const { retained } = await ws.join(String(searchParams.get('room')));
      await ws.write(retained.map(String).join());
      return;
    }
    const member = this.#members.get(pathname.slice(1)) as MemberModel;
    const memberships = new Map<string, Membership>();
    member.id = ws.id;
    void ws.closed.then(() => member.rooms.clear());
    for await (const text of ws) {
      const [verb, room] = String(text).split(' ') as ['join' | 'leave', RoomName];
      if (verb === 'join') {
        // Its socket may have ended behind this line.
        if (ws.closeInfo === undefined) member.rooms.add(room);
        memberships.set(room, await ws.join(room, this.#options));
        this.#isInForce(room);
        this.host.room(room).presence.track(ws, this.key);
      } else {
        member.rooms.delete(room);
        memberships.get(room)?.leave();
      }
      claim(memberships.get(room)?.skipped !== 1, 'a member that is not slow was skipped');
      member.sent.push(`done ${String(text)}`);
      await ws.write(`done ${String(text)}`);
    }
  }

  /** A socket has joined: what other hosts publish from now on arrives, or is told of. */
  #isInForce(room: RoomName): void {
    const nowMs = this.scene.w.clock.now();
    for (const trace of this.#traces) if (trace.room === room) trace.sinceMs = Math.min(trace.sinceMs, nowMs);
  }

  #publishedTo(room: RoomName): Published[] {
    return this.#published.get(room) as Published[];
  }
}

function messageOf(data: Data): Message {
  const [, host, number] = String(data).split(' ');
  return { host: Number(host), number: Number(number) };
}
