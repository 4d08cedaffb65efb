// Hosts of one deployment, each with its node of a broker: they come, go, are cut off and come
// back. What their sockets do is the scenario's; when all is quiet is told here.

import { emitWarning } from 'node:process';
import { openHub } from 'corosock';
import type { Host, HostOptions, Hub } from 'corosock';
import type { MemoryNode } from 'corosock/testing';
import type { Scene } from './scene.ts';

/** Faults of single messages and the moments of faults are over by then, for each node. */
const FAULTS_MS = 60_000;
/** Hosts and links that lose nothing are played for so long. */
const CALM_MS = 10_000;
/** Longest time that a seed cuts a node off, and more. */
const CUT_MS = 66_000;
/** Longest time that a script cuts a node off: some are forgotten by the others. */
const LONG_CUT_MS = 9000;
/** By then heartbeats have told of each loss, and waits for late messages are over. */
export const TOLD_MS = 8000;

/** Where an envelope has its version, its kind and the id of its sender. */
const [VERSION_AT, KIND_AT, ID_AT] = [4, 5, 33];
const TILDE = 0x7e;
/** What envelopes of other releases have: a version, or a kind of a node of its own. */
const OTHER_RELEASES = [
  [false, VERSION_AT, 2],
  [true, KIND_AT, 200],
] as const;

/** A time in which the broker of a node was down. */
interface Outage {
  readonly fromMs: number;
  toMs: number;
}

/**
 * What has to be reported where a node of another release sends, a broker is cut off, a slow member
 * is closed, or a client comes with a session that is over; all else is a warning.
 */
const EXPECTED = new Set([
  'COROSOCK_ENVELOPE',
  'COROSOCK_BROKER_DOWN',
  'COROSOCK_LIMIT',
  'COROSOCK_SESSION_COOKIE',
  'COROSOCK_PEER_FAULTS',
]);

export const report: NonNullable<HostOptions['report']> = (error) => {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!EXPECTED.has(code)) emitWarning(error instanceof Error ? error : String(error));
};

/** One node: its broker, its host, and when they could not be heard. */
export abstract class DeployedNode {
  readonly id: number;
  readonly broker: MemoryNode;
  abstract readonly host: Host | Hub;
  readonly madeMs: number;
  isClosed = false;
  /** When it has closed. */
  closedMs: number = Infinity;
  protected readonly scene: Scene;
  readonly #outages: Outage[] = [];

  /** @param isLate - Whether its broker is down when it begins. */
  constructor(scene: Scene, id: number, isLate: boolean) {
    this.scene = scene;
    this.id = id;
    this.madeMs = scene.w.clock.now();
    this.broker = scene.w.broker();
    this.broker.onChange((isUp) => this.#onChange(isUp));
    if (isLate) this.broker.cut();
  }

  get isUp(): boolean {
    return !this.isClosed && this.broker.isUp;
  }

  /** When nothing of it could arrive any more; Infinity while it is there. */
  get endMs(): number {
    const last = this.#outages.findLast(({ toMs }) => toMs >= this.closedMs);
    return Math.min(this.closedMs, last?.fromMs ?? Infinity);
  }

  /** Whether it was not there, or its broker was down, at any time between two. */
  wasDown(fromMs: number, toMs: number): boolean {
    if (this.closedMs <= toMs || this.madeMs >= fromMs) return true;
    return this.hadOutage(fromMs, toMs);
  }

  /** Whether its broker was down at any time between two. */
  hadOutage(fromMs: number, toMs: number): boolean {
    return this.#outages.some((outage) => outage.fromMs <= toMs && outage.toMs >= fromMs);
  }

  /** What a failed claim tells of it. */
  get facts(): unknown {
    const { id, madeMs, closedMs } = this;
    return { id, madeMs, closedMs, outages: this.#outages.map(({ fromMs, toMs }) => [fromMs, toMs]) };
  }

  /** Whether its broker was down all the time between two. */
  wasDownAll(fromMs: number, toMs: number): boolean {
    return this.#outages.some((outage) => outage.fromMs < fromMs && outage.toMs > toMs);
  }

  /** Whether its machine has stopped, and nobody has heard of it since. */
  get isDead(): boolean {
    const { fromMs, toMs } = this.#outages.at(-1) ?? { fromMs: 0, toMs: 0 };
    return toMs === Infinity && fromMs < this.closedMs;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.closedMs = this.scene.w.clock.now();
    await this.host.close({ graceMs: 0 });
  }

  #onChange(isUp: boolean): void {
    const nowMs = this.scene.w.clock.now();
    const last = this.#outages.at(-1);
    if (!isUp) this.#outages.push({ fromMs: nowMs, toMs: Infinity });
    else if (last !== undefined) last.toMs = nowMs;
  }
}

/** A node that serves nothing. */
export class HubNode extends DeployedNode {
  #hub: Hub | undefined;

