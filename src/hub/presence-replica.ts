// Presence between nodes: each node tells the other nodes of a room what it counts there, and keeps
// what they have told. All of it goes through the address of the room, so that the bus notices
// what is lost (received-line.ts); then this node asks, and says anew what it counts itself.

import { roomAddress } from './broker-address.ts';
import { KIND } from './envelope.ts';
import type { Body, NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import type { NodePresence } from './node-presence.ts';
import { NodeRuns } from './node-runs.ts';
import { ASK_BODY, readPresence } from './presence-body.ts';
import type { PresenceBody } from './presence-body.ts';
import { PresenceRoom } from './presence-room.ts';
import type { PresenceRelay } from './room-relay.ts';
import { LateLook, TurnWork } from './turn-work.ts';
import type { HeardNodes, PresentKeys, RelaySink } from '../rooms/relay.ts';
import type { Clock } from '../time/clock.ts';
import { idleTimerAt } from '../time/scheduling.ts';

/** What is to be sent waits so long: a burst of changes is one envelope. */
const SEND_AFTER_MS = 50;

/** Rooms for which something is sent at one time: an outage concerns all of them. */
const ROOMS_A_SEND = 200;

/** A room is not asked again before so long. */
const ASK_EVERY_MS = 1000;

/** A node that is heard, and has not answered for so long, is not in the room any more. */
const ABSENT_AFTER_MS = 5000;
/** A node that was heard so lately runs. One that was killed is not missing for some seconds. */
const RUNS_WITHIN_MS = 2000;

/** The presence of the rooms of one node. */
export class PresenceReplica implements PresenceRelay {
  readonly #bus: NodeBus;
  readonly #sink: Pick<RelaySink, 'presentElsewhere'>;
  readonly #clock: Clock;
  readonly #rooms = new Map<string, PresenceRoom>();
  /** Rooms for which something is to be sent. */
  readonly #due = new Set<PresenceRoom>();
  /** Rooms that have asked, and when the nodes without an answer are taken for absent. */
  readonly #asked = new Map<PresenceRoom, number>();
  /** Rooms of which something could not be sent. */
  readonly #failed = new Set<PresenceRoom>();
  /** What other nodes have told, in all rooms. */
  readonly #runs: NodeRuns;
  readonly #work: TurnWork;
  readonly #lateAsks: LateLook;
  readonly #lateResyncs: LateLook;
  readonly #offs: ReadonlyArray<() => void>;
  /** Versions grow in all rooms together: a room that is left and entered again goes on. */
  readonly #nextVersion: () => number;
  #timer: unknown;
  #timerMs = Infinity;
  #isClosed = false;

  constructor(bus: NodeBus, sink: Pick<RelaySink, 'presentElsewhere'>, clock: Clock) {
    this.#bus = bus;
    this.#sink = sink;
    this.#clock = clock;
    this.#work = new TurnWork(clock);
    this.#runs = new NodeRuns({ sink, work: this.#work, onCut: () => bus.drop('busy') });
    this.#lateAsks = new LateLook(this.#work, (sinceMs) => this.#askLate(sinceMs));
    this.#lateResyncs = new LateLook(this.#work, () => this.#resyncAll());
    let version = 0;
    this.#nextVersion = () => (version += 1);
    this.#offs = [
      bus.onNode({
        joined: (node) => this.#onJoined(node),
        gone: (node) => this.#runs.end(node),
        has: (_node, what, sinceMs) => what === 'presence' && this.#lateAsks.begin(sinceMs),
      }),
      bus.health.onChange(() => this.#onHealth()),
    ];
  }

  close(): void {
    this.#isClosed = true;
    for (const off of this.#offs) off();
    this.#work.close();
    this.#clock.clearTimeout(this.#timer);
  }

  // Called by rooms, through the relay.

  present(room: string, keys: PresentKeys, key: string): void {
    const state = this.#roomOf(room);
    state.change(keys, key);
    this.#bus.heartbeats.hasFromNowOn('presence');
    this.#send(state);
  }

  heardOf(room: string): HeardNodes {
    const state = this.#rooms.get(room);
    const nowMs = this.#clock.now();
    const missingNodes: string[] = this.#bus.isSureOfOthers ? [] : ['*'];
    let asOfMs = Infinity;
    for (const { id, isMissing, lastSeenMs, has } of this.#bus.nodes.values()) {
      const isUnsure = state?.isUsed !== true || (has.has('presence') && state.isUnsure(id, nowMs));
      if (isMissing || isUnsure) missingNodes.push(id);
      asOfMs = Math.min(asOfMs, lastSeenMs);
    }
    return { missingNodes, asOfMs };
  }

  used(room: string): void {
    const state = this.#roomOf(room);
    state.isUsed = true;
    for (const [node, { keys }] of state.others ?? []) {
      this.#sink.presentElsewhere(room, node, keys, keys.keys());
    }
  }

  unused(room: string): void {
    this.#roomOf(room).isUsed = false;
  }

  // Called by the relay.

  entered(room: string): void {
    const state = this.#roomOf(room);
    state.isEntered = true;
    this.#ask(state);
  }

  left(room: string): void {
    const state = this.#roomOf(room);
    this.#runs.leave(state);
    this.#rooms.delete(room);
    this.#due.delete(state);
    this.#asked.delete(state);
    this.#failed.delete(state);
  }

  gap(room: string): void {
    this.#resync(this.#roomOf(room));
  }

  receive(room: string, from: NodeRef, body: Uint8Array): void {
    const told = readPresence(body);
    const state = this.#roomOf(room);
    if (told === undefined) this.#bus.drop('malformed', roomAddress(room));
    else if (told.kind === 'ask') this.#onAsk(state);
    else if (this.#isKnown(from)) this.#onTold(state, from, told);
    else this.#runs.toldAsStranger(from, state);
  }

  #roomOf(name: string): PresenceRoom {
    const state = this.#rooms.get(name) ?? new PresenceRoom(name);
    this.#rooms.set(name, state);
    return state;
  }

  // What comes from other nodes.

  #onAsk(state: PresenceRoom): void {
    if (!state.isTold) return;
    state.tellsAll = true;
    this.#send(state);
  }

  #onTold(state: PresenceRoom, node: NodeRef, told: Exclude<PresenceBody, { kind: 'ask' }>): void {
    const other = this.#runs.presenceIn(state, node);
    if (other === undefined) return;
    const changed = other.apply(told);
    if (changed === 'ask') return this.#ask(state);
    if (told.kind === 'all' && !told.hasMore) other.answered = state.questions;
    if (changed.length > 0) this.#sink.presentElsewhere(state.name, other.run.id, other.keys, changed);
  }

  /** A node that is not known never leaves: what it tells would stay for ever. */
  #isKnown({ id, epoch }: NodeRef): boolean {
    return this.#bus.nodes.get(id)?.epoch === epoch;
  }

  /** It may have told something while it was not known. */
  #onJoined(node: NodeRef): void {
    const rooms = this.#runs.begin(node);
    if (rooms === 'all') return this.#lateResyncs.begin(-Infinity);
    for (const state of rooms) if (this.#rooms.get(state.name) === state) this.#resync(state);
    return undefined;
  }

  #onHealth(): void {
    if (this.#bus.health.isDown) return;
    for (const state of this.#failed) this.#resync(state);
    this.#failed.clear();
  }

  // What is sent.

  /** Something may be missing, here and there. */
  #resync(state: PresenceRoom): void {
    state.tellsAll = true;
    this.#ask(state);
  }

  #ask(state: PresenceRoom): void {
    state.asks = true;
    this.#send(state);
  }

  /** A node counts sockets, as is known from now on: rooms that were not asked about it are. */
  *#askLate(sinceMs: number): IterableIterator<void> {
    for (const state of this.#rooms.values()) yield void (state.notAskedMs > sinceMs && this.#ask(state));
  }

  *#resyncAll(): IterableIterator<void> {
    for (const state of this.#rooms.values()) yield this.#resync(state);
  }

  /** Whether any other node may count sockets in the room. */
  #hasOthers({ others }: PresenceRoom): boolean {
    if (!this.#bus.heartbeats.knowsOthers || (others !== undefined && others.size > 0)) return true;
    for (const { has } of this.#bus.nodes.values()) if (has.has('presence')) return true;
    return false;
  }

  #send(state: PresenceRoom): void {
    this.#due.add(state);
    this.#setTimer();
  }

  #setTimer(): void {
    if (this.#isClosed) return;
    const nowMs = this.#clock.now();
    const [absentMs = Infinity] = this.#asked.values();
    const dueMs = this.#due.size > 0 ? Math.min(nowMs + SEND_AFTER_MS, absentMs) : absentMs;
    if (dueMs >= this.#timerMs) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timerMs = dueMs;
    this.#timer = idleTimerAt(this.#clock, dueMs, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timerMs = Infinity;
    const nowMs = this.#clock.now();
    for (const state of this.#takeDue()) {
      this.#publish(state, state.takeBodies(this.#nextVersion, nowMs));
      if (state.tellsAll) this.#due.add(state);
      this.#askNow(state, nowMs);
    }
    for (const [state, absentMs] of this.#asked) {
      if (absentMs > nowMs) break;
      this.#asked.delete(state);
      this.#forgetAbsent(state, nowMs);
    }
    this.#setTimer();
  }

  #takeDue(): readonly PresenceRoom[] {
    const taken: PresenceRoom[] = [];
    for (const state of this.#due) {
      if (taken.length === ROOMS_A_SEND) break;
      this.#due.delete(state);
      taken.push(state);
    }
    return taken;
  }

  #askNow(state: PresenceRoom, nowMs: number): void {
    if (!state.asks || !state.isEntered) return;
    if (!this.#hasOthers(state)) {
      state.asks = false;
      state.notAskedMs = nowMs;
      return;
    }
    // Later; nodes that have not answered are named as missing until then.
    if (nowMs < state.askedMs + ASK_EVERY_MS) return void this.#due.add(state);
    state.asks = false;
    state.askedMs = nowMs;
    state.notAskedMs = -Infinity;
    state.questions += 1;
    state.isCut = false;
    this.#asked.delete(state);
    if (state.others !== undefined) this.#asked.set(state, nowMs + ABSENT_AFTER_MS);
    this.#publish(state, [ASK_BODY]);
  }

  /** @param state - One with others. */
  #forgetAbsent(state: PresenceRoom, nowMs: number): void {
    for (const [node, other] of state.others as ReadonlyMap<string, NodePresence>) {
      const known = this.#bus.nodes.get(node);
      if (other.answered === state.questions || known?.isMissing !== false) continue;
      if (nowMs - known.lastSeenMs < RUNS_WITHIN_MS) this.#runs.forget(state, other);
      else this.#asked.set(state, nowMs + ABSENT_AFTER_MS);
    }
  }

  #publish(state: PresenceRoom, bodies: readonly Body[]): void {
    const sent = bodies.map((body) => this.#bus.publish(roomAddress(state.name), KIND.presence, body));
    void Promise.all(sent).then((results) => {
      if (!results.includes('failed') || this.#rooms.get(state.name) !== state) return;
      // A broker that is up may have been down meanwhile.
      if (this.#bus.health.isDown) this.#failed.add(state);
      else this.#resync(state);
    });
  }
}
