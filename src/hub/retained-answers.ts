// Answers the questions of other nodes what this node retains of a room, within bounds: each
// program on the broker may ask, and a small question has a large answer. What goes beyond the
// bounds is dropped and counted, and the asker goes on without it. room-relay.ts calls it.

import { nodeAddress } from './broker-address.ts';
import { KIND } from './envelope.ts';
import type { Body, NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import { RETAINED_ANSWER_WITHIN_MS } from './retained-question.ts';
import { FrameWindow } from './frame-window.ts';
import type { WaitingFrame } from './frame-window.ts';

/**
 * Answers to one node in a second. Nodes that are not known share them.
 *
 * @limit Answers to one node, in a second, what this node retains | further ones are dropped, and
 * counted
 */
export const MAX_RETAINED_ANSWERS = 20_000;

/**
 * Bytes of the answers to one node in a second; the answer that goes beyond them is whole.
 *
 * @limit Bytes of answers to one node, in a second, what this node retains | further ones are
 * dropped, and counted
 */
export const MAX_ANSWER_BYTES = 16_777_216;

/**
 * Bytes of the answers to all nodes in a second.
 *
 * @limit Bytes of answers to all nodes, in a second, what this node retains | further ones are
 * dropped, and counted
 */
export const MAX_ANSWER_BYTES_OF_ALL = 67_108_864;

const WINDOW_MS = 1000;

/** What it needs of its node. */
type AnsweringBus = Pick<NodeBus, 'clock' | 'drop' | 'publish' | 'nodes'>;

/** What one node was answered in this second. */
interface Asker {
  answers: number;
  bytes: number;
}

/** A question that waits. */
interface Question {
  readonly asker: Asker;
  readonly node: string;
  readonly room: string;
  readonly sinceMs: number;
}

/** The answers of one node. */
export class RetainedAnswers {
  readonly #bus: AnsweringBus;
  readonly #bodiesOf: (room: string) => readonly Body[];
  /** By the id of the node; '' has those that are not known. */
  readonly #askers = new Map<string, Asker>();
  #sinceMs = -Infinity;
  /** Of all answers in this second. */
  #bytes = 0;
  readonly #window = new FrameWindow();
  /** Those that wait. */
  #questions = 0;

  /** @param bodiesOf - Makes the answer of a room, in parts. */
  constructor(bus: AnsweringBus, bodiesOf: (room: string) => readonly Body[]) {
    this.#bus = bus;
    this.#bodiesOf = bodiesOf;
  }

  /** A node has asked. */
  ask(from: NodeRef, room: string): void {
    const asker = this.#allow(from);
    if (asker === undefined) return this.#bus.drop('busy');
    this.#questions += 1;
    const sinceMs = this.#bus.clock.now();
    return this.#window.push(this.#answer({ asker, node: from.id, room, sinceMs }));
  }

  /** @returns undefined where it was answered too often. */
  #allow({ id, epoch }: NodeRef): Asker | undefined {
    const nowMs = this.#bus.clock.now();
    if (nowMs - this.#sinceMs >= WINDOW_MS) {
      this.#sinceMs = nowMs;
      this.#bytes = 0;
      this.#askers.clear();
    }
    const name = this.#bus.nodes.get(id)?.epoch === epoch ? id : '';
    const asker = this.#askers.get(name) ?? { answers: 0, bytes: 0 };
    this.#askers.set(name, asker);
    const isFull = asker.answers >= MAX_RETAINED_ANSWERS || this.#questions >= MAX_RETAINED_ANSWERS;
    if (isFull || this.#hasEnough(asker)) return undefined;
    asker.answers += 1;
    return asker;
  }

  #hasEnough({ bytes }: Asker): boolean {
    return bytes >= MAX_ANSWER_BYTES || this.#bytes >= MAX_ANSWER_BYTES_OF_ALL;
  }

  /** Gives the parts of an answer, which is made when it is its turn. */
  *#answer(question: Question): IterableIterator<WaitingFrame> {
    this.#questions -= 1;
    if (this.#isDropped(question)) return this.#bus.drop('busy');
    let hasFailed = false;
    for (const body of this.#bodiesOf(question.room)) {
      if (hasFailed) return;
      const send = async (): Promise<void> => {
        if ((await this.#send(question, body)) === 'failed') hasFailed = true;
      };
      yield { bytes: body.byteLength, send };
    }
  }

  #send({ asker, node }: Question, body: Body): Promise<'sent' | 'failed'> {
    asker.bytes += body.byteLength;
    this.#bytes += body.byteLength;
    return this.#bus.publish(nodeAddress(node), KIND.retained, body);
  }

  /** Whether its answer would come too late, or what was sent meanwhile is enough. */
  #isDropped({ sinceMs, asker }: Question): boolean {
    return this.#bus.clock.now() - sinceMs >= RETAINED_ANSWER_WITHIN_MS || this.#hasEnough(asker);
  }
}
