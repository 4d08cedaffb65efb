// Calls on all nodes that wait for nodes to answer: each is kept for a minute, within bounds, and
// is sent again to nodes that are there and have not answered. everywhere-calls.ts makes one.

import { KIND } from './envelope.ts';
import type { NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import { IDLE_TIMER } from '../time/scheduling.ts';

/**
 * How long a call is kept for nodes that do not answer.
 *
 * @limit Time for which `closeSockets` and `session.end()` are kept for a node that is missing | it
 * does not hear of them
 */
export const KEPT_MS = 60_000;

/** How often a call is sent again to nodes that are there and have not answered. */
const AGAIN_MS = 1000;

/** Calls that are sent again in a second: nodes that never answer cost no more. */
export const MAX_AGAIN = 5000;

/**
 * Calls that are kept.
 *
 * @limit Calls of `closeSockets` and `session.end()` that one node keeps for others | the oldest is
 * forgotten
 */
const MAX_KEPT = 10_000;

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

/** A call that waits for nodes to answer. */
export interface KeptCall {
  readonly number: number;
  readonly body: Uint8Array;
  readonly sinceMs: number;
  /** The time of day: a node that began later has nothing of before. */
  readonly atMs: number;
  /** The one node that it is for; undefined: all. */
  readonly only: string | undefined;
  /** How many sockets or sessions each node has closed or ended. */
  readonly answers: Map<string, number>;
  /** Nodes that have to answer, and have not. */
  readonly awaited: Set<string>;
  /** Of all that is kept. */
  bytes: number;
  whenAnswered: () => void;
}

/** The calls that one node keeps for others. */
export class KeptCalls {
  readonly #bus: NodeBus;
  readonly #off: () => void;
  /** By number, the oldest first. */
  readonly #calls = new Map<number, KeptCall>();
  #bytes = 0;
  /** How many may be sent again in this second. */
  #left = MAX_AGAIN;
  /** The call that was sent again last. */
  #lastSent = 0;
  #timer: unknown;

  constructor(bus: NodeBus) {
    this.#bus = bus;
    const onThere = (node: NodeRef): void => this.#sendAllTo(node);
    this.#off = bus.onNode({ joined: onThere, returned: onThere });
  }

  /** Forgets all calls, and ends the timer. */
  close(): void {
    this.#off();
    this.#bus.clock.clearTimeout(this.#timer);
    for (const call of this.#calls.values()) call.whenAnswered();
    this.#calls.clear();
  }

  /** Keeps a call. The oldest is forgotten where there are too many. */
  add(call: KeptCall): void {
    this.#calls.set(call.number, call);
    this.#grow(call, CALL_BYTES + call.body.length);
    this.#setTimer();
  }

  /** @returns undefined where it is not kept any more. */
  get(number: number): KeptCall | undefined {
    return this.#calls.get(number);
  }

  /** A node has to answer a call. */
  awaitNode(call: KeptCall, node: string): void {
    if (call.answers.has(node) || call.awaited.has(node)) return;
    call.awaited.add(node);
    this.#grow(call, NODE_BYTES);
  }

  /** A node has answered a call that is kept. */
  answer(call: KeptCall, node: string, count: number): void {
    this.awaitNode(call, node);
    call.awaited.delete(node);
    call.answers.set(node, count);
    call.whenAnswered();
  }

  #grow(call: KeptCall, bytes: number): void {
    if (!this.#calls.has(call.number)) return;
    call.bytes += bytes;
    this.#bytes += bytes;
    for (const oldest of this.#calls.values()) {
      if (this.#calls.size <= MAX_KEPT && this.#bytes <= MAX_KEPT_BYTES) return;
      this.#forget(oldest);
    }
  }

  #forget({ number, bytes }: KeptCall): void {
    this.#calls.delete(number);
    this.#bytes -= bytes;
  }

  // What is sent again.

  #sendAllTo({ id, epoch }: NodeRef): void {
    for (const call of this.#calls.values()) {
      const isFor = call.only === undefined ? epoch <= call.atMs : call.only === id;
      if (!isFor || call.answers.has(id)) continue;
      this.awaitNode(call, id);
      this.#sendAgain(call, id);
    }
  }

  #setTimer(): void {
    this.#timer ??= this.#bus.clock.setTimeout(() => this.#onTimer(), AGAIN_MS, IDLE_TIMER);
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#left = MAX_AGAIN;
    const nowMs = this.#bus.clock.now();
    for (const call of this.#calls.values()) if (nowMs - call.sinceMs >= KEPT_MS) this.#forget(call);
    const calls = [...this.#calls.values()];
    // Calls that had to wait in the last second have their turn first.
    const hasWaited = ({ number }: KeptCall): boolean => number > this.#lastSent;
    const inTurn = [...calls.filter(hasWaited), ...calls.filter((call) => !hasWaited(call))];
    for (const call of inTurn) {
      if (!this.#sendToAwaited(call)) break;
      this.#lastSent = call.number;
    }
    if (this.#calls.size > 0) this.#setTimer();
  }

  /** @returns false where that was too often for this second, as below. */
  #sendToAwaited(call: KeptCall): boolean {
    const { nodes } = this.#bus;
    for (const node of call.awaited) {
      if (nodes.get(node)?.isMissing === false && !this.#sendAgain(call, node)) return false;
    }
    return true;
  }

  #sendAgain({ body }: KeptCall, node: string): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    void this.#bus.send(node, KIND.everywhere, body);
    return true;
  }
}
