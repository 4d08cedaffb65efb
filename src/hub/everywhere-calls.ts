// Calls on all nodes: closes sockets, or ends sessions, wherever they are. The host and the hub
// call `run` and carry out what comes. A call is kept for a minute, for nodes that do not answer
// now: it is sent to them again until they do, and each node carries it out once.

import { encodeCall, encodeDone, readCall, readDone } from './everywhere-body.ts';
import type { EverywhereCall } from './everywhere-body.ts';
import { KIND } from './envelope.ts';
import type { NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import { holdProcess, wallTimeOf } from '../time/real-clock.ts';
import { noop } from '../core/noop.ts';
import { IDLE_TIMER } from '../time/scheduling.ts';

/**
 * How long a call on all nodes waits for their answers.
 *
 * @limit Wait of `closeSockets` for the answers of other nodes | they are in `missingNodes`
 */
const ANSWERS_WITHIN_MS = 2000;

/** A node that does not know the others waits so long for their heartbeats. */
const KNOWN_WITHIN_MS = 600;
/** It waits so many times: its broker may be connecting still. */
const LOOKS = 3;

/**
 * How long a call is kept for nodes that do not answer.
 *
 * @limit Time for which `closeSockets` and `session.end()` are kept for a node that is missing | it
 * does not hear of them
 */
const KEPT_MS = 60_000;

/** How often a call is sent again to nodes that are there and have not answered. */
const AGAIN_MS = 1000;

/**
 * Calls that are kept.
 *
 * @limit Calls of `closeSockets` and `session.end()` that one node keeps for others | the oldest is
 * forgotten
 */
const MAX_KEPT = 10_000;

/**
 * Calls of other nodes that are remembered, so that none is carried out twice.
 *
 * @limit Calls of `closeSockets` and `session.end()` of other nodes, within 120 s | the oldest is
 * forgotten: where it comes again, it is carried out again
 */
export const MAX_DONE = 100_000;

/**
 * Bytes of the calls that are kept, with 64 for each node that has answered or has to. Names may be
 * those of clients, and nodes may be invented.
 *
 * @limit Bytes of the calls of `closeSockets` and `session.end()` that one node keeps for others |
 * the oldest is forgotten
 */
export const MAX_KEPT_BYTES = 67_108_864;
const CALL_BYTES = 256;
const NODE_BYTES = 64;

/** Calls that are sent again in a second: nodes that never answer cost no more. */
export const MAX_AGAIN = 5000;

/** Nodes of which one call takes answers: as many as a node knows. */
const MAX_ANSWERS = 4096;

/** In place of the ids of nodes that a node cannot know. No node has this id. */
const UNKNOWN_NODES = '*';

/** What a call on all nodes has done. */
export interface EverywhereReport {
  /** How many sockets or sessions each node has closed or ended, by the id of the node. */
  readonly nodes: ReadonlyMap<string, number>;
  /**
   * Ids of nodes that have not answered. `'*'` stands for nodes that this one does not know: its
   * broker is down, or was until now. The call is kept for all of them for 60 s.
   */
  readonly missingNodes: readonly string[];
}

interface KeptCall {
  readonly number: number;
  readonly body: Uint8Array;
  /** Of all that is kept. */
  bytes: number;
  readonly sinceMs: number;
  /** The time of day: a node that began later has nothing of before. */
  readonly atMs: number;
  /** The one node that it is for; undefined: all. */
  readonly only: string | undefined;
  readonly answers: Map<string, number>;
  /** Nodes that have to answer, and have not. */
  readonly awaited: Set<string>;
  whenAnswered: () => void;
}

/** What a node has carried out for another. */
interface Done {
  readonly count: number;
  readonly atMs: number;
}

/** Runs and carries out calls on all nodes. */
export class EverywhereCalls {
  readonly #bus: NodeBus;
  readonly #carryOut: (call: EverywhereCall) => number;
  readonly #off: () => void;
  #lastCall = 0;
  /** By number, the oldest first. */
  readonly #kept = new Map<number, KeptCall>();
  #keptBytes = 0;
  /** How many may be sent again in this second. */
  #again = MAX_AGAIN;
  /** The call that was sent again last. */
  #lastAgain = 0;
  /** What was carried out for others in the last minutes, the oldest first. */
  readonly #done = new Map<string, Done>();
  #timer: unknown;
  #isClosed = false;

  /** @param carryOut - Does it on this node. @returns How many sockets or sessions it was. */
  constructor(bus: NodeBus, carryOut: (call: EverywhereCall) => number) {
    this.#bus = bus;
    this.#carryOut = carryOut;
    bus.on(KIND.everywhere, (from, body) => this.#onCall(from, body));
    bus.on(KIND.everywhereDone, (from, body) => this.#onDone(from, body));
    const onThere = (node: NodeRef): void => this.#sendKeptTo(node);
    this.#off = bus.onNode({ joined: onThere, returned: onThere });
  }

  /**
   * Carries a call out on this node at once, and on the others. Never rejects.
   *
   * @param only - The one other node that it is for. Default: all, and this one.
   * @returns Once all nodes that are there have answered, within 2 s.
   */
  async run(call: EverywhereCall, only?: string): Promise<EverywhereReport> {
    const kept = this.#keep(call, only);
    if (only === undefined) kept.answers.set(this.#bus.id, this.#carryOut(call));
    await this.#send(kept);
    const missingNodes = [...kept.awaited];
    if (only === undefined && !this.#bus.isSureOfOthers) missingNodes.push(UNKNOWN_NODES);
    return { nodes: new Map(kept.answers), missingNodes };
  }

  /** Ends its timer. What is kept for others is forgotten. */
  close(): void {
    this.#isClosed = true;
    this.#off();
    this.#bus.clock.clearTimeout(this.#timer);
    for (const kept of this.#kept.values()) kept.whenAnswered();
    this.#kept.clear();
  }

  #keep(call: EverywhereCall, only: string | undefined): KeptCall {
    this.#lastCall += 1;
    const body = encodeCall(this.#lastCall, call);
    const kept: KeptCall = {
      number: this.#lastCall,
      body,
      bytes: 0,
      sinceMs: this.#bus.clock.now(),
      atMs: wallTimeOf(this.#bus.clock),
      only,
      answers: new Map(),
      awaited: new Set(),
      whenAnswered: noop,
    };
    if (this.#isClosed) return kept;
    this.#kept.set(this.#lastCall, kept);
    this.#grow(kept, CALL_BYTES + body.length);
    this.#timer ??= this.#bus.clock.setTimeout(() => this.#onTimer(), AGAIN_MS, IDLE_TIMER);
    return kept;
  }

  #grow(kept: KeptCall, bytes: number): void {
    if (!this.#kept.has(kept.number)) return;
    kept.bytes += bytes;
    this.#keptBytes += bytes;
    for (const oldest of this.#kept.values()) {
      if (this.#kept.size <= MAX_KEPT && this.#keptBytes <= MAX_KEPT_BYTES) return;
      this.#forget(oldest);
    }
  }

  #forget({ number, bytes }: KeptCall): void {
    this.#kept.delete(number);
    this.#keptBytes -= bytes;
  }

  async #send(kept: KeptCall): Promise<void> {
    if (kept.only === undefined) void this.#bus.broadcast(KIND.everywhere, kept.body);
    if (!this.#bus.isSureOfOthers) await this.#untilSure();
    if (this.#isClosed) return;
    if (kept.only !== undefined) this.#sendToOne(kept, kept.only);
    else this.#awaitAll(kept);
    await this.#untilAnswered(kept);
  }

  /** A node that has begun lately, or whose broker was down until now, waits for heartbeats. */
  async #untilSure(): Promise<void> {
    const { health, knowsOthers } = this.#bus;
    if (knowsOthers && health.isDown) return;
    for (let left = LOOKS; left > 0 && !this.#isClosed && !this.#bus.isSureOfOthers; left -= 1) {
      await this.#sleep(KNOWN_WITHIN_MS);
    }
  }

  #awaitAll(kept: KeptCall): void {
    const { answers, awaited } = kept;
    for (const id of this.#bus.nodes.keys()) if (!answers.has(id)) awaited.add(id);
    this.#grow(kept, NODE_BYTES * awaited.size);
  }

  /** Does not wait for the broker: it may acknowledge late. */
  #sendToOne(kept: KeptCall, node: string): void {
    kept.awaited.add(node);
    void this.#bus.send(node, KIND.everywhere, kept.body);
  }

  #untilAnswered(kept: KeptCall): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#bus.clock.setTimeout(resolve, ANSWERS_WITHIN_MS);
      holdProcess(timer);
      kept.whenAnswered = () => {
        if (!this.#isClosed && this.#hasMore(kept)) return;
        this.#bus.clock.clearTimeout(timer);
        resolve();
      };
      kept.whenAnswered();
    });
  }

  /** Whether a node that is there has not answered. */
  #hasMore({ awaited }: KeptCall): boolean {
    const { nodes, health } = this.#bus;
    if (health.isDown) return false;
    for (const node of awaited) if (nodes.get(node)?.isMissing === false) return true;
    return false;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => holdProcess(this.#bus.clock.setTimeout(resolve, ms)));
  }

  // Nodes that answer late.

  #sendKeptTo({ id, epoch }: NodeRef): void {
    for (const kept of this.#kept.values()) {
      const isFor = kept.only === undefined ? epoch <= kept.atMs : kept.only === id;
      if (!isFor || kept.answers.has(id)) continue;
      kept.awaited.add(id);
      this.#sendAgain(kept, id);
    }
  }

  /** @returns false where that was too often for this second. */
  #sendAgain({ body }: KeptCall, node: string): boolean {
    if (this.#again === 0) return false;
    this.#again -= 1;
    void this.#bus.send(node, KIND.everywhere, body);
    return true;
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#again = MAX_AGAIN;
    const { clock } = this.#bus;
    const nowMs = clock.now();
    for (const kept of this.#kept.values()) if (nowMs - kept.sinceMs >= KEPT_MS) this.#forget(kept);
    // Those that had to wait have their turn first.
    const calls = [...this.#kept.values()];
    const next = calls.findIndex(({ number }) => number > this.#lastAgain);
    for (const kept of [...calls.slice(Math.max(next, 0)), ...calls.slice(0, Math.max(next, 0))]) {
      if (!this.#sendToAwaited(kept)) break;
      this.#lastAgain = kept.number;
    }
    if (this.#kept.size > 0) this.#timer = clock.setTimeout(() => this.#onTimer(), AGAIN_MS, IDLE_TIMER);
  }

  #sendToAwaited(kept: KeptCall): boolean {
    const { nodes } = this.#bus;
    for (const node of kept.awaited) {
      if (nodes.get(node)?.isMissing === false && !this.#sendAgain(kept, node)) return false;
    }
    return true;
  }

  // What comes from other nodes.

  #onCall(from: NodeRef, body: Uint8Array): void {
    const { clock } = this.#bus;
    const asked = readCall(body);
    if (asked === undefined) return this.#bus.drop('malformed');
    const nowMs = clock.now();
    for (const [key, done] of this.#done) {
      if (nowMs - done.atMs < 2 * KEPT_MS) break;
      this.#done.delete(key);
    }
    const key = `${from.id} ${from.epoch} ${asked.number}`;
    const done = this.#done.get(key) ?? { count: this.#carryOut(asked.call), atMs: nowMs };
    this.#done.set(key, done);
    if (this.#done.size > MAX_DONE) this.#done.delete(this.#done.keys().next().value as string);
    void this.#bus.send(from.id, KIND.everywhereDone, encodeDone(asked.number, done.count));
    return undefined;
  }

  #onDone(from: NodeRef, body: Uint8Array): void {
    const done = readDone(body);
    if (done === undefined) return this.#bus.drop('malformed');
    const kept = this.#kept.get(done.number);
    if (kept === undefined) return undefined;
    if (kept.answers.size >= MAX_ANSWERS && !kept.awaited.has(from.id)) return this.#bus.drop('busy');
    kept.answers.set(from.id, done.count);
    kept.awaited.delete(from.id);
    kept.whenAnswered();
    return undefined;
  }
}
