// Answers the questions of other nodes what this node retains of a room, within bounds: each
// program on the broker may ask, and a small question has a large answer. What goes beyond the
// bounds is dropped and counted, and the asker goes on without it. room-relay.ts calls it.

import { nodeAddress } from './broker-address.ts';
import { KIND } from './envelope.ts';
import type { Body, NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import { ANSWER_WITHIN_MS } from './retained-question.ts';

/**
 * Answers to one node in a second. Nodes that are not known share them.
 *
 * @limit Answers to one node, in a second, what this node retains | further ones are dropped, and
 * counted
 */
export const MAX_ANSWERS = 20_000;

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

/** Bytes of answers that the broker has not acknowledged: what rooms publish has to fit, too. */
export const WINDOW_BYTES = 4_194_304;

const WINDOW_MS = 1000;

/** What it needs of its node. */
type AnsweringBus = Pick<NodeBus, 'clock' | 'drop' | 'publish' | 'nodes'>;

/** What one node was answered in this second. */
interface Asker {
  answers: number;
  bytes: number;
}

/** A question that waits, or is being answered. */
interface Question {
  readonly asker: Asker;
  readonly node: string;
  readonly room: string;
  readonly sinceMs: number;
  /** What is to be sent; undefined before the first part. */
  parts: readonly Body[] | undefined;
  /** How many of them were sent. */
  sent: number;
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
  /** Waiting, the oldest first. Bounded: each of them was allowed. */
  readonly #questions = new Set<Question>();
  #underWayBytes = 0;

  /** @param bodiesOf - Makes the answer of a room, in parts. */
  constructor(bus: AnsweringBus, bodiesOf: (room: string) => readonly Body[]) {
    this.#bus = bus;
    this.#bodiesOf = bodiesOf;
  }

  /** A node has asked. */
  ask(from: NodeRef, room: string): void {
    const asker = this.#allow(from);
    if (asker === undefined) return this.#bus.drop('busy');
    const sinceMs = this.#bus.clock.now();
    this.#questions.add({ asker, node: from.id, room, sinceMs, parts: undefined, sent: 0 });
    return this.#send();
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
    const isFull = asker.answers >= MAX_ANSWERS || this.#questions.size >= MAX_ANSWERS;
    if (isFull || this.#hasEnough(asker)) return undefined;
    asker.answers += 1;
    return asker;
  }

  #hasEnough({ bytes }: Asker): boolean {
    return bytes >= MAX_ANSWER_BYTES || this.#bytes >= MAX_ANSWER_BYTES_OF_ALL;
  }

  /** Sends as much as may be under way. */
  #send(): void {
    for (const question of this.#questions) {
      if (question.parts === undefined && this.#isDropped(question)) continue;
      question.parts ??= this.#bodiesOf(question.room);
      if (!this.#sendParts(question, question.parts)) return;
      this.#questions.delete(question);
    }
  }

  /** @returns Whether there was room for all of them. */
  #sendParts(question: Question, parts: readonly Body[]): boolean {
    while (this.#underWayBytes < WINDOW_BYTES) {
      const part = parts[question.sent];
      if (part === undefined) return true;
      question.sent += 1;
      this.#sendPart(question, part);
    }
    return false;
  }

  #sendPart(question: Question, body: Body): void {
    const { asker, node } = question;
    asker.bytes += body.byteLength;
    this.#bytes += body.byteLength;
    this.#underWayBytes += body.byteLength;
    void this.#bus.publish(nodeAddress(node), KIND.retained, body).then((result) => {
      this.#underWayBytes -= body.byteLength;
      if (result === 'failed') this.#questions.delete(question);
      this.#send();
    });
  }

  /** Whether its answer would come too late, or what was sent meanwhile is enough. */
  #isDropped(question: Question): boolean {
    const isLate = this.#bus.clock.now() - question.sinceMs >= ANSWER_WITHIN_MS;
    if (!isLate && !this.#hasEnough(question.asker)) return false;
    this.#questions.delete(question);
    this.#bus.drop('busy');
    return true;
  }
}
