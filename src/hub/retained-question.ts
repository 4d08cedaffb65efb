// The question what other nodes retain of a room, asked once when a node enters it. room-relay.ts
// sends it, and takes over all answers. The first whole answer with content ends the wait: all
// nodes of a room retain the same, unless they have missed messages, which they say.

import type { RetainedAnswer } from './retained-body.ts';
import type { Clock } from '../time/clock.ts';
import { noop } from '../core/noop.ts';

/**
 * The longest wait for answers.
 *
 * @limit Wait for what other nodes retain of a room, at its first join on a node | the join goes on
 */
export const RETAINED_ANSWER_WITHIN_MS = 500;

/** Asked once. */
export class RetainedQuestion {
  readonly #clock: Clock;
  /** Whether it is answered, or was never asked. */
  isOver: boolean = false;
  /** Nodes whose answer is awaited. */
  #awaited: ReadonlySet<string> | 'any' = 'any';
  readonly #answered = new Set<string>();
  /** Nodes that have answered with content, so far in part. */
  readonly #haveContent = new Set<string>();
  #settle: () => void = noop;
  #timer: unknown;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Waits for answers.
   *
   * @param nodes - Those that may have one. `any`: who is there is not known yet.
   */
  ask(nodes: ReadonlySet<string> | 'any'): Promise<void> {
    this.#awaited = nodes;
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#timer = this.#clock.setTimeout(() => this.end(), RETAINED_ANSWER_WITHIN_MS);
    });
  }

  /** An answer has come, or a part of one. */
  answer(node: string, { kept, hasMore, mayBeOld }: RetainedAnswer): void {
    if (this.isOver) return;
    if (kept.size > 0) this.#haveContent.add(node);
    if (hasMore) return;
    this.#answered.add(node);
    if ((this.#haveContent.has(node) && !mayBeOld) || this.#isAnswered()) this.end();
  }

  /** Ends the wait. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#clock.clearTimeout(this.#timer);
    this.#settle();
  }

  #isAnswered(): boolean {
    if (this.#awaited === 'any') return false;
    for (const node of this.#awaited) if (!this.#answered.has(node)) return false;
    return true;
  }
}
