// The model of closes-everywhere.ts: which sockets are in which rooms and sessions, which calls have
// closed sockets everywhere, and what has to hold of each call: whom it closes, and what it reports.

import type { CloseInfo, ClosedReport, Host, Hub, ServerSocket } from 'corosock';
import type { SessionStore } from 'corosock/testing';
import { SECRET } from '../session/session-fixtures.ts';
import { DeployedNode, report } from './deployment.ts';
import { claim } from './scene.ts';
import type { Scene } from './scene.ts';

/** A node that has just begun, and one that was away, is known by then. */
const KNOWN_MS = 8000;
/** Longest time in which two nodes that are there carry a call out, also where messages are lost. */
const CARRIED_MS = 10_000;
/** So long a call is kept. */
const KEPT_MS = 60_000;
/** Longest time of a call. */
const CALL_MS = 3900;

/** Codes of calls are these and the number of the call. */
const FIRST_CODE = 4000;

/** Gives a store that all hosts share. */
export function sharedStore(ids: readonly string[]): SessionStore {
  const kept = new Map(ids.map((id) => [id, '{}']));
  return {
    get: async (id) =>
      kept.has(id) ? (JSON.parse(String(kept.get(id))) as Record<string, unknown>) : undefined,
    set: async (id, data) => void kept.set(id, JSON.stringify(data)),
    touch: async () => {},
    delete: async (id) => void kept.delete(id),
  };
}

/** One socket: the rooms that it is in, and how it has ended. */
class SocketModel {
  readonly node: ClosingNode;
  readonly ws: ServerSocket;
  readonly bornMs: number;
  /** When it was in which room. */
  readonly rooms: { readonly name: string; readonly fromMs: number; toMs: number }[] = [];
  endMs: number = Infinity;
  end: CloseInfo | undefined;

  constructor(node: ClosingNode, ws: ServerSocket, nowMs: number) {
    this.node = node;
    this.ws = ws;
    this.bornMs = nowMs;
  }

  /** Whether a call means it, all the time from one moment to another, or to its end. */
  isMeant({ verb, name }: CallModel, fromMs: number, toMs: number): boolean {
    if (verb === 'id') return this.ws.id === name && this.bornMs <= fromMs;
    if (verb !== 'room') return this.ws.sessionId === name && this.bornMs <= fromMs;
    return this.rooms.some((room) => room.name === name && room.fromMs <= fromMs && room.toMs >= toMs);
  }

  /** Whether a call may have closed it that was made at one moment, and is over at another. */
  mayBeClosed({ verb, name, fromMs }: CallModel, toMs: number): boolean {
    if (verb === 'id') return this.ws.id === name;
    if (verb !== 'room') return this.ws.sessionId === name && this.bornMs <= toMs;
    return this.rooms.some((room) => room.name === name && room.toMs >= fromMs && room.fromMs <= toMs);
  }
}

/** A host whose sockets join and leave a room, and belong to a session. */
export class ClosingNode extends DeployedNode {
  readonly host: Host;
  readonly sockets: SocketModel[] = [];

  constructor(scene: Scene, id: number, isLate: boolean, store: SessionStore) {
    super(scene, id, isLate);
    const { clock } = scene.w;
    this.host = scene.w.serve(
      {
        '/:room': async (ws) => {
          const socket = new SocketModel(this, ws, clock.now());
          this.sockets.push(socket);
          void ws.closed.then((end) => Object.assign(socket, { end, endMs: clock.now() }));
          const name = ws.request.params.room;
          for await (const text of ws) {
            if (text === 'join') {
              const joined = ws.join(name);
              if (ws.closeInfo === undefined)
                socket.rooms.push({ name, fromMs: clock.now(), toMs: Infinity });
              await joined;
            } else {
              (await ws.join(name)).leave();
              for (const room of socket.rooms) room.toMs = Math.min(room.toMs, clock.now());
            }
          }
        },
      },
      { broker: this.broker, report, sessions: { secret: SECRET, store, timeoutMs: 3_600_000 } },
    );
  }

  /** Sockets that are open. */
  get open(): readonly SocketModel[] {
    return this.sockets.filter(({ ws }) => ws.closeInfo === undefined);
  }
}

export type Verb = 'id' | 'room' | 'session' | 'end-session';

/** A node that calls: a host, or a hub. */
export interface Caller extends DeployedNode {
  readonly host: Host | Hub;
}

/** One call on all nodes. */
export class CallModel {
  readonly verb: Verb;
  readonly name: string;
  readonly #number: number;
  readonly #caller: Caller;
  readonly fromMs: number;
  toMs: number = Infinity;
  #report: ClosedReport = { nodes: new Map(), missingNodes: [] };
  readonly #scene: Scene;

  constructor(scene: Scene, number: number, caller: Caller, verb: Verb, name: string) {
    this.#scene = scene;
    this.#number = number;
    this.#caller = caller;
    this.verb = verb;
    this.name = name;
    this.fromMs = scene.w.clock.now();
  }

  /** With which it closes sockets. */
  get code(): number {
    return FIRST_CODE + this.#number;
  }

