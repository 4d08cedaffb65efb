// A node in two rooms that remembers three senders alone: two honest nodes publish, and a hostile
// program invents others. Notes each duplicate, each wrong order and each silent loss.

import type { Envelope } from '../../src/hub/envelope.ts';
import { HybridTime } from '../../src/hub/hybrid-time.ts';
import { ReceivedLine } from '../../src/hub/received-line.ts';
import { ReceivedSenders } from '../../src/hub/received-senders.ts';
import { HandClock } from '../time/hand-clock.ts';

/** What happens. */
export type FloodStep =
  | { readonly kind: 'say'; readonly node: number; readonly line: number; readonly isLost: boolean }
  /** What a node has said, and is not lost, arrives. */
  | { readonly kind: 'arrive'; readonly node: number }
  /** The broker gives something again. */
  | { readonly kind: 'repeat'; readonly which: number }
  | { readonly kind: 'invent'; readonly line: number; readonly count: number; readonly aheadMs: number }
  | { readonly kind: 'wait'; readonly ms: number };

interface Sent {
  readonly envelope: Envelope;
  readonly line: number;
  readonly sentMs: number;
  isDelivered: boolean;
}

/** Longer than this without a message: its sender has forgotten the address. */
const IDLE_MS = 120_000;

/** A duplicate that is later counts as a message: see DISPUTED_MS of received-line.ts. */
const REPEATED_MS = 60_000;

class HonestNode {
  readonly id: string;
  readonly time: HybridTime;
  /** By line. */
  readonly sent: [Sent[], Sent[]] = [[], []];
  readonly told: [number, number] = [0, 0];
  under: Sent[] = [];

  constructor(id: string, time: HybridTime) {
    this.id = id;
    this.time = time;
  }
}

/** The node, and what went wrong. */
export class FloodedNode {
  readonly wrongs: string[] = [];
  readonly #clock: HandClock & { wallTimeMs(): number };
  readonly #time: HybridTime;
  readonly #senders: ReceivedSenders;
  readonly #lines: readonly [ReceivedLine, ReceivedLine];
  readonly #nodes: readonly [HonestNode, HonestNode];
  readonly #gapMs: [number, number] = [0, 0];
  readonly #arrived: Sent[] = [];
  #invented = 0;

  /** @param skewMs - So much is the clock of one honest node behind. */
  constructor(skewMs: number) {
    const clock = new HandClock();
    this.#clock = Object.assign(clock, { wallTimeMs: () => clock.nowMs });
    clock.nowMs = 1000;
    const late = Object.assign(new HandClock(), { wallTimeMs: () => clock.nowMs - skewMs });
    this.#time = new HybridTime(this.#clock);
    this.#senders = new ReceivedSenders(this.#time, 3);
    this.#lines = [new ReceivedLine(this.#senders), new ReceivedLine(this.#senders)];
    for (const line of this.#lines) line.restart(clock.nowMs);
    this.#nodes = [
      new HonestNode('a', new HybridTime(this.#clock)),
      new HonestNode('b', new HybridTime(late)),
    ];
  }

  play(step: FloodStep): void {
    if (step.kind === 'say') this.#say(this.#nodes[step.node] as HonestNode, step.line, step.isLost);
    else if (step.kind === 'arrive') this.#arrive(this.#nodes[step.node] as HonestNode);
    else if (step.kind === 'wait') this.#wait(step.ms);
    else if (step.kind === 'invent') this.#invent(step.line, step.count, step.aheadMs);
    else this.#repeat(step.which);
  }

  /** All has had its time. */
  end(): void {
    this.#wait(5000);
    this.#sayMore();
    for (const { sent } of this.#nodes)
      for (const all of sent) for (const each of all) this.#mustBeTold(each);
  }

  /** Heartbeats have come since the last sender was invented: all is heard again. */
  #sayMore(): void {
    for (const node of this.#nodes) {
      for (const line of [0, 1] as const) {
        this.#say(node, line, false);
        this.#arrive(node);
        if (node.sent[line].at(-1)?.isDelivered !== true) this.wrongs.push(`${node.id} is not heard`);
        this.#wait(1000);
      }
    }
  }

  #say(node: HonestNode, line: number, isLost: boolean): void {
    const all = node.sent[line] as Sent[];
    const nowMs = this.#clock.nowMs;
    const sinceMs = nowMs - (all.at(-1)?.sentMs ?? -Infinity);
    const envelope: Envelope = {
      kind: 16,
      node: { id: node.id, epoch: 1 },
      sequence: all.length + 1,
      sincePreviousMs: sinceMs > IDLE_MS ? Infinity : sinceMs,
      time: node.time.next(),
      body: new Uint8Array(),
    };
    const sent = { envelope, line, sentMs: nowMs, isDelivered: false };
    all.push(sent);
    if (!isLost) node.under.push(sent);
  }

  #arrive(node: HonestNode): void {
    const { under } = node;
    node.under = [];
    for (const sent of under) {
      this.#take(sent);
      this.#arrived.push(sent);
    }
  }

