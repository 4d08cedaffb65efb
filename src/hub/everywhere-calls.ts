// Calls on all nodes: closes sockets, or ends sessions, wherever they are. The host and the hub
// call `run` and carry out what comes. A call is kept for nodes that do not answer now
// (kept-calls.ts): it is sent to them again until they do, and each node carries it out once.

import { encodeCall, encodeDone, readCall, readDone } from './everywhere-body.ts';
import type { EverywhereCall } from './everywhere-body.ts';
import { KIND } from './envelope.ts';
import type { NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import { KEPT_MS, KeptCalls } from './kept-calls.ts';
import type { KeptCall } from './kept-calls.ts';
import { holdProcess, wallTimeOf } from '../time/real-clock.ts';
import { noop } from '../core/noop.ts';

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
 * Calls of other nodes that are remembered, so that none is carried out twice.
 *
 * @limit Calls of `closeSockets` and `session.end()` of other nodes, within 120 s | the oldest is
 * forgotten: where it comes again, it is carried out again
 */
export const MAX_DONE = 100_000;

/** Nodes of which one call takes answers: as many as a node knows. */
const MAX_ANSWERING_NODES = 4096;

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

/** What a node has carried out for another. */
interface Done {
  readonly count: number;
  readonly atMs: number;
}

/** Runs and carries out calls on all nodes. */
export class EverywhereCalls {
  readonly #bus: NodeBus;
  readonly #carryOut: (call: EverywhereCall) => number;
  #lastCall = 0;
  readonly #kept: KeptCalls;
  /** What was carried out for others in the last minutes, the oldest first. */
  readonly #done = new Map<string, Done>();
  #isClosed = false;

  /** @param carryOut - Does it on this node. @returns How many sockets or sessions it was. */
  constructor(bus: NodeBus, carryOut: (call: EverywhereCall) => number) {
    this.#bus = bus;
    this.#carryOut = carryOut;
    this.#kept = new KeptCalls(bus);
    bus.on(KIND.everywhere, (from, body) => this.#onCall(from, body));
    bus.on(KIND.everywhereDone, (from, body) => this.#onDone(from, body));
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

  /** Ends all waits. What is kept for others is forgotten. */
  close(): void {
    this.#isClosed = true;
    this.#kept.close();
  }

  #keep(call: EverywhereCall, only: string | undefined): KeptCall {
    this.#lastCall += 1;
    const kept: KeptCall = {
      number: this.#lastCall,
      body: encodeCall(this.#lastCall, call),
      bytes: 0,
      sinceMs: this.#bus.clock.now(),
      atMs: wallTimeOf(this.#bus.clock),
      only,
      answers: new Map(),
      awaited: new Set(),
      whenAnswered: noop,
    };
    if (!this.#isClosed) this.#kept.add(kept);
    return kept;
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
    const { health, heartbeats } = this.#bus;
    if (heartbeats.knowsOthers && health.isDown) return;
    for (let left = LOOKS; left > 0 && !this.#isClosed && !this.#bus.isSureOfOthers; left -= 1) {
      await this.#sleep(KNOWN_WITHIN_MS);
    }
  }

  #awaitAll(kept: KeptCall): void {
    for (const node of this.#bus.nodes.keys()) this.#kept.awaitNode(kept, node);
  }

  /** Does not wait for the broker: it may acknowledge late. */
  #sendToOne(kept: KeptCall, node: string): void {
    this.#kept.awaitNode(kept, node);
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
    if (kept.answers.size >= MAX_ANSWERING_NODES && !kept.awaited.has(from.id)) return this.#bus.drop('busy');
    return this.#kept.answer(kept, from.id, done.count);
  }
}
