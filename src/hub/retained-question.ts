// The question what other nodes retain of a room, asked once when a node enters it. room-relay.ts
// sends it and passes the answers on. The first answer with content counts: all nodes of a room
// retain the same, unless they have missed messages, which they say.

import type { RetainedAnswer } from './room-body.ts';
import type { Retained } from '../rooms/relay.ts';
import type { Clock } from '../time/clock.ts';
import type { Data } from '../core/data.ts';
import { noop } from '../core/noop.ts';

/**
 * The longest wait for answers.
 *
 * @limit Wait for what other nodes retain of a room, at its first join on a node | the join goes on
 */
const ANSWER_WITHIN_MS = 500;

const NOTHING: Retained = new Map();

/** Asked once. */
export class RetainedQuestion {
  readonly #clock: Clock;
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

  constructor(clock: Clock) {
    this.#clock = clock;
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

  /** An answer has come, or a part of one. */
  answer(node: string, { kept, hasMore, mayBeOld }: RetainedAnswer): void {
    if (this.isOver) return undefined;
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
    this.#settle(new Map([...kept].filter(([key]) => !this.#touched.has(key))));
    this.#touched.clear();
  }

  #isAnswered(): boolean {
    if (this.#awaited === 'any') return false;
    for (const node of this.#awaited) if (!this.#answered.has(node)) return false;
    return true;
  }
}
