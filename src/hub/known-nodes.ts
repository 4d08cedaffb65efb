// Which other nodes are there, by their heartbeats. NodeBus tells it what it hears, and asks it
// each second who is missing. A node that is killed says nothing: it is missing after 5 s, and
// forgotten after a minute, so that one that comes back in time is still known.

import type { NodeRef } from './envelope.ts';

/** A node that is not heard for so long is missing. */
export const MISSING_AFTER_MS = 5000;

/**
 * A node that is not heard for so long is forgotten.
 *
 * @limit Time for which a node that is not heard is remembered | it is gone, with what it had
 */
export const FORGOTTEN_AFTER_MS = 60_000;

/**
 * Nodes that are remembered, with those that have said goodbye within a minute.
 *
 * @limit Nodes of one deployment | heartbeats of further nodes are dropped
 */
const MAX_NODES = 4096;

/** Nodes ask twice a second at most. */
const ANSWER_EVERY_MS = 250;

/** What is known of another node. */
export interface KnownNode extends NodeRef {
  /** When it was last heard, on the clock of this node. */
  readonly lastSeenMs: number;
  /** Whether it is not heard of at present. */
  readonly isMissing: boolean;
  /** What it has of any room. */
  readonly has: ReadonlySet<HadByNode>;
}

/**
 * What a node may have of rooms: messages that it retains, and sockets that it counts for their
 * presence. A node that enters a room asks only nodes that have something.
 */
export type HadByNode = 'retained' | 'presence';

/** Is told which nodes join and leave. None of its functions may throw. */
export interface NodeListener {
  /** It is there, and was not, or has begun anew. */
  joined?(node: NodeRef): void;
  /** It was not heard for {@link MISSING_AFTER_MS}. */
  missing?(node: NodeRef): void;
  /** It was missing, and is heard again: the same run of the same node. */
  returned?(node: NodeRef): void;
  /** It has said goodbye, has begun anew, or was not heard for {@link FORGOTTEN_AFTER_MS}. */
  gone?(node: NodeRef): void;
  /**
   * It says for the first time that it has something of any room. What it has told of rooms that
   * this node has entered after `sinceMs` may have been missed.
   */
  has?(node: NodeRef, what: HadByNode, sinceMs: number): void;
}

/** A heartbeat may be under way for so long. */
const LATE_MS = 5000;

/** One node, as the bus keeps it. */
export class OtherNode implements KnownNode {
  readonly id: string;
  readonly epoch: number;
  lastSeenMs: number;
  isMissing: boolean = false;
  readonly has: Set<HadByNode> = new Set<HadByNode>();
  /** When its last heartbeat has come. */
  heartbeatMs: number = -Infinity;
  /** What it has sent up to this number is known: see `Heartbeat`. */
  toldTo: number = 0;
  /** When it was last asked for what it has sent before. */
  askedMs: number = -Infinity;
  /** When its last question of that kind was answered. */
  #answeredMs = -Infinity;

  constructor({ id, epoch }: NodeRef, nowMs: number) {
    this.id = id;
    this.epoch = epoch;
    this.lastSeenMs = nowMs;
  }

  /** Its question what it has missed is answered now. @returns false where it hurries. */
  takeAnswerTurn(nowMs: number): boolean {
    if (nowMs - this.#answeredMs < ANSWER_EVERY_MS) return false;
    this.#answeredMs = nowMs;
    return true;
  }
}

/** Keeps the other nodes. */
export class KnownNodes {
  readonly #nodes = new Map<string, OtherNode>();
  /** Nodes that have said goodbye: what they sent before may come after it. */
  readonly #departed = new Map<string, OtherNode>();
  readonly #listeners = new Set<NodeListener>();

  /** By id. */
  get all(): ReadonlyMap<string, OtherNode> {
    return this.#nodes;
  }

  /** @returns Removes the listener. */
  onNode(listener: NodeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * A heartbeat has come.
   *
   * @returns The node. `stale`: it is a former self of the node, or has said goodbye. `node`: there
   *   are too many nodes.
   */
  noteHeartbeat(ref: NodeRef, nowMs: number): OtherNode | 'stale' | 'node' {
    const known = this.#nodes.get(ref.id);
    if (known !== undefined && known.epoch > ref.epoch) return 'stale';
    if ((this.#departed.get(ref.id)?.epoch ?? -1) >= ref.epoch) return 'stale';
    if (known?.epoch === ref.epoch) return this.#see(known, nowMs);
    if (known !== undefined) this.#remove(known);
    if (this.#nodes.size + this.#departed.size >= MAX_NODES) return 'node';
    const node = new OtherNode(ref, nowMs);
    // It has begun anew since: what it has is younger than the last heartbeat of its former self.
    if (known !== undefined) node.heartbeatMs = known.heartbeatMs;
    this.#nodes.set(ref.id, node);
    for (const listener of this.#listeners) listener.joined?.(node);
    return node;
  }

  /** What a heartbeat of a node says that it has. */
  noteHas(node: OtherNode, has: readonly HadByNode[], nowMs: number): void {
    const sinceMs = node.heartbeatMs - LATE_MS;
    node.heartbeatMs = nowMs;
    // A heartbeat from before may come late: once the node has something, it is asked.
    const added = has.filter((what) => !node.has.has(what));
    for (const what of added) node.has.add(what);
    for (const what of added) for (const listener of this.#listeners) listener.has?.(node, what, sinceMs);
  }

  /** Something other than a heartbeat has come: a node that is known is there. */
  noteEnvelope({ id, epoch }: NodeRef, nowMs: number): void {
    const known = this.#nodes.get(id);
    if (known?.epoch === epoch) this.#see(known, nowMs);
  }

  /** A node has said goodbye. */
  noteGoodbye({ id, epoch }: NodeRef, nowMs: number): void {
    const known = this.#nodes.get(id);
    if (known?.epoch !== epoch) return;
    known.lastSeenMs = nowMs;
    this.#departed.set(id, known);
    this.#remove(known);
  }

  /** Looks which nodes are missing, and forgets those that were missing for too long. */
  sweep(nowMs: number): void {
    for (const node of this.#nodes.values()) {
      const quietMs = nowMs - node.lastSeenMs;
      if (quietMs >= MISSING_AFTER_MS && !node.isMissing) this.#miss(node);
      if (quietMs >= FORGOTTEN_AFTER_MS) this.#remove(node);
    }
    for (const { id, lastSeenMs } of this.#departed.values()) {
      if (nowMs - lastSeenMs >= FORGOTTEN_AFTER_MS) this.#departed.delete(id);
    }
  }

  #see(node: OtherNode, nowMs: number): OtherNode {
    node.lastSeenMs = nowMs;
    if (!node.isMissing) return node;
    node.isMissing = false;
    for (const listener of this.#listeners) listener.returned?.(node);
    return node;
  }

  #miss(node: OtherNode): void {
    node.isMissing = true;
    for (const listener of this.#listeners) listener.missing?.(node);
  }

  #remove(node: OtherNode): void {
    this.#nodes.delete(node.id);
    for (const listener of this.#listeners) listener.gone?.(node);
  }
}
