// The question what other nodes retain of a room, asked once when a node enters it. room-relay.ts
// sends it and passes the answers on. The first answer with content counts: all nodes of a room
// retain the same, unless they have missed messages, which they say.

import type { RetainedAnswer } from './room-body.ts';
import type { Retained } from '../rooms/relay.ts';
import { KEPT_OVERHEAD_BYTES, MAX_RETAINED_BYTES } from '../rooms/retained-messages.ts';
import type { Clock } from '../time/clock.ts';
import type { Data } from '../core/data.ts';
import { noop } from '../core/noop.ts';

/**
 * The longest wait for answers.
 *
 * @limit Wait for what other nodes retain of a room, at its first join on a node | the join goes on
 */
export const ANSWER_WITHIN_MS = 500;

const NOTHING: Retained = new Map();

/** Bytes of the answers to all open questions of a node, each entry with its overhead. */
export interface Collected {
  bytes: number;
}

/** Asked once. */
export class RetainedQuestion {
  readonly #clock: Clock;
  readonly #collectedOfNode: Collected;
  /** Of those, what this question has collected. */
  #bytes = 0;
  /** Whether it is answered, or was never asked. */
  isOver: boolean = false;
  /** Keys that were published while it is open: each answer may be older. */
  readonly #touched = new Set<true | string>();
  /** Nodes whose answer is awaited. */
  #awaited: ReadonlySet<string> | 'any' = 'any';
  readonly #answered = new Set<string>();
  /** The parts that have come, by node. */
  readonly #collected = new Map<string, Map<true | string, Data>>();
  /** What a node has that may have missed something. */
  #old: Retained = NOTHING;
  #settle: (kept: Retained) => void = noop;
  #timer: unknown;

  constructor(clock: Clock, collected: Collected) {
    this.#clock = clock;
    this.#collectedOfNode = collected;
  }

  /**
   * Waits for answers.
   *
   * @param nodes - Those that may have one. `any`: who is there is not known yet.
   * @returns What is retained, without what was published meanwhile.
   */
  ask(nodes: ReadonlySet<string> | 'any'): Promise<Retained> {
    this.#awaited = nodes;
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#timer = this.#clock.setTimeout(() => this.end(), ANSWER_WITHIN_MS);
    });
  }

  /** A key was published here or elsewhere. */
  touch(key: true | string): void {
    if (!this.isOver) this.#touched.add(key);
  }

  /**
   * An answer has come, or a part of one.
   *
   * @returns false where there is no room for it: nodes answer at most as much as a host keeps.
   */
  answer(node: string, answer: RetainedAnswer): boolean {
    if (this.isOver) return true;
    if (!this.#reserve(answer.kept)) return false;
    this.#take(node, answer);
    return true;
  }

  #reserve(kept: Retained): boolean {
    let bytes = 0;
    for (const data of kept.values()) bytes += KEPT_OVERHEAD_BYTES + data.length;
    if (this.#collectedOfNode.bytes + bytes > MAX_RETAINED_BYTES) return false;
    this.#bytes += bytes;
    this.#collectedOfNode.bytes += bytes;
    return true;
  }

  #take(node: string, { kept, hasMore, mayBeOld }: RetainedAnswer): void {
    const collected = this.#collected.get(node) ?? new Map<true | string, Data>();
    this.#collected.set(node, collected);
    for (const [key, data] of kept) collected.set(key, data);
    if (hasMore) return undefined;
    this.#answered.add(node);
    if (collected.size > 0 && !mayBeOld) return this.end(collected);
    if (collected.size > 0) this.#old = collected;
    return this.#isAnswered() ? this.end() : undefined;
  }

  /** Ends the wait. @param kept - Default: what a node has that may have missed something. */
  end(kept: Retained = this.#old): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#clock.clearTimeout(this.#timer);
    this.#collected.clear();
    this.#collectedOfNode.bytes -= this.#bytes;
    this.#settle(new Map([...kept].filter(([key]) => !this.#touched.has(key))));
    this.#touched.clear();
  }

  #isAnswered(): boolean {
    if (this.#awaited === 'any') return false;
    for (const node of this.#awaited) if (!this.#answered.has(node)) return false;
    return true;
  }
}