  static async open(scene: Scene, id: number): Promise<HubNode> {
    const node = new HubNode(scene, id, false);
    node.#hub = await openHub({ broker: node.broker, clock: scene.w.clock, report });
    return node;
  }

  get host(): Hub {
    return this.#hub as Hub;
  }
}

/** Makes a node. @param isLate - Whether its broker is down when it begins. */
type MakeNode<N> = (id: number, isLate: boolean) => N;

/** The hosts of one play. */
export class Deployment<N extends DeployedNode> {
  readonly nodes: N[] = [];
  readonly scene: Scene;
  /** When all is quiet, but for nodes that are still cut off. */
  readonly busyMs: number;
  readonly #make: MakeNode<N>;
  /** When the last node was made. */
  #madeMs = 0;

  /** @param mostHosts - Two to so many begin. */
  constructor(scene: Scene, mostHosts: number, make: MakeNode<N>) {
    this.scene = scene;
    this.busyMs = scene.mayLose ? FAULTS_MS / 2 : CALM_MS;
    this.#make = make;
    for (let count = scene.dice.between(2, mostHosts); count > 0; count -= 1) this.add();
  }

  get open(): readonly N[] {
    return this.nodes.filter(({ isClosed }) => !isClosed);
  }

  /** A time in which things still happen. */
  get someTimeMs(): number {
    return this.scene.dice.below(this.busyMs);
  }

  add(): N {
    const { dice, mayLose, w } = this.scene;
    const isLate = mayLose && dice.isLikely(0.15);
    const node = this.#make(this.nodes.length, isLate);
    if (isLate) this.scene.after(dice.below(LONG_CUT_MS), () => node.broker.mend());
    this.nodes.push(node);
    this.#madeMs = w.clock.now();
    return node;
  }

  /** A host goes, and another comes in its place. */
  async replaceOne(): Promise<void> {
    await this.scene.sleep(this.someTimeMs);
    const node = this.scene.dice.pick(this.open);
    const closing = node.close();
    this.add();
    await closing;
  }

  /** A script cuts one node off, and brings it back. */
  async cutOne(): Promise<void> {
    await this.scene.sleep(this.someTimeMs);
    const { broker } = this.scene.dice.pick(this.open);
    broker.cut();
    await this.scene.pause(LONG_CUT_MS);
    broker.mend();
  }

  /** Now and then a node of another release is there: what it sends changes nothing. */
  async meetAnotherRelease(rooms: readonly string[]): Promise<void> {
    const { dice, w } = this.scene;
    if (!dice.isLikely(0.3)) return;
    const broker = w.broker();
    const copy = async (address: string, bytes: Uint8Array): Promise<void> => {
      if (!broker.isUp || !dice.isLikely(0.3)) return;
      const [own, at, value] = dice.pick(OTHER_RELEASES);
      const other = Uint8Array.from(bytes);
      other[at] = value;
      // The last character of the id of its sender.
      if (own) other[ID_AT + (bytes[ID_AT - 1] ?? 0) - 1] = TILDE;
      await broker.publish(address, other).catch(() => {});
    };
    const addresses = ['nodes', ...rooms.map((room) => `room:${room}`)];
    const subscribe = (address: string): Promise<unknown> =>
      broker.subscribe(
        address,
        (bytes) => void copy(address, bytes),
        () => {},
      );
    await Promise.all(addresses.map(subscribe)).catch(() => {});
  }

  /** Waits until no fault strikes any more, and gives the nodes that have lived through it. */
  async whenQuiet(): Promise<readonly N[]> {
    const { mayLose, w } = this.scene;
    const quietMs = mayLose ? this.#madeMs + FAULTS_MS : 0;
    await this.scene.sleep(Math.max(0, quietMs - w.clock.now()));
    const lateMs = w.clock.now() + CUT_MS;
    while (this.open.some(({ isUp }) => !isUp) && w.clock.now() < lateMs) await this.scene.sleep(1000);
    await this.scene.sleep(TOLD_MS);
    return this.open.filter(({ isUp }) => isUp);
  }

  /** All hosts close. */
  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
  }
}