  get #facts(): readonly unknown[] {
    return [this.verb, this.name, this.code, `of host ${this.#caller.id}`, this.fromMs, this.toMs];
  }

  /** Makes the call. @param end - Ends a session, where it does. */
  async make(end?: () => Promise<ClosedReport>): Promise<void> {
    const { verb, name, code } = this;
    const call =
      end ?? (() => this.#caller.host.closeSockets({ [verb]: name } as { id: string }, code, 'moved'));
    this.#report = await call();
    this.toMs = this.#scene.w.clock.now();
    claim(this.toMs - this.fromMs <= CALL_MS, 'a call has taken long', ...this.#facts);
  }

  /** Claims of the call, once all that it closes has closed. */
  claim(nodes: readonly Caller[], ids: ReadonlyMap<Caller, string>): void {
    const { nodes: counts, missingNodes } = this.#report;
    const known = new Set(ids.values());
    claim(
      [...counts.keys(), ...missingNodes].every((id) => known.has(id) || id === '*'),
      'a node of no host',
      ...this.#facts,
    );
    for (const node of nodes) {
      const id = ids.get(node) as string;
      const isMissing = missingNodes.includes(id);
      claim(!(counts.has(id) && isMissing), 'missing, and has answered', node.id, ...this.#facts);
      this.#claimReport(node, counts.get(id), isMissing);
      if (node instanceof ClosingNode) this.#claimSockets(node, counts.has(id));
    }
  }

  #claimReport(node: Caller, count: number | undefined, isMissing: boolean): void {
    const { fromMs, toMs } = this;
    const facts = [node.facts, this.#caller.facts, count, isMissing, ...this.#facts];
    const isFor =
      this.verb !== 'id' ||
      !(node instanceof ClosingNode) ||
      node.sockets.some(({ ws }) => ws.id === this.name);
    const isThere = !this.#isAway(node, fromMs - KNOWN_MS, toMs);
    if (node === this.#caller && isFor)
      claim(count !== undefined || this.verb === 'id', 'not here', ...facts);
    else if (isFor && isThere && node instanceof ClosingNode && !this.#scene.mayLose)
      claim(count !== undefined, 'a node has not answered', ...facts);
    if ((this.verb !== 'id' || (node instanceof ClosingNode && isFor)) && this.#isGone(node))
      claim(isMissing, 'a node is not named as missing', ...facts);
    if (node.closedMs < fromMs - KNOWN_MS && !this.#scene.mayLose)
      claim(!isMissing && count === undefined, 'a node that has left', ...facts);
    if (count === undefined || !(node instanceof ClosingNode) || this.verb === 'end-session') return;
    const closed = node.sockets.filter(({ end }) => end?.code === this.code).length;
    claim(count === closed || node.isDead, 'another number of sockets', closed, ...facts);
  }

  /** Whether a node was known, and could not be reached all the time. */
  #isGone(node: Caller): boolean {
    const { fromMs, toMs } = this;
    if (node === this.#caller || node.closedMs <= toMs) return false;
    const isKnown = [45, 35, 25, 15].some(
      (seconds) => !this.#isAway(node, fromMs - seconds * 1000 - CARRIED_MS, fromMs - seconds * 1000),
    );
    const isAway = [node, this.#caller].some((each) => each.wasDownAll(fromMs, toMs));
    return isKnown && isAway;
  }

  #isAway(node: DeployedNode, fromMs: number, toMs: number): boolean {
    return [node, this.#caller].some((each) => each.wasDown(fromMs, toMs));
  }

  /** Claims which sockets of a node are closed, and which are not. */
  #claimSockets(node: ClosingNode, hasAnswered: boolean): void {
    const carriedMs = this.#carriedMs(node);
    for (const socket of node.sockets) {
      const { end, endMs } = socket;
      const isByThis =
        this.verb === 'end-session'
          ? end?.by === 'session' && socket.ws.sessionId === this.name
          : end?.code === this.code;
      const facts = [node.facts, this.#caller.facts, socket.bornMs, endMs, end, socket.rooms, ...this.#facts];
      if (this.verb !== 'end-session' && isByThis) {
        const lastMs = hasAnswered ? this.toMs : this.fromMs + KEPT_MS + KNOWN_MS;
        claim(socket.mayBeClosed(this, lastMs), 'closed, and not meant', ...facts);
        claim(node.madeMs <= this.toMs, 'closed on a node that has begun later', ...facts);
        claim(end?.reason === 'moved', 'another reason', ...facts);
      }
      const hasToEnd = carriedMs < Infinity && socket.isMeant(this, this.fromMs, Math.min(carriedMs, endMs));
      claim(!hasToEnd || endMs <= carriedMs || node.isDead, 'not closed', carriedMs, ...facts);
    }
  }

  /** When a node has carried it out, at the latest; Infinity: it need not. */
  #carriedMs(node: DeployedNode): number {
    if (node === this.#caller) return this.fromMs + CARRIED_MS;
    for (let atMs = this.fromMs; atMs + CARRIED_MS < this.fromMs + KEPT_MS; atMs += 1000) {
      if (node.madeMs <= this.fromMs && !this.#isAway(node, atMs, atMs + CARRIED_MS))
        return atMs + CARRIED_MS;
    }
    return Infinity;
  }
}