  #repeat(which: number): void {
    const lately = this.#arrived.filter(({ sentMs }) => this.#clock.nowMs - sentMs < REPEATED_MS);
    if (lately.length > 0) this.#take(lately[which % lately.length] as Sent);
  }

  #take(sent: Sent): void {
    const { envelope, line } = sent;
    if (envelope.time !== undefined) this.#time.hear(envelope.time);
    const { kind } = (this.#lines[line] as ReceivedLine).accept(envelope, this.#clock.nowMs);
    if (kind === 'gap' || kind === 'doubtful') this.#gapMs[line] = this.#clock.nowMs;
    if (kind === 'gap' || kind === 'next') this.#deliver(sent);
  }

  #deliver(sent: Sent): void {
    const { node, sequence } = sent.envelope;
    if (sent.isDelivered) this.wrongs.push(`${node.id} ${sequence} twice`);
    sent.isDelivered = true;
    const all = this.#nodes.find(({ id }) => id === node.id)?.sent[sent.line] ?? [];
    for (const other of all) {
      const isBehind = other.envelope.sequence < sequence;
      if (isBehind) this.#mustBeTold(other);
      else if (other !== sent && other.isDelivered) this.wrongs.push(`${node.id} ${sequence} too late`);
    }
  }

  #mustBeTold({ envelope, line, sentMs, isDelivered }: Sent): void {
    if (isDelivered || (this.#gapMs[line] as number) >= sentMs) return;
    this.wrongs.push(`${envelope.node.id} ${envelope.sequence} lost in silence`);
  }

  #invent(line: number, count: number, aheadMs: number): void {
    for (let left = count; left > 0; left -= 1) {
      this.#invented += 1;
      const time = (this.#clock.nowMs + aheadMs) * 1000;
      const node = { id: `x${this.#invented}`, epoch: 1 };
      const envelope = {
        kind: 16,
        node,
        sequence: 1,
        sincePreviousMs: Infinity,
        time,
        body: new Uint8Array(),
      };
      this.#take({ envelope, line, sentMs: this.#clock.nowMs, isDelivered: false });
    }
  }

  #wait(ms: number): void {
    const endMs = this.#clock.nowMs + ms;
    while (this.#clock.nowMs < endMs) {
      const second = 1000 * Math.floor(this.#clock.nowMs / 1000 + 1);
      this.#clock.nowMs = Math.min(endMs, second);
      if (this.#clock.nowMs === second) this.#onSecond(second);
    }
  }

  /** Heartbeats come, and the node looks for what is overdue. */
  #onSecond(nowMs: number): void {
    for (const node of this.#nodes) {
      this.#arrive(node);
      node.time.hear(this.#time.next());
      for (const line of [0, 1] as const) {
        const last = node.sent[line].at(-1);
        if (last === undefined || node.told[line] === last.envelope.sequence) continue;
        node.told[line] = last.envelope.sequence;
        this.#lines[line].told(last.envelope.node, last.envelope.sequence, nowMs - last.sentMs, nowMs);
      }
    }
    for (const line of [0, 1] as const) {
      if (this.#lines[line].overdue(nowMs) !== undefined) this.#gapMs[line] = nowMs;
    }
    this.#senders.forget(nowMs - 180_000);
  }
}
